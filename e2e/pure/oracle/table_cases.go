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
func (e Evaluation) Tuple() string {
	return fmt.Sprint(e.Answer.Rules, e.Kind, e.Expect.Probe, e.Protocol, e.Expect.As, e.Expect.Want, e.Expect.Cause)
}

// DistinctTuples counts the tuples that differ over all cases.
func DistinctTuples(rows []CaseEvaluation) int {
	known := map[string]bool{}
	for _, row := range rows {
		for _, evaluation := range row.Evaluations {
			known[evaluation.Tuple()] = true
		}
	}
	return len(known)
}

// WriteCaseTable writes the table of all cases as Markdown.
func WriteCaseTable(to io.Writer, rows []CaseEvaluation) error {
	var text strings.Builder
	checks, alone, slow := 0, 0, 0
	for _, row := range rows {
		checks += len(row.Evaluations)
		alone += row.SourceAlone()
		if slices.Contains(row.Case.Labels, "slow") {
			slow++
		}
	}
	fmt.Fprintf(&text, "%d cases (%d of them `slow`), %d checks, %d distinct tuples of rules used, kind of client, protocol and want.\n\n", len(rows), slow, checks, DistinctTuples(rows))
	fmt.Fprintf(&text, "† is how many of a case's checks use a rule that only istiod's source states, %d in all: see [the rules](#the-rules-of-the-oracle).\n\n", alone)
	text.WriteString("| case | it must hold that | checks | † | labels |\n|---|---|---|---|---|\n")
	for _, row := range rows {
		fmt.Fprintf(&text, "| [%s](cases/%s/case.yaml) | %s | %s | %s | %s |\n",
			row.Case.ID, row.Case.ID, tableCell(row.Case.Title), wantsCell(row.Evaluations), row.sourceAloneShare(), strings.Join(row.Case.Labels, ", "))
	}
	_, err := io.WriteString(to, text.String())
	return err
}

// SourceAlone counts the checks of the case that use a rule which istiod's source alone states.
func (c CaseEvaluation) SourceAlone() int {
	count := 0
	for _, evaluation := range c.Evaluations {
		if len(evaluation.Answer.SourceAlone()) > 0 {
			count++
		}
	}
	return count
}

// sourceAloneShare is SourceAlone of all checks: "3 of 4"; empty for a case without checks.
func (c CaseEvaluation) sourceAloneShare() string {
	if len(c.Evaluations) == 0 {
		return ""
	}
	return fmt.Sprintf("%d of %d", c.SourceAlone(), len(c.Evaluations))
}

// wantsCell counts a case's checks by what they want.
func wantsCell(evaluations []Evaluation) string {
	var order []string
	counts := map[string]int{}
	for _, one := range evaluations {
		want := outcomeText(one.Expect.Want, one.Expect.Cause)
		if one.Expect.Documented != "" {
			want += fmt.Sprintf(", though %s is documented", one.Expect.Documented)
		}
		if span, err := one.Expect.Span(); err == nil && span.String() != "" {
			want += fmt.Sprintf(" (%s)", span)
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

func tableCell(text string) string {
	return strings.ReplaceAll(strings.Join(strings.Fields(text), " "), "|", `\|`)
}

func outcomeText(says hop.Outcome, cause hop.Refusal) string {
	if cause != "" {
		return fmt.Sprintf("%s (%s)", says, cause)
	}
	return string(says)
}
