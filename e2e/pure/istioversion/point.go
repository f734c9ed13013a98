package istioversion

import (
	"cmp"
	"fmt"
	"regexp"
	"strconv"
)

// Point is where a minor gets a change of Istio's: all of its patches have it, or those from a patch on.
type Point struct {
	Minor Minor
	Patch int
	Date  string // of the commit by which Patch got the change, YYYY-MM-DD; empty of a change that all patches have
}

var pointForm = regexp.MustCompile(`^([1-9][0-9]*)\.([0-9]+)(?:\.([0-9]+) ([0-9-]+))?$`)

// ParsePoint reads "1.31", or "1.30.2 2026-06-20": a patch, and the date of its commit in the branch of the minor. By the date
// builds of commits are told, of which the patch says nothing.
func ParsePoint(text string) (Point, error) {
	parts := pointForm.FindStringSubmatch(text)
	if parts == nil {
		return Point{}, fmt.Errorf(`%q: want an Istio minor such as "1.31", or a patch and the date of its commit such as "1.30.2 2026-06-20", in quotes`, text)
	}
	minor, err := newMinor(parts[1], parts[2])
	if err != nil || parts[3] == "" {
		return Point{Minor: minor}, err
	}
	patch, err := strconv.Atoi(parts[3])
	if err != nil {
		return Point{}, err
	}
	if !isDate(parts[4]) {
		return Point{}, fmt.Errorf("%q: %s is no date, want YYYY-MM-DD", text, parts[4])
	}
	return Point{Minor: minor, Patch: patch, Date: parts[4]}, nil
}

// String returns the point as ParsePoint reads it.
func (p Point) String() string {
	if p.whole() {
		return p.Minor.String()
	}
	return fmt.Sprintf("%s.%d %s", p.Minor, p.Patch, p.Date)
}

// whole is true of a change that all patches of the minor have.
func (p Point) whole() bool { return p.Date == "" }

// compare orders the points of one minor; that of a change which all patches have is the first.
func (p Point) compare(other Point) int {
	return cmp.Or(cmp.Compare(p.Patch, other.Patch), cmp.Compare(p.Date, other.Date))
}

// reached reports whether a version of the point's minor has the change. The error says why it cannot be told.
func (p Point) reached(v Version) (bool, error) {
	switch {
	case p.whole():
		return true, nil
	case v.Kind == Build && v.Date == "":
		return false, fmt.Errorf("istio %s is a build of a commit whose date is not known", v)
	case v.Kind == Build:
		return v.Date >= p.Date, nil
	case v.Kind == Candidate && v.Patch == p.Patch:
		return false, fmt.Errorf("istio %s is a candidate of the very patch", v)
	}
	return v.Patch >= p.Patch, nil
}
