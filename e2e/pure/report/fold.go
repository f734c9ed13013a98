package report

import (
	"fmt"
	"sort"
	"strings"

	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/verdict"
)

// Fold makes the report. A spec without a verdict is INCONCLUSIVE with its cause; a verdict that passed in a spec
// that did not is INCONCLUSIVE too, for something outside the verdict went wrong. A run without a case is INCONCLUSIVE.
func Fold(run Run) Report {
	report := Report{
		SchemaVersion: SchemaVersion, RunID: run.RunID, Cause: run.Cause, Environment: run.Environment, Durations: run.Durations,
		Cases: []Case{},
	}
	told := map[string]bool{}
	for _, spec := range run.Specs {
		if spec.Kind != OfCase {
			continue
		}
		told[spec.ID] = true
		report.Cases = append(report.Cases, reconcile(spec, run.Verdicts))
	}
	for id, c := range run.Verdicts {
		if !told[id] {
			report.Cases = append(report.Cases, c)
		}
	}
	sort.Slice(report.Cases, func(i, j int) bool { return report.Cases[i].ID < report.Cases[j].ID })
	report.Measures = measure(report.Cases)
	report.Repeat = run.Repeat
	report.mutate(run)
	report.Faults = run.Faults
	report.Upgrade = run.Upgrade
	report.conclude(run.Specs)
	return report
}

func reconcile(spec Spec, verdicts map[string]Case) Case {
	c, found := verdicts[spec.ID]
	if !found {
		c.Case = verdict.Case{ID: spec.ID, Title: spec.Title, Seconds: spec.Seconds, Changes: []verdict.Change{}, Checks: []verdict.Check{}}
		c.Result, c.Reason = hop.Inconclusive, fmt.Sprintf("the spec %s before there was a verdict: %s", spec.State, spec.Message)
		if spec.State == "skipped" || spec.State == "pending" {
			c.Result, c.Reason = hop.Skipped, spec.Message
		}
		return c
	}
	if spec.State != "passed" && c.Result == hop.Pass {
		c.Result, c.Reason = hop.Inconclusive, fmt.Sprintf("the checks pass, but the spec %s: %s", spec.State, spec.Message)
	}
	return c
}

func (r *Report) conclude(specs []Spec) {
	r.Result = hop.Pass
	var worst string
	for _, c := range r.Cases {
		r.Summary.count(c)
		if c.Result == hop.Skipped {
			continue
		}
		if worse := verdict.Worse(r.Result, c.Result); worse != r.Result {
			r.Result, worst = worse, c.ID+": "+c.Reason
		}
	}
	r.Reason = fmt.Sprintf("%d cases, %d checks", len(r.Cases), r.Summary.Checks)
	if worst != "" {
		r.Reason = worst
	}
	if r.Kills != nil {
		r.Reason += "; mutants: " + r.Kills.String()
		if result, why := r.mutantsResult(); verdict.Worse(r.Result, result) != r.Result {
			r.Result, worst = result, why
			r.Reason = why
		}
	}
	if result, why := r.faultsResult(); verdict.Worse(r.Result, result) != r.Result {
		r.Result, r.Reason, worst = result, why, why
	}
	if v := r.Upgrade; v != nil && verdict.Worse(r.Result, v.Result) != r.Result {
		r.Result, r.Reason, worst = v.Result, v.Reason, v.Reason
	}
	if r.Repeat != nil && len(r.Repeat.Differing) > 0 {
		r.Result = verdict.Worse(r.Result, hop.Inconclusive)
		r.Reason = fmt.Sprintf("%d cases had not the same verdict in all of %d rounds, %s first; %s", len(r.Repeat.Differing), r.Repeat.Rounds, r.Repeat.Differing[0].ID, r.Reason)
	}
	if r.Cause != "" {
		r.Result = verdict.Worse(r.Result, hop.Inconclusive)
		r.Reason = strings.TrimSuffix(r.Cause+"; "+worst, "; ")
	}
	chaos := 0
	for _, spec := range specs {
		if spec.Kind == OfStage && r.Upgrade != nil {
			continue // the upgrade's verdict tells of its stages
		}
		if spec.Kind != OfSuite && spec.Kind != OfStage || spec.State == "skipped" {
			continue
		}
		chaos++
		if spec.State != "passed" {
			r.Result = verdict.Worse(r.Result, hop.Inconclusive)
			r.Reason = fmt.Sprintf("%s: %s; %s", spec.Title, spec.Message, r.Reason)
		}
	}
	if r.Summary.ran()+len(r.Mutants)+chaos == 0 && r.Upgrade == nil && r.Cause == "" {
		r.Result, r.Reason = hop.Inconclusive, "no case ran"
	}
}

func (s *Summary) count(c Case) {
	s.Checks += len(c.Checks)
	s.SourceAlone += sourceAlone(c.Checks)
	s.ByOracle += c.OracleExpects()
	switch c.Result {
	case hop.Pass:
		s.Pass++
	case hop.Fail:
		s.Fail++
	case hop.Mismatch:
		s.Mismatch++
	case hop.Skipped:
		s.Skipped++
	default:
		s.Inconclusive++
	}
}

func (s Summary) ran() int { return s.Pass + s.Fail + s.Mismatch + s.Inconclusive }

// sourceAlone counts the checks with a rule that istiod's source alone states.
func sourceAlone(checks []verdict.Check) int {
	count := 0
	for _, check := range checks {
		if len(check.SourceAlone) > 0 {
			count++
		}
	}
	return count
}
