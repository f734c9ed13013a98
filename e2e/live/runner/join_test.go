package runner

import (
	"errors"
	"testing"

	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/e2e/live/observe"
	"mtls.test/conformance/e2e/live/traffic"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/verdict"
)

func TestAClientWhoseAgentDoesNotAnswerIsMissingAndNoOther(t *testing.T) {
	silent := errors.New("send from plain-client: time-out")
	for kind, of := range map[hop.ClientKind]func(verdict.Observers) *hop.Observation{
		hop.Plain:   func(o verdict.Observers) *hop.Observation { return o.Client },
		hop.Sidecar: func(o verdict.Observers) *hop.Observation { return o.Client },
		hop.Prober:  func(o verdict.Observers) *hop.Observation { return o.Probe },
	} {
		r := &round{play: &play{Player: &Player{Places: mesh.Places{}}}, unsent: traffic.Unsent{"silent": silent}}
		check := verdict.Check{ID: "silent", ClientKind: kind}
		r.client(t.Context(), &check)
		if seen := of(check.Observers); seen == nil || seen.Missing != silent.Error() || seen.Says != "" {
			t.Errorf("%s: %+v", kind, seen)
		}
	}
}

func wireThatSays(outcome hop.Outcome) observe.Wire {
	return observe.Wire{Observation: hop.Observation{Source: hop.Wire, Says: outcome}}
}
