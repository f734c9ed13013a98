package page

import (
	"slices"
	"time"

	"mtls.test/conformance/e2e/pure/report"
)

// leases are the cases under whose lease clients with a proxy spoke plaintext, in the order of time, and when each did. Places are in
// thousandths of the time from the first lease to the end of the last.
type leases struct {
	report.Exposed
	Length  string
	Undated int // that say not when
	Rows    []leaseRow
}

// leaseRow is one of them. Held and Clear are spans of the one time line; of a lease that says not when both are nil.
type leaseRow struct {
	Case        string
	Held, Clear *stretch
	HeldFor     string
	ClearFor    string
	Limit       string
	Connections int
	Open        []string
	from        time.Time
	held, clear time.Duration
	clearFrom   time.Time
}

// stretch is a part of a line.
type stretch struct{ X, Width int }

// leasesOf returns nil where nothing was in the clear under a lease.
func leasesOf(r report.Report) *leases {
	all := leases{Exposed: r.Measures.Exposed}
	for _, c := range r.Cases {
		if c.Lease == nil || c.Lease.InTheClear == nil {
			continue
		}
		row := leaseRow{Case: c.ID, from: c.Lease.From, clearFrom: c.Lease.InTheClear.From, Connections: c.Lease.InTheClear.Connections, held: inSeconds(c.Lease.HeldSeconds), clear: inSeconds(c.Lease.InTheClear.Seconds)}
		row.HeldFor, row.ClearFor, row.Limit = length(row.held), length(row.clear), length(inSeconds(c.Lease.LimitSeconds))
		for _, conn := range c.Lease.InTheClear.Open {
			row.Open = append(row.Open, conn.String())
		}
		if row.from.IsZero() || row.clearFrom.IsZero() {
			all.Undated++
		}
		all.Rows = append(all.Rows, row)
	}
	if len(all.Rows) == 0 {
		return nil
	}
	slices.SortStableFunc(all.Rows, func(a, b leaseRow) int { return a.from.Compare(b.from) })
	all.place()
	return &all
}

func (l *leases) place() {
	dated := l.Rows[l.Undated:] // those without a time come first
	if len(dated) == 0 {
		return
	}
	first, last := dated[0].from, dated[0].from
	for _, row := range dated {
		if end := row.from.Add(row.held); end.After(last) {
			last = end
		}
	}
	whole := max(last.Sub(first), time.Millisecond)
	l.Length = length(whole)
	part := func(from time.Time, takes time.Duration) *stretch {
		return &stretch{X: int(1000 * from.Sub(first) / whole), Width: max(int(1000*takes/whole), 2)}
	}
	for i := range dated {
		dated[i].Held, dated[i].Clear = part(dated[i].from, dated[i].held), part(dated[i].clearFrom, dated[i].clear)
	}
}

func inSeconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
