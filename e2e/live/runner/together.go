package runner

import (
	"context"
	"slices"

	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/e2e/live/runner/hopconfig"
	"mtls.test/conformance/e2e/pure/join"
	"mtls.test/conformance/e2e/pure/verdict"
)

// together is the check of a spread: that of its one request, or of all pairs of pods.
func (c *CaseRun) together(step int, s *spread, intent verdict.Intent, came map[string][]hopconfig.Pair) verdict.Check {
	fresh := slices.DeleteFunc(came[s.ID], func(pair hopconfig.Pair) bool {
		return slices.ContainsFunc(s.pairs, func(known hopconfig.Pair) bool { return known.Client == pair.Client && known.Server == pair.Server })
	})
	if s.single() && len(fresh) == 0 {
		return s.made[0].Check
	}
	all := s.made
	for _, pair := range s.pairs {
		if !slices.ContainsFunc(all, func(one verdict.AtPair) bool { return one.Requests > 0 && one.String() == pair.String() }) {
			all = append(all, c.alone(step, s.Attempt, pair, intent))
		}
	}
	for _, pair := range fresh {
		one := c.alone(step, s.Attempt, pair, intent)
		one.New = true
		all = append(all, one)
	}
	for i := range all {
		for _, pod := range []string{all[i].Client, all[i].Server} {
			if all[i].Requests > 0 && c.ended(pod) {
				all[i].Ended(pod)
			}
		}
	}
	return verdict.Together(all)
}

// alone judges a pair by its configuration.
func (c *CaseRun) alone(step int, a join.Attempt, pair hopconfig.Pair, intent verdict.Intent) verdict.AtPair {
	one := verdict.AtPair{
		Pair:  verdict.Pair{Client: pair.Client.String(), Server: pair.Server.String(), Unpicked: pair.Unpicked},
		Check: c.check(step, a, pair.Server, intent, pair.Config),
	}
	one.Check.JudgeAlone()
	return one
}

// comings reads which pods there are once the attempts are made, and how each attempt's pairs are configured then, by the attempt's
// id; nothing where the pods are those that there were.
func (c *CaseRun) comings(ctx context.Context, all []*spread) (map[string][]hopconfig.Pair, error) {
	changed, err := c.lookAgain(ctx)
	if err != nil || !changed {
		return nil, err
	}
	var attempts []join.Attempt
	for _, s := range all {
		if s.Want.On == "" {
			attempts = append(attempts, s.Attempt)
		}
	}
	return c.r.Config.Facts(ctx, attempts)
}

// lookAgain finds which pods the world has now, and tells whether they are others than before. The end of a pod whose workload has
// another that stays disturbs none but its own attempts.
func (c *CaseRun) lookAgain(ctx context.Context) (changed bool, err error) {
	changed, fewer, err := c.r.LookAgain(ctx)
	if err != nil || !changed {
		return false, err
	}
	for _, place := range fewer {
		delete(c.pods, place.String())
		if c.flow != nil { // some of its requests may have gone through the pod
			c.restarted = with(c.restarted, place.String()+" is gone")
		}
	}
	now, err := c.r.Mesh.PodStates(ctx, c.restsOn())
	if err != nil {
		return false, err
	}
	for pod, state := range now {
		if _, known := c.pods[pod]; !known {
			c.pods[pod] = state
		}
	}
	return true, nil
}

// ended tells that a pod is none of the world any more.
func (c *CaseRun) ended(pod string) bool {
	return !slices.ContainsFunc(c.r.Places.All(), func(place mesh.Place) bool { return place.String() == pod })
}
