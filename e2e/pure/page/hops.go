package page

import (
	"cmp"
	"maps"
	"slices"

	"mtls.test/conformance/e2e/pure/document"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/report"
	"mtls.test/conformance/e2e/pure/verdict"
)

// hopTable is every hop of a run: a row for each service port, a column for each client.
type hopTable struct {
	Clients []string
	Rows    []hopRow
}

type hopRow struct {
	To   hop.ServicePort
	Hops []hopCell // by client
}

// hopCell is how the connections of a hop were seen, over all cases.
type hopCell struct {
	Checks int
	Result hop.Result // the worst
	Locks  []locks
	First  string // the first case that is red at it, else the first of all
}

// locks is how many checks saw a kind of lock.
type locks struct {
	Kind   string
	Checks int
}

// lockOf is the lock of a check: of what was wanted where it holds, else of what the wire or the client saw.
func lockOf(check verdict.Check) string {
	if check.Result == hop.Pass {
		return document.Lock(check.Want)
	}
	return document.Lock(seen(check))
}

// seen is what the first observer saw that can tell; empty where none could. That bytes were encrypted counts where nobody knows how.
func seen(check verdict.Check) hop.Outcome {
	var encrypted hop.Outcome
	for _, source := range []hop.Source{hop.Wire, hop.Probe, hop.Client, hop.Server} {
		switch o := check.Observers.By(source); {
		case o == nil || o.Missing != "" || o.Says == hop.Absent || o.Says == hop.Raw:
		case o.Says == hop.Encrypted:
			encrypted = o.Says
		default:
			return o.Says
		}
	}
	return encrypted
}

func hopsOf(r report.Report) hopTable {
	type place struct {
		from string
		to   hop.ServicePort
	}
	cells := map[place]*hopCell{}
	counts := map[place]map[string]int{}
	clients, ports := map[string]bool{}, map[hop.ServicePort]bool{}
	for _, c := range worstFirst(r.Cases) {
		for _, check := range c.Checks {
			at := place{check.From, check.To}
			cell, known := cells[at]
			if !known {
				cell = &hopCell{Result: hop.Pass, First: c.ID}
				cells[at], counts[at] = cell, map[string]int{}
			}
			if worse := verdict.Worse(cell.Result, check.Result); worse != cell.Result {
				cell.Result, cell.First = worse, c.ID
			}
			cell.Checks++
			counts[at][lockOf(check)]++
			clients[check.From], ports[check.To] = true, true
		}
	}
	table := hopTable{Clients: slices.Sorted(maps.Keys(clients))}
	for _, to := range slices.SortedFunc(maps.Keys(ports), func(a, b hop.ServicePort) int {
		return cmp.Or(cmp.Compare(a.Service, b.Service), cmp.Compare(a.Port, b.Port))
	}) {
		row := hopRow{To: to}
		for _, from := range table.Clients {
			at := place{from, to}
			cell := hopCell{}
			if cells[at] != nil {
				cell = *cells[at]
			}
			for _, kind := range document.Locks {
				if count := counts[at][kind]; count > 0 {
					cell.Locks = append(cell.Locks, locks{kind, count})
				}
			}
			row.Hops = append(row.Hops, cell)
		}
		table.Rows = append(table.Rows, row)
	}
	return table
}
