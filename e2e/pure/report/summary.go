package report

import (
	"fmt"
	"io"
	"strings"

	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/upgrade"
)

// WriteSummary writes summary.md: the result, what it ran on, one row per case, one section per case that is not green, and
// where documents say other than Istio.
func (r Report) WriteSummary(out io.Writer) error {
	var text strings.Builder
	e, s := r.Environment, r.Summary
	fmt.Fprintf(&text, "# mTLS conformance: %s\n\n%s\n\n", r.Result, r.Reason)
	fmt.Fprintf(&text, "Istio %s, Kubernetes %s, Envoy %s, profile %s, lane %s.\n\n", e.Istio, e.Kubernetes, e.Envoy, e.Profile, e.Lane)
	fmt.Fprintf(&text, "%d pass, %d fail, %d mismatch, %d inconclusive, %d skipped; %d checks. Bring-up %.0f s, cases %.0f s, in all %.0f s.\n\n",
		s.Pass, s.Fail, s.Mismatch, s.Inconclusive, s.Skipped, s.Checks, r.Durations.BringUpSeconds, r.Durations.CasesSeconds, r.Durations.TotalSeconds)
	m := r.Measures
	fmt.Fprintf(&text, "Median case %.2f s, %.1f checks/s, settled within %d ms. Packets of the very connection: %s served checks; cause named: %s refused checks; %d distinct tuples of rules, client, protocol and want.\n",
		m.MedianCaseSeconds, m.ChecksPerSecond, m.MaxSettleMillis, m.Wire, m.Named, m.Tuples)
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
	text.WriteString("\n| case | verdict | checks | † | settled after | title |\n|---|---|---|---|---|---|\n")
	for _, c := range r.Cases {
		fmt.Fprintf(&text, "| %s | %s | %d | %d | %d ms | %s |\n", c.ID, c.Result, len(c.Checks), sourceAlone(c.Checks), c.ConvergenceMillis, cell(c.Title))
	}
	for _, c := range r.Cases {
		if c.Result == hop.Pass {
			continue
		}
		fmt.Fprintf(&text, "\n## %s: %s\n\n%s\n\n", c.ID, c.Result, c.Reason)
		for _, check := range c.Checks {
			if check.Result != hop.Pass {
				fmt.Fprintf(&text, "- step %d, `%s`, wanted %s: **%s** %s\n", check.Step, check.Hop, check.Want, check.Result, check.Reason)
			}
		}
		if c.Broken != "" {
			fmt.Fprintf(&text, "- not played to its end: %s\n", c.Broken)
		}
		if c.Rerun != "" {
			fmt.Fprintf(&text, "\nAgain: `%s`\n", c.Rerun)
		}
	}
	writeDifferences(&text, "Where Istio does otherwise than documented", r.Deviations())
	writeDifferences(&text, "Where the guide's flowchart leads elsewhere than Istio", r.GuideDifferences())
	writeDifferences(&text, "Where Kiali says other than was seen", r.KialiDifferences())
	fmt.Fprintf(&text, "\nKiali: %s.\n", e.Kiali)
	_, err := io.WriteString(out, text.String())
	return err
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

func cell(s string) string { return strings.NewReplacer("|", `\|`, "\n", "<br>").Replace(s) }

// upgradeSummary is the section of summary.md.
func (r Report) upgradeSummary() string {
	if r.Upgrade == nil {
		return ""
	}
	v := *r.Upgrade
	var text strings.Builder
	fmt.Fprintf(&text, "\n## Upgrade %s from Istio %s to %s: %s\n\n%s.\n", v.Mode, v.Versions[upgrade.From], v.Versions[upgrade.To], v.Result, v.Sum())
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
	for _, problem := range v.Problems {
		fmt.Fprintf(&text, "- %s\n", problem)
	}
	return text.String()
}
