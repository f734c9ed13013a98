package istioversion

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Span is the versions that have one change and do not have another. Without Since it begins with the first version, and without
// Until it has no end.
type Span struct{ Since, Until Points }

// NewSpan returns the span between two changes. It is an error where a version has the second and not the first, or none has the
// first alone.
func NewSpan(since, until Points) (Span, error) {
	s := Span{Since: since, Until: until}
	if len(since) == 0 || len(until) == 0 {
		return s, nil
	}
	some := false
	for _, minor := range minors(since, until) {
		from, begins := since.at(minor)
		to, ends := until.at(minor)
		switch {
		case begins && !ends:
			some = true
		case begins && from.compare(to) < 0 && from.Date <= to.Date:
			some = true
		case !begins && !ends, begins && from.compare(to) == 0:
		default:
			return s, fmt.Errorf("since %s is not before until %s: on %s", since, until, minor)
		}
	}
	if !some {
		return s, fmt.Errorf("since %s is not before until %s: no version is between", since, until)
	}
	return s, nil
}

// Holds reports whether a version is in the span. The error says why it cannot be told.
func (s Span) Holds(v Version) (bool, error) {
	begun, ended := true, false
	var unbegun, unended error
	if len(s.Since) > 0 {
		begun, unbegun = s.Since.Reached(v)
	}
	if len(s.Until) > 0 {
		ended, unended = s.Until.Reached(v)
	}
	if unbegun == nil && !begun || unended == nil && ended {
		return false, nil
	}
	if err := cmp.Or(unbegun, unended); err != nil {
		return false, fmt.Errorf("it holds %s, and %w", s, err)
	}
	return true, nil
}

// Overlaps reports whether a version is in both spans.
func (s Span) Overlaps(other Span) bool {
	all := minors(s.Since, s.Until, other.Since, other.Until)
	for _, minor := range all {
		from, begins := later(minor, s.Since, other.Since)
		to, ends := earlier(minor, s.Until, other.Until)
		if begins && (!ends || from.compare(to) < 0) {
			return true
		}
	}
	return len(all) == 0
}

// later is where a minor has come to have both changes; no points are a change that every version has.
func later(minor Minor, a, b Points) (point Point, found bool) {
	point = Point{Minor: minor}
	for _, points := range []Points{a, b} {
		if len(points) == 0 {
			continue
		}
		own, found := points.at(minor)
		if !found {
			return Point{}, false
		}
		if own.compare(point) > 0 {
			point = own
		}
	}
	return point, true
}

// earlier is where a minor has come to have one of the changes; no points are a change that no version has.
func earlier(minor Minor, a, b Points) (point Point, found bool) {
	for _, points := range []Points{a, b} {
		if own, has := points.at(minor); has && (!found || own.compare(point) < 0) {
			point, found = own, true
		}
	}
	return point, found
}

// Samples are releases in the span: about each of its points the last patch before it and the first from it on. There is none of a
// span without points, which says nothing about versions.
func (s Span) Samples() []Version {
	patches := []int{0}
	for _, point := range slices.Concat(s.Since, s.Until) {
		patches = append(patches, point.Patch, max(0, point.Patch-1))
	}
	slices.Sort(patches)
	var all []Version
	for _, minor := range minors(s.Since, s.Until) {
		for _, patch := range slices.Compact(slices.Clone(patches)) {
			v := Version{Minor: minor, Kind: Release, Patch: patch, text: fmt.Sprintf("%s.%d", minor, patch)}
			if holds, err := s.Holds(v); err == nil && holds {
				all = append(all, v)
			}
		}
	}
	return all
}

// minors are those of all points, and those before and after them, the oldest first.
func minors(lists ...Points) []Minor {
	var all []Minor
	for _, point := range slices.Concat(lists...) {
		before, after := point.Minor, point.Minor
		before.Number = max(0, before.Number-1)
		after.Number++
		all = append(all, before, point.Minor, after)
	}
	slices.SortFunc(all, Minor.Compare)
	return slices.Compact(all)
}

// String says the span: "since 1.30, until 1.31".
func (s Span) String() string {
	var texts []string
	if len(s.Since) > 0 {
		texts = append(texts, "since "+s.Since.String())
	}
	if len(s.Until) > 0 {
		texts = append(texts, "until "+s.Until.String())
	}
	return strings.Join(texts, ", ")
}
