package runner

import (
	"fmt"
	"strings"

	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/join"
)

// Attempts lists the hops of a step's expectations that hold for this proxy profile and version. Where it cannot be told of one
// whether it holds for the version, nothing may be concluded from the others alone, and it is an error.
func (c *CaseRun) Attempts(step int, expects []fixture.Expect) ([]join.Attempt, error) {
	var all []join.Attempt
	for _, expect := range expects {
		holds, err := c.r.holds(expect)
		if err != nil {
			return nil, fmt.Errorf("case %s, %s -> %s want %s: %w", c.Case.ID, strings.Join(expect.From, ", "), strings.Join(expect.To, ", "), expect.Want, err)
		}
		if !holds {
			continue
		}
		for _, h := range expect.Hops() {
			all = append(all, join.Attempt{Hop: h, Want: expect, ID: fmt.Sprintf("%s-%s-%d-%d", c.Name, c.Case.ID, step, len(all))})
		}
	}
	return all, nil
}

// holds is true of an expectation that is for the profile of the running proxies and for the version of the mesh.
func (r *Runner) holds(expect fixture.Expect) (bool, error) {
	if expect.Profile != "" && expect.Profile != r.Profile {
		return false, nil
	}
	span, err := expect.Span()
	if err != nil {
		return false, err
	}
	return span.Holds(r.Istio)
}

// attemptsOf lists every hop over which a case sends: for its expectations, its background traffic and its kept connections.
func (r *Runner) attemptsOf(c fixture.Case) []join.Attempt {
	var all []join.Attempt
	over := func(hops []hop.Hop, want fixture.Expect) {
		for _, h := range hops {
			all = append(all, join.Attempt{Hop: h, Want: want})
		}
	}
	for _, step := range c.Steps {
		for _, expect := range step.Expect {
			over(expect.Hops(), expect)
		}
		for _, kept := range step.Connect {
			want := fixture.Expect{From: fixture.Names{kept.From}, To: fixture.Names{kept.To}}
			over(want.Hops(), want)
		}
		if step.Traffic == fixture.Start {
			over(r.Sender.FlowHops(fixture.Expect{From: step.From, To: step.To}.Hops()), fixture.Expect{})
		}
	}
	return all
}
