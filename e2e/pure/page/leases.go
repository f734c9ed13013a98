package page

import (
	"slices"
	"time"

	"mtls.test/conformance/e2e/pure/report"
)

// leases are the cases under whose lease clients with a proxy spoke plaintext, in the order of time, and when each did.
type leases struct {
	report.Exposed
	Sum     string
	Begins  string // when the first lease was taken
	Undated int    // leases that say not when; they stand last
	Rows    []leaseRow
	Left    []leaseRow    // those with connections that were open afterwards
	Line    *leasePicture // nil where no lease says when
}

// leaseRow is one of them.
type leaseRow struct {
	Case        string
	After       string // since the first lease was taken; empty of one that says not when
	Clear       string
	Held        string
	Limit       string
	Connections int
	Open        []string

	from, clearFrom    time.Time
	clear, held, limit time.Duration
}

func (r leaseRow) undated() bool { return r.from.IsZero() || r.clearFrom.IsZero() }

// leasesOf returns nil where nothing was in the clear under a lease.
func leasesOf(r report.Report) *leases {
	all := leases{Exposed: r.Measures.Exposed, Sum: lasted(inSeconds(r.Measures.Exposed.Seconds))}
	for _, c := range r.Cases {
		if c.Lease == nil || c.Lease.InTheClear == nil {
			continue
		}
		row := leaseRow{
			Case: c.ID, Connections: c.Lease.InTheClear.Connections, from: c.Lease.From, clearFrom: c.Lease.InTheClear.From,
			clear: inSeconds(c.Lease.InTheClear.Seconds), held: inSeconds(c.Lease.HeldSeconds), limit: inSeconds(c.Lease.LimitSeconds),
		}
		row.Clear, row.Held, row.Limit = length(row.clear), length(row.held), lasted(row.limit)
		for _, conn := range c.Lease.InTheClear.Open {
			row.Open = append(row.Open, conn.String())
		}
		if row.undated() {
			all.Undated++
		}
		all.Rows = append(all.Rows, row)
	}
	if len(all.Rows) == 0 {
		return nil
	}
	slices.SortStableFunc(all.Rows, func(a, b leaseRow) int {
		if a.undated() != b.undated() {
			return map[bool]int{true: 1, false: -1}[a.undated()]
		}
		return a.from.Compare(b.from)
	})
	if dated := all.Rows[:len(all.Rows)-all.Undated]; len(dated) > 0 {
		all.Begins = dated[0].from.UTC().Format("15:04:05 UTC")
		for i := range dated {
			dated[i].After = sinceBegin(dated[i].from.Sub(dated[0].from))
		}
		all.Line = drawLeases(dated)
	}
	for _, row := range all.Rows {
		if len(row.Open) > 0 {
			all.Left = append(all.Left, row)
		}
	}
	return &all
}
