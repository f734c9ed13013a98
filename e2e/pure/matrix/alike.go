package matrix

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/verdict"
)

// alike are the cases, mutants or faults that came to the same in the same cells, and in no other.
type alike struct {
	Result hop.Result
	Text   string
	IDs    []string
}

// alikes are those of all subjects, the worst first and of these the most.
func alikes(cells []cell, subjects []subject) []alike {
	type place struct {
		kind   string
		result hop.Result
		cells  string
	}
	ids := map[place][]string{}
	var places []place
	in := map[place][]seen{}
	for _, s := range subjects {
		if !s.alike() {
			continue
		}
		at := place{s.kind(), s.worst().Result, where(s.In)}
		if ids[at] == nil {
			places = append(places, at)
			in[at] = s.In
		}
		ids[at] = append(ids[at], s.ID)
	}
	var all []alike
	for _, at := range places {
		all = append(all, alike{at.result, fmt.Sprintf("%s %s", came(at.kind, len(ids[at]), at.result), sayCells(cells, in[at])), ids[at]})
	}
	slices.SortStableFunc(all, func(a, b alike) int {
		return cmp.Or(verdict.WorstFirst(a.Result, b.Result), len(b.IDs)-len(a.IDs))
	})
	return all
}

// where tells the cells that have a subject from others.
func where(in []seen) string {
	var places []string
	for i, one := range in {
		if one.ran() {
			places = append(places, strconv.Itoa(i))
		}
	}
	return strings.Join(places, " ")
}

// came says "214 cases are PASS", "1 mutant is noticed".
func came(kind string, count int, result hop.Result) string {
	what, is := fmt.Sprintf("1 %s", kind), "is"
	if count != 1 {
		what, is = fmt.Sprintf("%d %ss", count, kind), "are"
	}
	if kind == "mutant" && result == hop.Pass {
		return fmt.Sprintf("%s %s noticed", what, is)
	}
	return fmt.Sprintf("%s %s %s", what, is, result)
}

// sayCells says in which cells, by the shorter of two ways.
func sayCells(cells []cell, in []seen) string {
	var with, without []string
	for i, c := range cells {
		if in[i].ran() {
			with = append(with, c.Name())
			continue
		}
		without = append(without, c.Name())
	}
	switch {
	case len(cells) == 1:
		return "in the only cell"
	case len(without) == 0:
		return fmt.Sprintf("in all %d cells", len(cells))
	case len(without) < len(with):
		return fmt.Sprintf("in %d of %d cells, and did not run in %s", len(with), len(cells), join(without))
	}
	return fmt.Sprintf("in %d of %d cells, and ran nowhere else: %s", len(with), len(cells), join(with))
}
