package istioversion

import (
	"fmt"
	"strings"
)

// Points are where the minors get one change, one point for each minor that gets it in its course, the oldest minor first.
// Minors after that of the last point have the change. A minor before it without a point of its own does not have it, whichever
// older ones do: it was not brought to that branch.
type Points []Point

// ParsePoints reads points, which must be in order.
func ParsePoints(texts []string) (Points, error) {
	var points Points
	for _, text := range texts {
		point, err := ParsePoint(text)
		if err != nil {
			return nil, err
		}
		points = append(points, point)
	}
	return points, points.check()
}

// check refuses points that are in no order, or contradict one another.
func (p Points) check() error {
	for i := range p[:max(0, len(p)-1)] {
		switch order := p[i].Minor.Compare(p[i+1].Minor); {
		case order == 0:
			return fmt.Errorf("%s has two points, %s and %s: want one for each minor", p[i].Minor, p[i], p[i+1])
		case order > 0:
			return fmt.Errorf("%s stands before %s: want the oldest minor first", p[i], p[i+1])
		case p[i].whole():
			return fmt.Errorf("%s stands before %s: what all patches of a minor have, all later minors have too, so it is the last", p[i], p[i+1])
		}
	}
	return nil
}

// Reached reports whether a version has the change. The error says why it cannot be told.
func (p Points) Reached(v Version) (bool, error) {
	if !v.Known() {
		return false, fmt.Errorf("istio %q states no minor", v)
	}
	last := len(p) - 1
	for i, point := range p {
		switch order := v.Minor.Compare(point.Minor); {
		case order == 0:
			return point.reached(v)
		case order < 0:
			return false, nil
		case i == last:
			return true, nil
		}
	}
	return false, nil
}

// at is where a minor gets the change; found is false where it does not.
func (p Points) at(minor Minor) (point Point, found bool) {
	for i, point := range p {
		switch order := minor.Compare(point.Minor); {
		case order == 0:
			return point, true
		case order > 0 && i == len(p)-1:
			return Point{Minor: minor}, true
		}
	}
	return Point{}, false
}

// String lists the points.
func (p Points) String() string {
	var texts []string
	for _, point := range p {
		texts = append(texts, point.String())
	}
	return strings.Join(texts, ", ")
}
