package replay

import (
	"fmt"
	"slices"
	"strings"

	"mtls.test/conformance/e2e/pure/tlscheck"
)

// Differs tells how what tls-check said of the row's host is other than the row; empty where it is the same.
func (r Row) Differs(told tlscheck.Host) string {
	found := r.hops(told)
	if len(found) == 0 {
		return fmt.Sprintf("%s: no row is of it%s", r, notes(told))
	}
	for _, h := range found {
		if h.Status != r.Status {
			return fmt.Sprintf("%s: %s, want %s: %s", r, h.Status, r.Status, h.Reason)
		}
		for _, text := range r.Says {
			if !strings.Contains(h.Reason, text) && !strings.Contains(strings.Join(told.Notes, "\n"), text) {
				return fmt.Sprintf("%s: neither the reason nor a note has %q: %s%s", r, text, h.Reason, notes(told))
			}
		}
	}
	return ""
}

// String names the row's hop.
func (r Row) String() string {
	by := ""
	if r.Address {
		by = " by its address"
	}
	return fmt.Sprintf("%s -> %s at %s%s", r.Client, r.To, r.Endpoint, by)
}

// hops are those of the answer that the row is about.
func (r Row) hops(told tlscheck.Host) []tlscheck.Hop {
	var found []tlscheck.Hop
	for _, row := range told.Rows {
		for _, h := range row.Hops {
			if h.Client == r.Client && h.Port == r.To.Port && h.Endpoint == r.Endpoint && h.ByAddress == r.Address && h.Subset == "" {
				found = append(found, h)
			}
		}
	}
	return found
}

func notes(told tlscheck.Host) string {
	if len(told.Notes) == 0 {
		return ""
	}
	return "; notes: " + strings.Join(told.Notes, "; ")
}

// Hosts are those of the report's rows, each once.
func (r Report) Hosts() []string {
	return each(r.Expect, func(row Row) string { return row.To.Service })
}

// Clients are the workloads of the report's rows, each once.
func (r Report) Clients() []string { return each(r.Expect, func(row Row) string { return row.Client }) }

func each(rows []Row, of func(Row) string) []string {
	var all []string
	for _, row := range rows {
		if value := of(row); !slices.Contains(all, value) {
			all = append(all, value)
		}
	}
	return all
}
