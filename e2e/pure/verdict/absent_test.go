package verdict_test

import (
	"encoding/json"
	"testing"

	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/verdict"
)

// Which observers there are depends on the lane, on permissions and on what failed: no mix of them may end a run.
func TestNoMixOfObserversEndsARun(t *testing.T) {
	says := []hop.Outcome{hop.MTLS, hop.Refused, hop.Absent}
	wants := []struct {
		outcome hop.Outcome
		cause   hop.Refusal
	}{{hop.MTLS, ""}, {hop.Plaintext, ""}, {hop.OneWayTLS, ""}, {hop.AppTLS, ""}, {hop.Refused, hop.NoClientCertificate}, {hop.Refused, hop.NoEndpoint}, {hop.Refused, hop.Closed}}
	sources := []hop.Source{hop.Client, hop.Server, hop.Application, hop.Wire, hop.Probe, hop.Stats}
	for _, kind := range []hop.ClientKind{hop.Sidecar, hop.Plain, hop.Prober} {
		for flags := range 1 << 4 {
			for _, want := range wants {
				for _, said := range says {
					for there := range 1 << len(sources) {
						check := verdict.Check{ClientKind: kind, Want: want.outcome, Cause: want.cause}
						check.Proxied, check.Relays, check.Streams = flags&1 != 0, flags&2 != 0, flags&4 != 0
						if flags&8 != 0 {
							check.On = "kept"
						}
						for i, source := range sources {
							if there&(1<<i) != 0 {
								put(&check.Observers, &hop.Observation{Source: source, Says: said})
							}
						}
						withoutPanic(t, check)
						// A gateway's proxy passes on what it does not read.
						if server := check.Observers.Server; server != nil {
							server.Says = hop.AppTLS
							withoutPanic(t, check)
						}
					}
				}
			}
		}
	}
}

func put(into *verdict.Observers, seen *hop.Observation) {
	switch seen.Source {
	case hop.Client:
		into.Client = seen
	case hop.Server:
		into.Server = seen
	case hop.Application:
		into.Application = seen
	case hop.Wire:
		into.Wire = seen
	case hop.Probe:
		into.Probe = seen
	case hop.Stats:
		into.Stats = seen
	}
}

func withoutPanic(t *testing.T, check verdict.Check) {
	t.Helper()
	defer func() {
		if broke := recover(); broke != nil {
			content, _ := json.Marshal(check)
			t.Fatalf("%v: %s", broke, content)
		}
	}()
	check.Judge()
	check.OnTheWire()
	check.CauseNamed()
	check.ShownByClient()
	check.ShownByServer()
	c := verdict.Case{Checks: []verdict.Check{check}}
	c.Conclude()
	c.Unanswered()
}
