package hopconfig

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	apiwait "k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/e2e-framework/klient/wait"

	"mtls.test/conformance/e2e/live/timeout"
	"mtls.test/conformance/e2e/pure/join"
	"mtls.test/conformance/e2e/pure/verdict"
)

// Interval is how often proxies are asked for their configuration while a change is on its way.
const Interval = 50 * time.Millisecond

// Facts reads what both proxies of each pair of an attempt have in force, by the attempt's id; each proxy is asked once. Where one
// does not tell, the configuration of its pairs is missing. The error is the context's.
func (r *Reader) Facts(ctx context.Context, attempts []join.Attempt) (map[string][]Pair, error) {
	dumps := r.dumps(ctx, attempts)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	facts := map[string][]Pair{}
	for _, a := range attempts {
		pairs := r.pairs(a)
		for i := range pairs {
			if pairs[i].Config.Missing == "" {
				pairs[i].Config = r.config(a, pairs[i], dumps)
				pairs[i].Unpicked = r.unpicked(a, pairs[i], dumps)
			}
		}
		facts[a.ID] = pairs
	}
	return facts, nil
}

func (r *Reader) dumps(ctx context.Context, attempts []join.Attempt) dumps {
	var mu sync.Mutex
	var readers sync.WaitGroup
	all := dumps{}
	for proxy, wanted := range r.Wanted(attempts) {
		readers.Go(func() {
			dump, err := r.Dump(ctx, proxy, wanted)
			if err == nil && len(dump.Rejected) > 0 {
				err = fmt.Errorf("%s refuses its newest configuration: %s", proxy, strings.Join(dump.Rejected, "; "))
			}
			mu.Lock()
			defer mu.Unlock()
			all[proxy] = dumped{dump, err}
		})
	}
	readers.Wait()
	return all
}

// Await reads the configuration until every pair of every attempt is configured as expected, or the limit passes: then as it is, for the
// verdict to judge. Being as expected never makes a PASS by itself.
func (r *Reader) Await(ctx context.Context, attempts []join.Attempt) (map[string][]Pair, error) {
	var facts map[string][]Pair
	err := wait.For(func(ctx context.Context) (bool, error) {
		now, err := r.Facts(ctx, attempts)
		if err != nil {
			return false, err
		}
		facts = now
		for _, a := range attempts {
			if a.Want.On == "" && slices.ContainsFunc(facts[a.ID], func(pair Pair) bool { return !asWanted(pair.Config, a) }) {
				return false, nil
			}
		}
		return true, nil
	}, wait.WithContext(ctx), wait.WithTimeout(timeout.InForce.Duration()), wait.WithInterval(Interval), wait.WithImmediate())
	if err != nil && (facts == nil || !apiwait.Interrupted(err)) {
		return nil, err
	}
	return facts, ctx.Err()
}

// asWanted tells that the configuration in force leads to what is expected of an attempt.
func asWanted(now verdict.Config, a join.Attempt) bool {
	return now.Says == a.Want.Want && now.Refusal == a.Want.Cause && !now.Warming()
}
