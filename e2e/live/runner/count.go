package runner

import (
	"context"

	"mtls.test/conformance/e2e/live/observe"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/verdict"
)

// count reads the counters of the servers of attempts that are counted, by id.
func (r *round) count(ctx context.Context) (map[string]observe.Counters, error) {
	counters := map[string]observe.Counters{}
	for _, check := range r.checks {
		if !check.Counted {
			continue
		}
		read, err := observe.ReadCounters(ctx, r.Mesh, r.servers[check.ID].Proxy, r.listener(check))
		if err != nil {
			return nil, err
		}
		counters[check.ID] = read
	}
	return counters, nil
}

// listener is the scope of the counters by which a check's connection is counted.
func (r *round) listener(check verdict.Check) string {
	if check.Relays {
		return observe.GatewayListener(r.destination(check).Port())
	}
	return observe.InboundListener
}

// counted makes the observation of the counters: what they grew by from before the attempt until behind its watermark,
// where the proxy has done with it.
func (r *round) counted(ctx context.Context, before map[string]observe.Counters) error {
	after, err := r.count(ctx)
	if err != nil {
		return err
	}
	for i := range r.checks {
		check := &r.checks[i]
		if !check.Counted {
			continue
		}
		server := r.servers[check.ID].Proxy
		mark := r.watermarks[server]
		if mark.missing != nil {
			check.Observers.Stats = &hop.Observation{Source: hop.Stats, By: server.String(), ID: check.ID, Missing: mark.missing.Error()}
			continue
		}
		grown := after[check.ID].Since(before[check.ID])
		if mark.unmatched && !check.Relays {
			grown = grown.WithoutSentinel()
		}
		check.Observers.Stats = grown.Server(server, check.ID)
	}
	return nil
}
