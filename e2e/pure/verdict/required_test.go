package verdict

import (
	"slices"
	"testing"

	"mtls.test/conformance/e2e/pure/envoy"
	"mtls.test/conformance/e2e/pure/hop"
)

func TestWhoIsAWitness(t *testing.T) {
	all := []hop.Source{hop.Client, hop.Server, hop.Application, hop.Wire}
	for name, row := range map[string]struct {
		check Check
		want  []hop.Source
	}{
		"served":                                {Check{Proxied: true, Want: hop.MTLS}, all},
		"a probe":                               {Check{Proxied: true, Want: hop.MTLS, ClientKind: hop.Prober}, []hop.Source{hop.Probe, hop.Server, hop.Application, hop.Wire}},
		"no proxy at the server":                {Check{Want: hop.Plaintext}, []hop.Source{hop.Client, hop.Application, hop.Wire}},
		"through a gateway":                     {Check{Proxied: true, Want: hop.MTLS, Relays: true}, []hop.Source{hop.Client, hop.Server, hop.Wire}},
		"a stream":                              {Check{Proxied: true, Want: hop.MTLS, Streams: true}, []hop.Source{hop.Client, hop.Wire}},
		"a kept connection, served":             {Check{Proxied: true, Want: hop.MTLS, On: "one"}, all},
		"a kept connection, closed":             {Check{Proxied: true, Want: hop.Refused, On: "one", Cause: hop.Closed}, []hop.Source{hop.Client, hop.Wire}},
		"a new connection, closed":              {Check{Proxied: true, Want: hop.Refused, Cause: hop.Closed}, all},
		"a kept connection, refused":            {Check{Proxied: true, Want: hop.Refused, On: "one", Cause: hop.NoFilterChain}, all},
		"refused at home":                       {Check{Proxied: true, Want: hop.Refused, Cause: hop.NoEndpoint}, []hop.Source{hop.Client, hop.Application}},
		"refused at home, without a cluster":    {Check{Proxied: true, Want: hop.Refused, Cause: hop.NoCluster}, []hop.Source{hop.Client, hop.Application}},
		"refused at home, blocked":              {Check{Proxied: true, Want: hop.Refused, Cause: hop.Blocked}, []hop.Source{hop.Client, hop.Application}},
		"refused at home, behind a gateway":     {Check{Proxied: true, Want: hop.Refused, Cause: hop.NoEndpoint, Relays: true}, []hop.Source{hop.Client, hop.Server, hop.Wire}},
		"served, with a cause that is for none": {Check{Proxied: true, Want: hop.MTLS, Cause: hop.NoEndpoint}, all},
	} {
		if got := row.check.ends(); !slices.Equal(got, row.want) {
			t.Errorf("%s: %v, want %v", name, got, row.want)
		}
	}
}

func TestWhatAStatementLeavesPossible(t *testing.T) {
	served := []hop.Outcome{hop.MTLS, hop.Plaintext, hop.OneWayTLS, hop.AppTLS}
	encrypted := []hop.Outcome{hop.MTLS, hop.OneWayTLS, hop.AppTLS}
	anything := append(slices.Clone(served), hop.Refused)
	only := func(outcome hop.Outcome) []hop.Outcome { return []hop.Outcome{outcome} }
	relays, home := Check{Relays: true}, Check{Config: Config{Prediction: envoy.Prediction{Refusal: hop.NoEndpoint}}}
	kept := Check{On: "one", Observers: Observers{Wire: &hop.Observation{Packets: &hop.Packets{}}}}
	closed := Check{On: "one", Observers: Observers{Wire: &hop.Observation{Packets: &hop.Packets{Closed: true}}}}
	unseen := Check{On: "one", Observers: Observers{Wire: &hop.Observation{}}}
	for _, row := range []struct {
		check  Check
		source hop.Source
		says   hop.Outcome
		want   []hop.Outcome
	}{
		{Check{}, hop.Wire, hop.Encrypted, append(slices.Clone(encrypted), hop.Refused)},
		{Check{}, hop.Wire, hop.Plaintext, []hop.Outcome{hop.Plaintext, hop.Refused}},
		{Check{}, hop.Wire, hop.Refused, only(hop.Refused)},
		{Check{}, hop.Wire, hop.Cut, only(hop.Refused)},
		{Check{}, hop.Wire, hop.Absent, only(hop.Absent)},
		{home, hop.Wire, hop.Absent, only(hop.Refused)},
		{home, hop.Server, hop.Absent, only(hop.Refused)},
		{Check{}, hop.Server, hop.Absent, only(hop.Absent)},
		{Check{}, hop.Application, hop.Absent, only(hop.Refused)},
		{Check{}, hop.Application, hop.Served, served},
		{Check{}, hop.Application, hop.Plaintext, only(hop.Plaintext)},
		{Check{}, hop.Client, hop.Plaintext, only(hop.Plaintext)},
		{Check{}, hop.Client, hop.AppTLS, only(hop.AppTLS)},
		{Check{}, hop.Client, hop.Absent, only(hop.Absent)},
		{Check{}, hop.Probe, hop.Served, served},
		{Check{}, hop.Server, hop.MTLS, only(hop.MTLS)},
		{Check{}, hop.Server, hop.Raw, []hop.Outcome{hop.Plaintext, hop.AppTLS, hop.Refused}},
		{Check{}, hop.Server, hop.AppTLS, []hop.Outcome{hop.AppTLS, hop.Refused}},
		{relays, hop.Server, hop.Raw, anything},
		{relays, hop.Server, hop.AppTLS, anything},
		{relays, hop.Server, hop.MTLS, only(hop.MTLS)},
		{relays, hop.Client, hop.AppTLS, only(hop.AppTLS)},
		{relays, hop.Wire, hop.Plaintext, []hop.Outcome{hop.Plaintext, hop.Refused}},
		{kept, hop.Wire, hop.Encrypted, encrypted},
		{kept, hop.Wire, hop.Plaintext, only(hop.Plaintext)},
		{kept, "", hop.MTLS, []hop.Outcome{hop.MTLS, hop.Refused}},
		{unseen, hop.Wire, hop.Plaintext, only(hop.Plaintext)},
		{closed, hop.Wire, hop.Plaintext, []hop.Outcome{hop.Plaintext, hop.Refused}},
		{kept, hop.Client, hop.Encrypted, only(hop.Encrypted)},
	} {
		if got := row.check.consistentOutcomes(row.source, row.says); !slices.Equal(got, row.want) {
			t.Errorf("%q says %s (relays %t, kept %t): %v, want %v", row.source, row.says, row.check.Relays, row.check.On != "", got, row.want)
		}
	}
}
