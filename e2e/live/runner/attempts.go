package runner

import (
	"fmt"
	"strconv"
	"strings"

	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/join"
)

// Attempts lists the hops of a step's expectations that hold for this proxy profile and version.
func (c *CaseRun) Attempts(step int, expects []fixture.Expect) []join.Attempt {
	var all []join.Attempt
	for _, expect := range expects {
		if !c.r.holds(expect) {
			continue
		}
		for _, h := range expect.Hops() {
			all = append(all, join.Attempt{Hop: h, Want: expect, ID: fmt.Sprintf("%s-%s-%d-%d", c.Name, c.Case.ID, step, len(all))})
		}
	}
	return all
}

// holds is true of an expectation that is for the profile and the version of the running proxies.
func (r *Runner) holds(expect fixture.Expect) bool {
	return (expect.Profile == "" || expect.Profile == r.Profile) && !before(r.Istio, expect.Since)
}

// before is true where a version of Istio is older than a minor. A version without a minor counts as the newest.
func before(version, minor string) bool {
	if minor == "" {
		return false
	}
	is, known := minorOf(version)
	since, _ := minorOf(minor)
	return known && is < since
}

func minorOf(version string) (int, bool) {
	parts := strings.SplitN(strings.TrimPrefix(version, "v"), ".", 3)
	if len(parts) < 2 || parts[0] != "1" {
		return 0, false
	}
	minor, err := strconv.Atoi(parts[1])
	return minor, err == nil
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
