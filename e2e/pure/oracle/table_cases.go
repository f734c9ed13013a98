package oracle

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"mtls.test/conformance/e2e/pure/hop"
)

// Tuple is what makes an expectation another statement than the next: the rules that the oracle uses for it, the kind
// of client, the protocol and the want. Copies over ports or namespaces are one.
func (a Asked) Tuple() string {
	return fmt.Sprint(a.Answer.Rules, a.Kind, a.Expect.Probe, a.Protocol, a.Expect.As, a.Expect.Want, a.Expect.Cause)
}

// Tuples counts the distinct ones.
func Tuples(rows []Row) int {
	known := map[string]bool{}
	for _, row := range rows {
		for _, asked := range row.Asked {
			known[asked.Tuple()] = true
		}
	}
	return len(known)
}

// WriteTable writes the table of all cases as Markdown.
func WriteTable(to io.Writer, rows []Row) error {
	var text strings.Builder
	checks, alone, slow := 0, 0, 0
	for _, row := range rows {
		checks += len(row.Asked)
		alone += row.SourceAlone()
		if slices.Contains(row.Case.Labels, "slow") {
			slow++
		}
	}
	fmt.Fprintf(&text, "%d cases (%d of them `slow`), %d checks, %d distinct tuples of rules used, kind of client, protocol and want.\n\n", len(rows), slow, checks, Tuples(rows))
	fmt.Fprintf(&text, "† is how many of a case's checks use a rule that only istiod's source states, %d in all: see [the rules](#the-rules-of-the-oracle).\n\n", alone)
	text.WriteString("| case | it must hold that | checks | † | labels |\n|---|---|---|---|---|\n")
	for _, row := range rows {
		fmt.Fprintf(&text, "| [%s](cases/%s/case.yaml) | %s | %s | %s | %s |\n",
			row.Case.ID, row.Case.ID, cell(row.Case.Title), wants(row.Asked), row.share(), strings.Join(row.Case.Labels, ", "))
	}
	_, err := io.WriteString(to, text.String())
	return err
}

// SourceAlone counts the checks of the case that use a rule which istiod's source alone states.
func (r Row) SourceAlone() int {
	count := 0
	for _, asked := range r.Asked {
		if len(asked.Answer.SourceAlone()) > 0 {
			count++
		}
	}
	return count
}

// share is SourceAlone of all checks: "3 of 4"; empty for a case without checks.
func (r Row) share() string {
	if len(r.Asked) == 0 {
		return ""
	}
	return fmt.Sprintf("%d of %d", r.SourceAlone(), len(r.Asked))
}

// wants counts a case's checks by what they want.
func wants(asked []Asked) string {
	var order []string
	counts := map[string]int{}
	for _, one := range asked {
		want := outcome(one.Expect.Want, one.Expect.Cause)
		if one.Expect.Documented != "" {
			want += fmt.Sprintf(", though %s is documented", one.Expect.Documented)
		}
		if counts[want] == 0 {
			order = append(order, want)
		}
		counts[want]++
	}
	if order == nil {
		return "the API server refuses it"
	}
	var parts []string
	for _, want := range order {
		parts = append(parts, fmt.Sprintf("%d %s", counts[want], want))
	}
	return strings.Join(parts, ", ")
}

func cell(text string) string {
	return strings.ReplaceAll(strings.Join(strings.Fields(text), " "), "|", `\|`)
}

func outcome(says hop.Outcome, cause hop.Refusal) string {
	if cause != "" {
		return fmt.Sprintf("%s (%s)", says, cause)
	}
	return string(says)
}
