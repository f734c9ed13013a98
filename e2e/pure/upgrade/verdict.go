package upgrade

import (
	"fmt"

	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/tlsdiff"
	"mtls.test/conformance/e2e/pure/verdict"
)

// File is the name under the artifacts folder of an upgrade's verdict.
const File = "upgrade.json"

// Verdict is what an upgrade came to.
type Verdict struct {
	Mode      Mode       `json:"mode"`
	Watched   bool       `json:"watched,omitempty"` // others made it
	Versions  Versions   `json:"versions"`
	Result    hop.Result `json:"result"`
	Reason    string     `json:"reason"`
	Problems  []Problem  `json:"problems"`
	Stages    []Judged   `json:"stages"`
	Rotations Rotations  `json:"rotations"`
	// NewerThanIstiod is how many seconds some proxy was newer than the istiod that it was connected to, as a rollback may have it.
	NewerThanIstiod float64 `json:"newerThanIstiodSeconds"`

	Traffic Traffic          `json:"traffic"`
	Changes []tlsdiff.Change `json:"changes"`          // of how hops are secured, from before the upgrade to its end
	Unused  []string         `json:"unused,omitempty"` // rows that were accepted, and explain no change
	Mutant  *MutantResult    `json:"mutant,omitempty"` // of an upgrade that went wrong on purpose; the result tells then whether it was noticed
}

// Problem is what keeps an upgrade from PASS.
type Problem struct {
	Stage  string     `json:"stage,omitempty"`
	Result hop.Result `json:"result"`
	Why    string     `json:"why"`
}

// String returns "FAIL at stage both: …".
func (p Problem) String() string {
	if p.Stage == "" {
		return fmt.Sprintf("%s: %s", p.Result, p.Why)
	}
	return fmt.Sprintf("%s at stage %s: %s", p.Result, p.Stage, p.Why)
}

// Title returns "Upgrade canary from Istio 1.30.0 to 1.31.0".
func (v Verdict) Title() string {
	return fmt.Sprintf("Upgrade %s from Istio %s to %s", v.Mode, v.Versions[From], v.Versions[To])
}

// Sum returns what was counted, in one line.
func (v Verdict) Sum() string {
	t := v.Traffic
	return fmt.Sprintf("%d of %d requests failed while Istio moved, %d were seen in the clear against the policies and %d by them (control: %d), %d changes of how hops are secured, certificates were renewed %d times, proxies were newer than their istiod for %.0f s; budgets are %s",
		t.Failed, t.Answered+t.Failed, len(t.Clear.Copies), t.Clear.ByRule, t.Clear.Own, len(v.Changes), v.Rotations.All, v.NewerThanIstiod, t.BudgetsBy)
}

// Conclude sets the result: the worst of what the stages, the traffic and the changes came to. Weakenings that a row explains stand
// first.
func (v *Verdict) Conclude() {
	v.Problems = []Problem{}
	for _, change := range v.Changes {
		if change.Fails() && change.Row != "" {
			v.Problems = append(v.Problems, Problem{Result: hop.Fail, Why: fmt.Sprintf("row %s: %s: %s (ACCEPT=%s accepts it)", change.Row, change.Key, said(change), change.Row)})
		}
	}
	for _, change := range v.Changes {
		switch {
		case change.Row != "":
		case change.Fails():
			v.Problems = append(v.Problems, Problem{Result: hop.Fail, Why: fmt.Sprintf("%s, %s: %s", change.Key, change.Class, said(change))})
		case change.Class == tlsdiff.Unknown:
			v.Problems = append(v.Problems, Problem{Result: hop.Inconclusive, Why: fmt.Sprintf("%s: %s", change.Key, said(change))})
		}
	}
	for _, stage := range v.Stages {
		if stage.Result != hop.Pass {
			v.Problems = append(v.Problems, Problem{Stage: stage.Stage, Result: stage.Result, Why: stage.Reason})
		}
	}
	v.Problems = append(v.Problems, v.Traffic.problems()...)
	v.NewerThanIstiod = NewerThanIstiod(v.Stages, v.Versions)
	v.Rotations = RotationsOf(v.Stages)
	if why := v.Rotations.problem(); why != "" && !v.Watched { // how long others take is theirs
		v.Problems = append(v.Problems, Problem{Result: hop.Inconclusive, Why: why})
	}
	v.Result, v.Reason = hop.Pass, fmt.Sprintf("%d stages hold, %d of %d requests failed", len(v.Stages), v.Traffic.Failed, v.Traffic.Answered+v.Traffic.Failed)
	for _, problem := range v.Problems {
		if verdict.Worse(v.Result, problem.Result) != v.Result {
			v.Result, v.Reason = problem.Result, problem.Why
		}
	}
}

func said(change tlsdiff.Change) string {
	if change.Field == "" {
		return change.Why
	}
	return fmt.Sprintf("%s was %v and is %v", change.Field, change.Before, change.After)
}
