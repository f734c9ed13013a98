package runner

import (
	"context"
	"fmt"

	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/e2e/live/traffic"
	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/hop"
)

// passedBy says of attempts that their client's proxy has no line of whether they went past it: a request from the same
// application to another port, made after they were through, must be in the proxy's log.
func (r *round) passedBy(ctx context.Context) error {
	marked := map[mesh.Proxy]error{}
	for i := range r.checks {
		check := &r.checks[i]
		seen := check.Observers.Client
		if !r.unseen[check.ID] || check.ClientKind != hop.Sidecar {
			continue
		}
		proxy := r.Places.Clients[check.From].Proxy
		if _, known := marked[proxy]; !known {
			var err error
			if marked[proxy], err = r.clientMark(ctx, *seen, check.Hop); err != nil {
				return err
			}
		}
		if marked[proxy] == nil && r.Logs.Gap(proxy, r.marks[proxy]) == nil {
			check.Observers.Client = &hop.Observation{Source: hop.Client, By: seen.By, ID: seen.ID, Says: hop.Absent}
		}
	}
	return nil
}

// clientMark sends a sentinel from the application of a hop's client to a port that the hop does not go to, and waits until
// its proxy has logged it. The first error tells why it has not, the second that none could be sent.
func (r *round) clientMark(ctx context.Context, seen hop.Observation, of hop.Hop) (unmarked, failed error) {
	id := seen.ID + "-client-sentinel"
	for _, h := range r.World.Hops() {
		service, port, _ := r.World.Port(h.To)
		spoken := port.Protocol == hop.HTTP || port.Protocol == hop.GRPC
		if h.From != of.From || h.To.Port == of.To.Port || !spoken || len(service.Workloads) != 1 || service.Kind != fixture.ClusterIP {
			continue
		}
		proxy := r.Places.Clients[of.From].Proxy
		after := r.Logs.Mark(proxy)
		if _, err := r.Sender.Send(ctx, []traffic.Attempt{{ID: id, Hop: h}}); err != nil {
			return nil, err
		}
		_, _, unmarked = r.Logs.ClientLine(ctx, proxy, after, id, hop.FiveTuple{})
		return unmarked, nil
	}
	return fmt.Errorf("%s has no other port to send a sentinel to", of.From), nil
}
