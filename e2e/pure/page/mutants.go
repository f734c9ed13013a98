package page

import (
	"cmp"
	"slices"

	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/report"
	"mtls.test/conformance/e2e/pure/verdict"
)

// sabotages are the mutants of a run by what they sabotage and by who noticed.
type sabotages struct {
	Observers []string
	Rows      []sabotage // in the order of the layers, from the policy outward
	All       sabotage   // over all layers
}

// sabotage is one layer of the mesh.
type sabotage struct {
	Layer   string     // empty of mutants that ended before they had a verdict
	By      [][]string // the ids of the mutants that each observer noticed
	Nobody  []string   // of those that nobody noticed
	Unknown []string   // of those of which nothing can be said
}

// noticing are the observers in the order of the columns; what else noticed comes after them.
var noticing = []string{"intent", "config", "client", "probe", "server", "application", "wire", "stats"}

// sabotagesOf puts mutants into a table; nil where there is none.
func sabotagesOf(r report.Report) *sabotages {
	if len(r.Mutants) == 0 {
		return nil
	}
	var all sabotages
	for _, m := range r.Mutants {
		for _, observer := range m.Observer {
			if !slices.Contains(all.Observers, observer) {
				all.Observers = append(all.Observers, observer)
			}
		}
	}
	slices.SortFunc(all.Observers, func(a, b string) int { return cmp.Or(place(noticing, a)-place(noticing, b), cmp.Compare(a, b)) })
	for _, m := range r.Mutants {
		all.add(m)
	}
	slices.SortFunc(all.Rows, func(a, b sabotage) int {
		return cmp.Or(place(fixture.Layers, fixture.Layer(a.Layer))-place(fixture.Layers, fixture.Layer(b.Layer)), cmp.Compare(a.Layer, b.Layer))
	})
	all.All.By = make([][]string, len(all.Observers))
	for _, row := range all.Rows {
		for column, ids := range row.By {
			all.All.By[column] = append(all.All.By[column], ids...)
		}
		all.All.Nobody, all.All.Unknown = append(all.All.Nobody, row.Nobody...), append(all.All.Unknown, row.Unknown...)
	}
	return &all
}

// place is where a value stands in an order; what is none of it stands last.
func place[T comparable](order []T, value T) int {
	if i := slices.Index(order, value); i >= 0 {
		return i
	}
	return len(order)
}

func (s *sabotages) add(m verdict.Mutant) {
	i := slices.IndexFunc(s.Rows, func(row sabotage) bool { return row.Layer == string(m.Layer) })
	if i < 0 {
		i = len(s.Rows)
		s.Rows = append(s.Rows, sabotage{Layer: string(m.Layer), By: make([][]string, len(s.Observers))})
	}
	row := &s.Rows[i]
	switch m.Result {
	case verdict.Killed:
		for column, observer := range s.Observers {
			if slices.Contains(m.Observer, observer) {
				row.By[column] = append(row.By[column], m.ID)
			}
		}
	case verdict.Survived:
		row.Nobody = append(row.Nobody, m.ID)
	default:
		row.Unknown = append(row.Unknown, m.ID)
	}
}
