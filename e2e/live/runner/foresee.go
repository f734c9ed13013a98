package runner

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/verdict"
)

// Foresee plays the policies of cases without traffic, and tells from configuration alone what would become of each
// expectation that holds for a proxy profile. The player's Read answers for proxies of that profile.
func (p Player) Foresee(ctx context.Context, told *verdict.Case, profile string, cases []fixture.Case) error {
	p.Profile = profile
	for _, c := range cases {
		play := &play{Player: &p, c: c, run: p.RunID, foresees: true, evidence: NewEvidence(), connections: map[string]connection{}}
		err := play.foresee(ctx)
		err = errors.Join(err, play.clean(context.WithoutCancel(ctx)))
		told.Foreseen = append(told.Foreseen, play.verdict.Foreseen...)
		if err != nil {
			return fmt.Errorf("%s: %w", c.ID, err)
		}
	}
	return nil
}

func (p *play) foresee(ctx context.Context) error {
	for i, step := range p.c.Steps {
		var err error
		if step.Expect != nil {
			err = p.foretell(ctx, i, p.attempts(i, step.Expect))
		} else if step.Refuse == nil {
			err = p.step(ctx, i, step)
		}
		if err != nil {
			return fmt.Errorf("step %d: %w", i, err)
		}
	}
	return nil
}

func (p *play) foretell(ctx context.Context, step int, attempts []attempt) error {
	facts, err := p.awaitConfig(ctx, attempts)
	if err != nil {
		return err
	}
	for _, a := range attempts {
		config := facts[a.id]
		foreseen := verdict.Foreseen{
			Hop: a.Hop, Case: p.c.ID, Step: step, Want: a.want.Want, Cause: a.want.Cause, WantWire: a.want.Wire, Config: config.Prediction,
		}
		switch client := config.Client; {
		case a.want.Probe != nil:
			foreseen.SNI, foreseen.Offered = a.want.Probe.SNI, a.want.Probe.ALPN
		case client != nil:
			service, port, _ := p.World.Port(a.To)
			foreseen.SNI, foreseen.Offered = client.SNI, client.Offered(p.does(a, service, port).Speaks)
		}
		foreseen.Judge(config.Missing)
		p.verdict.Foreseen = append(p.verdict.Foreseen, foreseen)
	}
	return nil
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
			sends = sends || step.Connect != nil || step.Traffic != fixture.NoTraffic || step.Account != nil || step.Authority != nil || step.Renew != nil
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
