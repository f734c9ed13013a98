package tlscheck

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// columns are the table's, to the letter of the guide; wide ones follow.
var columns = []string{"HOST:PORT", "STATUS", "SERVER", "CLIENT", "AUTHN POLICY", "DESTINATION RULE"}

var wideColumns = []string{"FROM", "TO", "CONFIGURED", "CERT LEFT", "OBSERVED", "KIALI"}

// gap parts columns, in spaces.
const gap = 5

// maxReasons bounds the reasons that are printed of one row.
const maxReasons = 3

// Table prints hosts as a table, with the reasons of what is not plainly OK below it.
type Table struct {
	to     io.Writer
	wide   bool
	widths []int
	lines  [][]string // that wait for the widths; nil once these are known
	notes  []string

	alsoPlaintext bool     // of a row at least
	withoutProxy  []string // pods that can send it
}

// NewTable prints at Close, with columns as wide as their longest texts.
func NewTable(to io.Writer, wide bool) *Table {
	t := &Table{to: to, wide: wide}
	t.lines = [][]string{t.names()}
	return t
}

// NewStream prints each host as it comes, with columns for texts that are known to come: hosts, policies, rules and
// workloads. One that is longer pushes the rest of its line aside.
func NewStream(to io.Writer, wide bool, hosts, policies, rules, workloads []string) (*Table, error) {
	t := &Table{to: to, wide: wide}
	for _, texts := range [][]string{hosts, {string(Plaintext)}, {"PERMISSIVE"}, {"DISABLE"}, policies, rules, workloads, workloads} {
		t.widths = append(t.widths, longest(texts))
	}
	t.widths = append(t.widths, len("refused (no-filter-chain)"), len("999d/999d"), len("plaintext refused, mTLS taken"), 0)
	for i, name := range t.names() {
		t.widths[i] = max(t.widths[i], len(name))
	}
	return t, t.print(t.names())
}

func longest(texts []string) int {
	width := 0
	for _, text := range texts {
		width = max(width, len(text))
	}
	return width
}

func (t *Table) names() []string {
	if t.wide {
		return slices.Concat(columns, wideColumns)
	}
	return columns
}

// Write adds a host's rows.
func (t *Table) Write(host Host) error {
	for _, row := range host.Rows {
		cells := []string{row.Name(host.Host), string(row.Status), row.Server, row.Client, row.AuthnPolicy, row.DestinationRule}
		if t.wide {
			cells = append(cells, wideCells(host, row)...)
		}
		t.note(host.Host, row)
		if row.AlsoPlaintext {
			t.notes = append(t.notes, fmt.Sprintf("%s %s also takes plaintext", row.Status, row.Name(host.Host)))
			t.alsoPlaintext, t.withoutProxy = true, distinct(t.withoutProxy, host.WithoutProxy)
		}
		if t.lines != nil {
			t.lines = append(t.lines, cells)
			continue
		}
		if err := t.print(cells); err != nil {
			return err
		}
	}
	t.notes = append(t.notes, host.Notes...)
	if host.Kiali != nil && host.Kiali.Differs != "" {
		t.notes = append(t.notes, fmt.Sprintf("Kiali on namespace %s: %s", host.Kiali.Namespace, host.Kiali.Differs))
	}
	return nil
}

func wideCells(host Host, row Row) []string {
	configured, left, observed := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, h := range row.Hops {
		configured[h.Configured.text()] = true
		observed[h.observed()] = true
		if h.Configured != nil {
			left[h.Configured.Client.text()+"/"+h.Configured.Server.text()] = true
		}
	}
	kiali := none
	if host.Kiali != nil {
		kiali = host.Kiali.Says()
	}
	return []string{
		some(row.names(func(h Hop) string { return h.Client }), "clients"), some(row.names(func(h Hop) string { return h.Endpoint }), "endpoints"),
		several(configured), several(left), several(observed), kiali,
	}
}

// some names the one, or counts them.
func some(names []string, what string) string {
	switch len(names) {
	case 0:
		return none
	case 1:
		return names[0]
	}
	return fmt.Sprintf("%d %s", len(names), what)
}

func several(texts map[string]bool) string {
	var all []string
	for text := range texts {
		all = append(all, text)
	}
	if len(all) == 0 {
		return none
	}
	slices.Sort(all)
	return strings.Join(all, "; ")
}

// note keeps the reason for a row, to print it at the end.
func (t *Table) note(host string, row Row) {
	for i, reason := range row.Reasons {
		if i == maxReasons {
			t.notes = append(t.notes, fmt.Sprintf("%s %s: %d more reasons, which -o json lists", row.Status, row.Name(host), len(row.Reasons)-maxReasons))
			return
		}
		var of Row
		for _, h := range row.Hops {
			if h.Reason == reason {
				of.Hops = append(of.Hops, h)
			}
		}
		from := some(of.names(func(h Hop) string { return h.Client }), "clients")
		t.notes = append(t.notes, fmt.Sprintf("%s %s from %s: %s", row.Status, row.Name(host), from, reason))
	}
}

// Close prints what waits, and the reasons.
func (t *Table) Close() error {
	if t.lines != nil {
		t.widths = make([]int, len(t.names()))
		for _, cells := range t.lines {
			for i, text := range cells {
				t.widths[i] = max(t.widths[i], len(text))
			}
		}
		for _, cells := range t.lines {
			if err := t.print(cells); err != nil {
				return err
			}
		}
	}
	if t.alsoPlaintext {
		t.notes = append(t.notes, plaintextSenders(t.withoutProxy))
	}
	if len(t.notes) == 0 {
		return nil
	}
	_, err := fmt.Fprintf(t.to, "\n%s\n", strings.Join(t.notes, "\n"))
	return err
}

func (t *Table) print(cells []string) error {
	var line strings.Builder
	for i, text := range cells {
		line.WriteString(text)
		if i < len(cells)-1 {
			line.WriteString(strings.Repeat(" ", max(t.widths[i]-len(text), 0)+gap))
		}
	}
	_, err := fmt.Fprintln(t.to, line.String())
	return err
}
