// Package forecast foretells from configuration alone what would become of the hops of cases, where no proxy runs that has
// the configuration: it applies the policies and reads what a control plane would send.
package forecast

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"mtls.test/conformance/e2e/live/runner"
	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/verdict"
)

// Run runs the policies of cases without traffic, and foretells each expectation that holds for the runner's proxy profile. The
// runner reads configuration from the control plane (see Runner.For).
func Run(ctx context.Context, r *runner.Runner, cases []fixture.Case) ([]verdict.Foreseen, error) {
	var all []verdict.Foreseen
	for _, c := range cases {
		run := r.NewCase(c)
		foreseen, err := foresee(ctx, r, run)
		all = append(all, foreseen...)
		if err = errors.Join(err, run.CleanUp(context.WithoutCancel(ctx))); err != nil {
			return all, fmt.Errorf("%s: %w", c.ID, err)
		}
	}
	return all, nil
}

func foresee(ctx context.Context, r *runner.Runner, run *runner.CaseRun) ([]verdict.Foreseen, error) {
	var all []verdict.Foreseen
	for i, step := range run.Case.Steps {
		var err error
		if step.Expect != nil {
			var foreseen []verdict.Foreseen
			foreseen, err = foretell(ctx, r, run, i)
			all = append(all, foreseen...)
		} else if step.Refuse == nil {
			err = run.Step(ctx, i, step)
		}
		if err != nil {
			return all, fmt.Errorf("step %d: %w", i, err)
		}
	}
	return all, nil
}

func foretell(ctx context.Context, r *runner.Runner, run *runner.CaseRun, step int) ([]verdict.Foreseen, error) {
	attempts, err := run.Attempts(step, run.Case.Steps[step].Expect)
	if err != nil {
		return nil, err
	}
	facts, err := r.Config.Await(ctx, attempts)
	if err != nil {
		return nil, err
	}
	var all []verdict.Foreseen
	for _, a := range attempts {
		// Every pod that no proxy stands for is configured like the first.
		config := facts[a.ID][0].Config
		foreseen := verdict.Foreseen{
			Hop: a.Hop, Case: run.Case.ID, Step: step, Want: a.Want.Want, Cause: a.Want.Cause, WantWire: a.Want.Wire, Config: config.Prediction,
		}
		switch client := config.Client; {
		case a.Want.Probe != nil:
			foreseen.SNI, foreseen.Offered = a.Want.Probe.SNI, a.Want.Probe.ALPN
		case client != nil:
			foreseen.SNI, foreseen.Offered = client.SNI, client.Offered(r.Config.Does(a).Speaks)
		}
		foreseen.Judge(config.Missing)
		all = append(all, foreseen)
	}
	return all, nil
}

// proxyLabels are of cases that may come out otherwise by the build of the proxy: what is offered and which chain it meets.
var proxyLabels = []string{"smoke", "wire", "probe", "pass-through"}

// Foreseeable are the cases that the build of the proxy may decide and that can be told from configuration alone: those
// without connections from before and without changes that take a proxy of their own.
func Foreseeable(cases []fixture.Case) []fixture.Case {
	var all []fixture.Case
	for _, c := range cases {
		sends := !slices.ContainsFunc(c.Labels, func(label string) bool { return slices.Contains(proxyLabels, label) })
		for _, step := range c.Steps {
			sends = sends || step.Connect != nil || step.Traffic != fixture.NoTraffic || step.Account != nil || step.Scale != nil || step.Authority != nil || step.Renew != nil
			for _, expect := range step.Expect {
				sends = sends || expect.On != "" || expect.Documented != ""
			}
		}
		if !sends {
			all = append(all, c)
		}
	}
	return all
}
