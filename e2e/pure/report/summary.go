package report

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"

	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/verdict"
)

// WriteSummary writes summary.md: the result, what it ran on, one section for each cause for which cases are not green, and where documents
// say other than Istio. It stays below the 1 MiB that GitHub shows of a step, whatever went wrong.
func (r Report) WriteSummary(out io.Writer) error {
	var text strings.Builder
	e, s := r.Environment, r.Summary
	fmt.Fprintf(&text, "# mTLS conformance: %s\n\n%s\n\n", r.Result, Markdown(line(r.Reason)))
	fmt.Fprintf(&text, "Istio %s, Kubernetes %s, Envoy %s, profile %s, lane %s.\n\n", e.Istio, e.Kubernetes, e.Envoy, e.Profile, e.Lane)
	fmt.Fprintf(&text, "%d pass, %d fail, %d mismatch, %d inconclusive, %d skipped; %d checks. Bring-up %.0f s, cases %.0f s, in all %.0f s.\n\n",
		s.Pass, s.Fail, s.Mismatch, s.Inconclusive, s.Skipped, s.Checks, r.Durations.BringUpSeconds, r.Durations.CasesSeconds, r.Durations.TotalSeconds)
	m := r.Measures
	fmt.Fprintf(&text, "Median case %.2f s, %.1f checks/s, settled within %d ms. Packets of the very connection: %s served checks; cause named: %s refused checks; %d distinct tuples of rules, client, protocol and want; %s rules of the oracle.\n",
		m.MedianCaseSeconds, m.ChecksPerSecond, m.MaxSettleMillis, m.Wire, m.Named, m.Tuples, m.Rules)
	if s.Checks > 0 {
		fmt.Fprintf(&text, "\n%s.\n", s.Independence())
	}
	fmt.Fprintf(&text, "\nIn the clear from clients that have a proxy, because a policy on a lease said so: %s.\n", m.Exposed)
	if e.Scanned != "" {
		fmt.Fprintf(&text, "\nCopies of requests and answers in clear were looked for past %s.\n", e.Scanned)
	}
	if s.ByOracle > 0 {
		fmt.Fprintf(&text, "\n%s.\n", s.Expected())
	}
	if m.Foreseen > 0 {
		fmt.Fprintf(&text, "\n%d expectations of Istio's own proxies are foreseen from what istiod would send to them; what would be on the wire is not verified.\n", m.Foreseen)
	}
	if r.Repeat != nil {
		fmt.Fprintf(&text, "\n%d rounds, %d cases with differing verdicts.\n", r.Repeat.Rounds, len(r.Repeat.Differing))
		for _, differing := range r.Repeat.Differing {
			fmt.Fprintf(&text, "- %s: %v\n", differing.ID, differing.Results)
		}
	}
	if r.Kills != nil {
		fmt.Fprintf(&text, "\n## Mutants: %s\n\n| mutant | layer | result | by | seconds | why |\n|---|---|---|---|---|---|\n", r.Kills)
		for _, m := range r.Mutants {
			fmt.Fprintf(&text, "| %s | %s | %s | %s | %.0f | %s |\n", m.ID, m.Layer, m.Result, strings.Join(m.Observer, ", "), m.Seconds, cell(m.Reason))
		}
	}
	text.WriteString(r.upgradeSummary())
	if len(r.Faults) > 0 {
		text.WriteString("\n## Faults\n\n| fault | sound mesh | weak mesh | after | recovered in | wrong |\n|---|---|---|---|---|---|\n")
		for _, f := range r.Faults {
			fmt.Fprintf(&text, "| %s | %s %s | %s %s | %s | %.0f s | %s |\n", f.Fault, f.Sound.Result, cell(f.Sound.Reason), f.Weak.Result, cell(f.Weak.Reason), f.After.Result, f.Seconds, cell(f.Wrong))
		}
	}
	writeGroups(&text, r.Groups())
	writeDifferences(&text, "Where Istio does otherwise than documented", r.Deviations())
	writeDifferences(&text, "Where the guide's flowchart leads elsewhere than Istio", r.GuideDifferences())
	writeDifferences(&text, "Where Kiali says other than was seen", r.KialiDifferences())
	fmt.Fprintf(&text, "\nKiali: %s.\n", e.Kiali)
	_, err := io.WriteString(out, text.String())
	return err
}

