package steps

import (
	"context"
	"time"

	apiwait "k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/e2e-framework/klient/wait"

	"mtls.test/conformance/e2e/fixture"
	"mtls.test/conformance/e2e/hop"
	"mtls.test/conformance/e2e/verdict"
)

// configInterval is how often proxies are asked for their configuration while a change is on its way.
const configInterval = 50 * time.Millisecond

// awaitConfig reads the configuration until it is as wanted of every hop, or the limit passes: then as it is, for the
// verdict to judge. Being as wanted never makes a PASS by itself.
func (p *Player) awaitConfig(ctx context.Context, wants map[hop.Hop]fixture.Expect) (map[hop.Hop]verdict.Config, error) {
	var hops []hop.Hop
	for h := range wants {
		hops = append(hops, h)
	}
	var facts map[hop.Hop]verdict.Config
	err := wait.For(func(ctx context.Context) (bool, error) {
		now, err := p.facts(ctx, hops)
		if err != nil {
			return false, err
		}
		facts = now
		for h, want := range wants {
			if facts[h].Says != want.Want || facts[h].Refusal != want.Cause {
				return false, nil
			}
		}
		return true, nil
	}, wait.WithContext(ctx), wait.WithTimeout(configLimit), wait.WithInterval(configInterval), wait.WithImmediate())
	if err != nil && (facts == nil || !apiwait.Interrupted(err)) {
		return nil, err
	}
	return facts, ctx.Err()
}

// configLimit is how long acknowledged configuration may take to be in force: a new cluster or listener warms first.
const configLimit = 2 * time.Second

// restored waits until every hop is configured as before the first case, and lists those that are not.
func (p *Player) restored(ctx context.Context) ([]hop.Hop, error) {
	hops := p.hops()
	var different []hop.Hop
	err := wait.For(func(ctx context.Context) (bool, error) {
		facts, err := p.facts(ctx, hops)
		if err != nil {
			return false, err
		}
		different = nil
		now := shapes(facts)
		for _, h := range hops {
			if now[h] != p.baseline[h] {
				different = append(different, h)
			}
		}
		return len(different) == 0, nil
	}, wait.WithContext(ctx), wait.WithTimeout(settleLimit), wait.WithInterval(configInterval), wait.WithImmediate())
	if len(different) > 0 {
		return different, nil
	}
	return nil, err
}
