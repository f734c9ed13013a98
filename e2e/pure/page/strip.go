package page

import (
	"slices"

	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/report"
	"mtls.test/conformance/e2e/pure/verdict"
)

// statement is what one source says of a check.
type statement struct {
	Source string
	Says   string
	Out    bool // it contradicts others, or what was wanted
	Mute   bool // it has nothing to say, though it must
}

// strip is all that was said of a check: asked, configured, seen.
func strip(check verdict.Check) []statement {
	out := func(source string, says hop.Outcome) bool {
		return slices.Contains(check.StandsOut, source) || check.Result == hop.Fail && says != "" && !says.Alike(check.Want) && bears(says)
	}
	all := []statement{
		{Source: "wanted", Says: report.Said(check.Want, check.Cause)},
		{Source: "intent", Says: orMissing(check.Intent.Says, check.Intent.Refusal, check.Intent.Missing), Out: out("intent", check.Intent.Says), Mute: check.Intent.Missing != ""},
		{Source: "config", Says: orMissing(check.Config.Says, check.Config.Refusal, check.Config.Missing), Out: out("config", check.Config.Says), Mute: check.Config.Missing != ""},
	}
	for _, source := range []hop.Source{hop.Client, hop.Probe, hop.Server, hop.Application, hop.Wire, hop.Stats} {
		seen := check.Observers.By(source)
		if seen == nil {
			continue
		}
		required := slices.Contains(check.Observers.Required, source)
		all = append(all, statement{
			Source: string(source), Says: orMissing(seen.Says, seen.Refusal, seen.Missing), Out: out(string(source), seen.Says), Mute: required && seen.Missing != "",
		})
	}
	return all
}

// bears tells whether an outcome is one that a case can want; of the others, an observer that says them cannot know more.
func bears(says hop.Outcome) bool {
	return slices.Contains([]hop.Outcome{hop.MTLS, hop.Plaintext, hop.Refused, hop.OneWayTLS, hop.AppTLS}, says)
}

func orMissing(says hop.Outcome, refusal hop.Refusal, missing string) string {
	if missing != "" {
		return "nothing: " + missing
	}
	return report.Said(says, refusal)
}
