package exemption

import (
	"context"
	"fmt"
	"slices"

	"mtls.test/conformance/e2e/live/runner"
	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/hop"
)

// exemptible are the services that a lease can be taken for.
func exemptible(r *runner.Runner) []string {
	var names []string
	for _, service := range r.World.Services {
		if service.Kind == fixture.ClusterIP && len(service.Workloads) == 1 && !service.Relays() && !service.Pooled {
			names = append(names, service.Name)
		}
	}
	return names
}

// takeBaseline remembers what the policies ask now of the hops from clients with a proxy to services.
func (e *Exemption) takeBaseline(ctx context.Context, services []string) error {
	for _, a := range e.r.Config.EveryHop() {
		_, port, _ := e.r.World.Port(a.To)
		client, _ := e.r.World.Client(a.From)
		if slices.Contains(services, a.To.Service) && client.Kind != hop.Plain && (port.Protocol == hop.HTTP || port.Protocol == hop.GRPC) {
			a.ID = a.String()
			e.hops = append(e.hops, a)
		}
	}
	intents, err := e.run.Intents(ctx, e.hops)
	if err != nil {
		return err
	}
	for _, a := range e.hops {
		asked := intents[a.ID]
		if asked.Says == "" {
			return fmt.Errorf("%s: the policies do not tell what it is: %s", a.Hop, asked.Missing)
		}
		e.baseline = append(e.baseline, expectation(a.Hop, asked.Says, asked.Refusal))
	}
	return nil
}

func expectation(h hop.Hop, want hop.Outcome, cause hop.Refusal) fixture.Expect {
	return fixture.Expect{From: fixture.Names{h.From}, To: fixture.Names{h.To.String()}, Want: want, Cause: cause}
}
