package runner

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	apiwait "k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/e2e-framework/klient/wait"

	"mtls.test/conformance/e2e/pure/verdict"
)

// configInterval is how often proxies are asked for their configuration while a change is on its way.
const configInterval = 50 * time.Millisecond

// awaitConfig reads the configuration until it is as wanted of every hop, or the limit passes: then as it is, for the
// verdict to judge. Being as wanted never makes a PASS by itself.
func (p *Player) awaitConfig(ctx context.Context, attempts []attempt) (map[string]verdict.Config, error) {
	var facts map[string]verdict.Config
	err := wait.For(func(ctx context.Context) (bool, error) {
		now, err := p.facts(ctx, attempts)
		if err != nil {
			return false, err
		}
		facts = now
		for _, a := range attempts {
			if now := facts[a.id]; a.want.On == "" && (now.Says != a.want.Want || now.Refusal != a.want.Cause || now.Warming()) {
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

// agreement bounds how long istiod may take to know what the API server has: once the two were parted, it asks again after up
// to half a minute, and of each kind by itself.
const agreement = 45 * time.Second

// agreed waits until every hop is configured as the policies in the mesh ask, or the limit passes: then it is for the cases'
// verdicts to say so.
func (p *Player) agreed(ctx context.Context) error {
	hops := p.everyHop()
	before := &play{Player: p}
	intents, err := before.ask(ctx, hops)
	if err != nil {
		return err
	}
	err = wait.For(func(ctx context.Context) (bool, error) {
		facts, err := p.facts(ctx, hops)
		if err != nil {
			return false, err
		}
		return !slices.ContainsFunc(hops, func(a attempt) bool {
			asked, now := intents[a.id], facts[a.id]
			return asked.Says != "" && now.Says != "" && (!asked.Says.Alike(now.Says) || asked.Refusal != now.Refusal)
		}), nil
	}, wait.WithContext(ctx), wait.WithTimeout(agreement), wait.WithInterval(lifeInterval), wait.WithImmediate())
	if apiwait.Interrupted(err) {
		return ctx.Err()
	}
	return err
}

// restored waits until hops are configured as before the first case, and tells of those that are not.
func (p *Player) restored(ctx context.Context, hops []attempt) error {
	var different []string
	err := wait.For(func(ctx context.Context) (bool, error) {
		now, err := p.shapes(ctx, hops)
		if err != nil {
			return false, err
		}
		different = nil
		for _, h := range hops {
			was, known := p.baseline[h.id]
			shape, read := now[h.id]
			switch {
			case known && !read:
				different = append(different, h.id+": its configuration cannot be read any more")
			case known && was != shape:
				different = append(different, h.id+": "+differ(was, shape))
			}
		}
		return len(different) == 0, nil
	}, wait.WithContext(ctx), wait.WithTimeout(settleLimit), wait.WithInterval(configInterval), wait.WithImmediate())
	if len(different) > 0 {
		slices.Sort(different)
		return fmt.Errorf("proxies are left configured otherwise than before: %s", strings.Join(different, "; "))
	}
	return err
}