// How much of what is wrong the summary shows; report.html has it whole.
const (
	shownGroups   = 50
	shownCases    = 20 // of a group
	shownChecks   = 10 // of its first case
	shownProblems = 50 // of an upgrade
)

func writeGroups(text *strings.Builder, groups []Group) {
	for _, g := range groups[:min(len(groups), shownGroups)] {
		fmt.Fprintf(text, "\n## %s: %s\n\n", g.Result, Markdown(line(g.Reason)))
		var ids []string
		for _, c := range g.Cases[:min(len(g.Cases), shownCases)] {
			ids = append(ids, Markdown(c.ID))
		}
		fmt.Fprintf(text, "%d of the cases: %s%s.\n\n", len(g.Cases), strings.Join(ids, ", "), more(len(g.Cases)-shownCases))
		writeChecks(text, g.Cases[0])
	}
	if further := more(len(groups) - shownGroups); further != "" {
		fmt.Fprintf(text, "\n## Causes%s\n", further)
	}
}

// writeChecks lists the checks of a case that are not green, and how it is run again.
func writeChecks(text *strings.Builder, c Case) {
	red := slices.DeleteFunc(slices.Clone(c.Checks), func(check verdict.Check) bool { return check.Result == hop.Pass })
	for _, check := range red[:min(len(red), shownChecks)] {
		fmt.Fprintf(text, "- %s, step %d, %s, wanted %s: **%s** %s\n", Markdown(c.ID), check.Step, Markdown(check.String()), check.Want, check.Result, Markdown(line(check.Reason)))
	}
	if further := more(len(red) - shownChecks); further != "" {
		fmt.Fprintf(text, "- checks%s\n", further)
	}
	if c.Broken != "" {
		fmt.Fprintf(text, "- not played to its end: %s\n", Markdown(line(c.Broken)))
	}
	if c.Rerun != "" {
		fmt.Fprintf(text, "\n```sh\n%s\n```\n", Markdown(c.Rerun))
	}
}

// more says that there are more; empty where there are not.
func more(count int) string {
	if count <= 0 {
		return ""
	}
	return fmt.Sprintf(" and %d more in report.html", count)
}

// Markdown is a text that says in Markdown what it says, and no more.
func Markdown(text string) string {
	plain := strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\r' || r == '\t':
			return ' '
		case unicode.IsControl(r):
			return -1
		}
		return r
	}, text)
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", "`", "'", "@", "&#64;", `\`, `\\`, "|", `\|`, "*", `\*`, "_", `\_`, "~", `\~`, "[", `\[`, "]", `\]`).Replace(plain)
}

func writeDifferences(text *strings.Builder, heading string, differences []Difference) {
	if len(differences) == 0 {
		return
	}
	fmt.Fprintf(text, "\n## %s\n\n| case | checks | the first of them |\n|---|---|---|\n", heading)
	for _, d := range differences {
		fmt.Fprintf(text, "| %s | %d | %s |\n", d.Case, d.Checks, cell(d.Why))
	}
}

func cell(s string) string { return Markdown(line(s)) }

// upgradeSummary is the section of summary.md.
func (r Report) upgradeSummary() string {
	if r.Upgrade == nil {
		return ""
	}
	v := *r.Upgrade
	var text strings.Builder
	fmt.Fprintf(&text, "\n## %s: %s\n\n%s.\n", v.Title(), v.Result, v.Sum())
	if v.Mutant != nil {
		fmt.Fprintf(&text, "\n%s.\n", v.Reason)
	}
	text.WriteString("\n| stage | proxies | requests | failed | longest outage | cases | result | why |\n|---|---|---|---|---|---|---|---|\n")
	for _, row := range Stages(v) {
		fmt.Fprintf(&text, "| %s | %s | %d | %d | %d ms | %d | %s | %s |\n", row.Stage, row.Proxies, row.Asked, row.Failed, row.Outage, row.Cases, row.Result, cell(row.Reason))
	}
	if len(v.Problems) > 0 {
		text.WriteByte('\n')
	}
	for _, problem := range v.Problems[:min(len(v.Problems), shownProblems)] {
		fmt.Fprintf(&text, "- %s\n", Markdown(line(problem.String())))
	}
	if further := more(len(v.Problems) - shownProblems); further != "" {
		fmt.Fprintf(&text, "- problems%s\n", further)
	}
	return text.String()
}
