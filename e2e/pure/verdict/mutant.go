package verdict

import (
	"fmt"
	"slices"
	"strings"

	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/hop"
)

// MutantResult is the result of a mutant: whether the suite noticed the sabotage.
type MutantResult string

// The results; only Killed makes a run of mutants green.
const (
	Killed   MutantResult = "KILLED"   // every case that must notice did, as declared, and every other one stayed green
	Survived MutantResult = "SURVIVED" // a case did not notice, or not as declared, or one noticed that must not
	Invalid  MutantResult = "INVALID"  // the sabotage could not be done, or had no effect: the mutant is at fault
	Red      MutantResult = "RED"      // the baseline was not green, before or after: nothing can be said of the mutant
)

// Mutant is the result of one mutant, as in report.json.
type Mutant struct {
	ID       string        `json:"id"`
	Title    string        `json:"title"`
	Layer    fixture.Layer `json:"layer"`
	Result   MutantResult  `json:"result"`
	Reason   string        `json:"reason"`
	KilledBy []string      `json:"killedBy"` // cases
	Observer []string      `json:"observer"` // who stood alone, showed it or was missing, in the order of killedBy
	Seconds  float64       `json:"seconds"`
	Played   []Played      `json:"played"` // every case that was played for it
	Rerun    string        `json:"rerun"`
}

// Verdict is what the mutant makes of a run: a survivor is a FAIL of the suite, and what says nothing INCONCLUSIVE.
func (m Mutant) Verdict() hop.Result {
	switch m.Result {
	case Killed:
		return hop.Pass
	case Survived:
		return hop.Fail
	}
	return hop.Inconclusive
}

// Played is one case as it was played for a mutant.
type Played struct {
	Phase  Phase      `json:"phase"`
	Case   string     `json:"case"`
	Result hop.Result `json:"result"`
	Reason string     `json:"reason"`
}

// Phase is when a case is played for a mutant.
type Phase string

// The phases.
const (
	Before Phase = "before"
	Under  Phase = "under"
	After  Phase = "after"
)

// Add records the result of a case. In a baseline phase, a case that does not pass makes the mutant Red.
func (m *Mutant) Add(phase Phase, c Case) {
	m.Played = append(m.Played, Played{Phase: phase, Case: c.ID, Result: c.Result, Reason: c.Reason})
	if phase != Under && c.Result != hop.Pass && m.Result != Red {
		m.Result, m.Reason = Red, fmt.Sprintf("%s the sabotage %s is %s: %s", phase, c.ID, c.Result, c.Reason)
	}
}

// Judge compares the results of the cases under the sabotage with what the mutant declares. It does nothing if the result
// is already known.
func (m *Mutant) Judge(declared fixture.Mutant, under map[string]Case) {
	if m.Result != "" {
		return
	}
	m.Result = Killed
	var told []string
	for _, kill := range declared.Kills {
		why := NotKilled(kill, under[kill.Case])
		if why != "" {
			m.Result = Survived
			told = append(told, why)
			continue
		}
		m.KilledBy, m.Observer = append(m.KilledBy, kill.Case), append(m.Observer, kill.Observer)
	}
	if len(declared.Kills) == 0 {
		told = m.judgeAny(declared.Layer, under)
	}
	for _, id := range declared.Spares {
		if c := under[id]; c.Result != hop.Pass {
			m.Result = Survived
			told = append(told, fmt.Sprintf("%s must stay green, and is %s: %s", id, c.Result, c.Reason))
		}
	}
	if m.Result == Killed {
		told = []string{fmt.Sprintf("%s noticed", strings.Join(m.KilledBy, ", "))}
	}
	m.Reason = strings.Join(told, "; ")
}

// NotKilled returns why a case did not notice a mutant as declared; empty where it did.
func NotKilled(kill fixture.Kill, c Case) string {
	if c.Result != kill.Verdict {
		return fmt.Sprintf("%s is %s, not %s: %s", kill.Case, c.Result, kill.Verdict, c.Reason)
	}
	for _, check := range c.Checks {
		if kill.Observer != fixture.Settling && check.Result == kill.Verdict && check.shownBy(kill) {
			return ""
		}
	}
	if kill.Observer == fixture.Settling && slices.ContainsFunc(c.Changes, func(change Change) bool { return change.Settled.Failed != "" }) {
		return ""
	}
	return fmt.Sprintf("%s is %s, but %s is not who shows it: %s", kill.Case, c.Result, kill.Observer, c.Reason)
}

// shownBy reports whether a check's verdict rests on whom the kill declares.
func (c *Check) shownBy(kill fixture.Kill) bool {
	seen := c.Observers.By(hop.Source(kill.Observer))
	switch kill.Verdict {
	case hop.Mismatch:
		return slices.Equal(c.StandsOut, []string{kill.Observer})
	case hop.Fail:
		return slices.Contains(c.shows(), kill.Observer)
	}
	return seen == nil || seen.Missing != ""
}
