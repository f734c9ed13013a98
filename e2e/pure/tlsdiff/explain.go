package tlsdiff

import (
	"slices"

	"mtls.test/conformance/e2e/pure/istioversion"
)

// explain names in the changes of a hop the row that explains them: all of them but those for the better. A hop with one more
// change stays as it is, for what else has happened to it is not known.
func (e Expected) explain(before, after Hop, changes []Change) []Change {
	for _, row := range e {
		direction := row.crossed(before, after)
		if direction == none || !places[row.Where](after) || !row.covers(changes, direction) {
			continue
		}
		told := slices.Clone(changes)
		for i, change := range told {
			if !row.lists(change, direction) {
				continue
			}
			told[i].Row = row.ID
			if change.Class == Unexplained {
				told[i].Class = AsExpected
			}
		}
		return told
	}
	return changes
}

// direction is in which a mesh has gone past a change of Istio's.
type direction int

const (
	none direction = iota
	up
	down
)

// crossed is how the control plane of the row's end has gone past the row's change. A version that cannot be placed is on no side.
func (r Row) crossed(before, after Hop) direction {
	was, is := before.Versions.Client, after.Versions.Client
	if r.end == "server" {
		was, is = before.Versions.Server, after.Versions.Server
	}
	from, placed := r.reached(was.Istiod)
	to, alsoPlaced := r.reached(is.Istiod)
	switch {
	case !placed || !alsoPlaced || from == to:
		return none
	case to:
		return up
	}
	return down
}

func (r Row) reached(version string) (reached, placed bool) {
	// No image states the date of its commit.
	v, err := istioversion.Parse(version, "")
	if err != nil {
		return false, false
	}
	reached, err = r.since.Reached(v)
	return reached, err == nil
}

// covers reports whether a row explains all changes of a hop. The row's first change is what Istio changed: without it the others,
// which follow from it, have another cause.
func (r Row) covers(changes []Change, direction direction) bool {
	if !slices.ContainsFunc(changes, func(change Change) bool { return r.Changes[0].is(change, direction) }) {
		return false
	}
	return !slices.ContainsFunc(changes, func(change Change) bool {
		return change.Class != Stronger && !r.lists(change, direction) || change.Class == Weaker && !r.weakens(direction)
	})
}

// weakens reports whether a hop may become weaker by the row's change.
func (r Row) weakens(direction direction) bool {
	return r.Class == AnyClass || (r.Class == Weaker) == (direction == up)
}

func (r Row) lists(change Change, direction direction) bool {
	return slices.ContainsFunc(r.Changes, func(one ExpectedChange) bool { return one.is(change, direction) })
}

func (e ExpectedChange) is(change Change, direction direction) bool {
	before, after := e.Before, e.After
	if direction == down {
		before, after = after, before
	}
	return e.Field == change.Field && before.allow(change.Before) && after.allow(change.After)
}

// allow reports whether a field may have a value. Where no values are named any will do.
func (v Values) allow(value []string) bool { return v == nil || slices.Equal(v, value) }
