package history

import (
	"maps"
	"slices"
)

// parts are what a ground is made of, each with the word for it.
var parts = []struct {
	what string
	of   func(Ground) string
}{
	{"the suite", func(g Ground) string { return g.Suite }},
	{"Istio", func(g Ground) string { return g.Istio }},
	{"images", func(g Ground) string { return g.Digests }},
	{"Kubernetes", func(g Ground) string { return g.Kubernetes }},
	{"Envoy", func(g Ground) string { return g.Envoy }},
	{"the proxies' profile", func(g Ground) string { return g.Profile }},
	{"the lane", func(g Ground) string { return g.Lane }},
	{"settings", func(g Ground) string { return g.Settings }},
	{"the machine", func(g Ground) string { return g.Machine }},
}

// changed is what the cells of a run stand on and did not when they ran last.
func changed(now run, before []run) []Change {
	all := []Change{}
	for _, cell := range now.cells() {
		after, _ := now.ground(cell)
		last, ran := lastGround(cell, before)
		if !ran {
			continue
		}
		for _, change := range last.Changes(after) {
			all = add(all, change, cell)
		}
	}
	return all
}

// Changes is what another ground has that is not the same.
func (g Ground) Changes(after Ground) []Change {
	var all []Change
	for _, part := range parts {
		if was, is := part.of(g), part.of(after); was != is {
			all = append(all, Change{What: part.what, Before: was, After: is})
		}
	}
	return all
}

// add adds a cell to the change of the same kind, or the change.
func add(all []Change, change Change, cell string) []Change {
	place := slices.IndexFunc(all, func(c Change) bool {
		return c.What == change.What && c.Before == change.Before && c.After == change.After
	})
	if place < 0 {
		place, all = len(all), append(all, change)
	}
	all[place].Cells = append(all[place].Cells, cell)
	return all
}

func lastGround(cell string, before []run) (Ground, bool) {
	for _, r := range slices.Backward(before) {
		if ground, ran := r.ground(cell); ran {
			return ground, true
		}
	}
	return Ground{}, false
}

// SettingsApart names the settings that decide and are not the same.
func SettingsApart(a, b map[string]string) []string {
	a, b = decisive(a), decisive(b)
	names := maps.Clone(a)
	maps.Copy(names, b)
	return slices.DeleteFunc(slices.Sorted(maps.Keys(names)), func(name string) bool { return a[name] == b[name] })
}
