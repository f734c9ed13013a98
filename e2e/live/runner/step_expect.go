package runner

import (
	"context"
	"fmt"
	"slices"

	"mtls.test/conformance/e2e/live/runner/attempt"
	"mtls.test/conformance/e2e/live/runner/hopconfig"
	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/join"
	"mtls.test/conformance/e2e/pure/verdict"
)

// Expect makes one attempt over every hop of the expectations, all at once, and judges what became of each.
func (c *CaseRun) Expect(ctx context.Context, step int, expects []fixture.Expect) error {
	attempts, err := c.Attempts(step, expects)
	if err != nil || len(attempts) == 0 {
		return err
	}
	if _, err := c.lookAgain(ctx); err != nil {
		return err
	}
	flowing := c.flowing()
	intents, err := c.Intents(ctx, slices.Concat(attempts, flowing))
	if err != nil {
		return err
	}
	c.flowsInClear(flowing, intents)
	if attempts, err = c.byIntent(attempts, intents); err != nil {
		return err
	}
	facts, err := c.r.Config.Await(ctx, attempts)
	if err != nil {
		return err
	}
	return c.attempt(ctx, step, attempts, intents, facts)
}

// attempt makes attempts at once and judges each, in as many rounds as the pairs of pods ask for: one where every end has one pod.
func (c *CaseRun) attempt(ctx context.Context, step int, attempts []join.Attempt, intents map[string]verdict.Intent, facts map[string][]hopconfig.Pair) error {
	var all []*spread
	for _, a := range attempts {
		all = append(all, c.newSpread(a, facts[a.ID], intents[a.ID]))
	}
	for more := true; more; {
		var err error
		if more, err = c.round(ctx, step, all, intents); err != nil {
			return err
		}
	}
	came, err := c.comings(ctx, all)
	if err != nil {
		return err
	}
	var checks []verdict.Check
	for _, s := range all {
		checks = append(checks, c.together(step, s, intents[s.ID], came))
		c.requests.add(s.origins)
	}
	c.Verdict.Checks = append(c.Verdict.Checks, checks...)
	c.askKiali(ctx, step, checks)
	return nil
}

// round makes the next request of each spread that is to have more, and judges each. It tells whether more can be asked for.
func (c *CaseRun) round(ctx context.Context, step int, all []*spread, intents map[string]verdict.Intent) (more bool, err error) {
	groups := nextOf(all)
	if len(groups) == 0 {
		return false, nil
	}
	for _, together := range groups {
		if err := c.send(ctx, step, together, intents); err != nil {
			return false, err
		}
	}
	for _, s := range all {
		s.rounds++
	}
	return slices.ContainsFunc(all, func(s *spread) bool { return !s.single() }), nil
}

// next is a request that a spread is to have.
type next struct {
	of   *spread
	over attempt.Over
}

// nextOf are the next requests of spreads, those together that are made at once. One that is counted goes by itself, for counters name no
// connection.
func nextOf(all []*spread) [][]next {
	var together []next
	var groups [][]next
	for _, s := range all {
		for _, over := range s.over() {
			if s.Want.Counted {
				groups = append(groups, []next{{s, over}})
				continue
			}
			together = append(together, next{s, over})
		}
	}
	if len(together) > 0 {
		groups = append(groups, together)
	}
	return groups
}

// send makes requests at once, and judges each.
func (c *CaseRun) send(ctx context.Context, step int, together []next, intents map[string]verdict.Intent) error {
	began, err := c.r.cutoff(ctx)
	if err != nil {
		return err
	}
	collector, batch := c.r.collector(), attempt.NewBatch(fmt.Sprintf("%s-%s-%d", c.Name, c.Case.ID, step), began)
	for _, one := range together {
		c.add(collector, batch, step, one.of, one.over, intents[one.of.ID])
	}
	if err := collector.Collect(ctx, batch); err != nil {
		return err
	}
	origins := batch.Origins()
	for i, made := range batch.Made() {
		made.Check.Judge()
		together[i].of.keep(made)
		together[i].of.origins = append(together[i].of.origins, origins[i])
	}
	c.Evidence.add(batch)
	return nil
}

// add adds the next request of a spread to a batch.
func (c *CaseRun) add(collector *attempt.Collector, batch *attempt.Batch, step int, s *spread, over attempt.Over, intent verdict.Intent) {
	a := s.request()
	if a.Want.On != "" {
		kept := c.connections[a.Want.On]
		a.Kept = &join.Kept{Conn: kept.conn, Streams: kept.use == fixture.Stream, Pods: s.among()}
		over.Kept, over.Asked = kept.name, intent.Says
	}
	first := over.Servers.First()
	a.Check = c.check(step, *a, first, intent, over.Configs[first.Proxy])
	collector.Add(batch, a, over)
}

// collector observes attempts by what the runner has.
func (r *Runner) collector() *attempt.Collector {
	return &attempt.Collector{
		Config: r.Config, Mesh: r.Mesh, Sender: r.Sender, Prober: r.Prober, Logs: r.Logs, Taps: r.Taps, Watched: r.watched, Blind: r.uncontrolled,
	}
}
