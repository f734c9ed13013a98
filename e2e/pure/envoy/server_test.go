package envoy

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mtls.test/conformance/e2e/pure/hop"
)

func serverOf(t *testing.T, name string, port uint16) ServerFacts {
	t.Helper()
	facts, err := load(t, name).Server(port)
	if err != nil {
		t.Fatal(err)
	}
	return facts
}

// inbound is a listener of the given chains, with a TLS inspector.
func inbound(t *testing.T, chains ...string) *Dump {
	t.Helper()
	return parse(t, `{"configs": [{"@type": "type.googleapis.com/envoy.admin.v3.ListenersConfigDump", "dynamic_listeners": [
		{"name": "virtualInbound", "active_state": {"listener": {
			"listener_filters": [{"name": "i", "typed_config": {"@type": "type.googleapis.com/`+tlsInspector+`"}}],
			"default_filter_chain": {"name": "default"},
			"filter_chains": [`+strings.Join(chains, ",")+`]}}}]}]}`)
}

func TestChainsAreMatchedWithoutComingBack(t *testing.T) {
	d := inbound(t,
		`{"name": "any port"}`,
		`{"name": "any port, raw", "filter_chain_match": {"transport_protocol": "raw_buffer"}}`,
		`{"name": "80 tls", "filter_chain_match": {"destination_port": 80, "transport_protocol": "tls"}}`,
		`{"name": "80 tls istio", "filter_chain_match": {"destination_port": 80, "transport_protocol": "tls", "application_protocols": ["istio"]}}`,
		`{"name": "80 tls h2", "filter_chain_match": {"destination_port": 80, "transport_protocol": "tls", "application_protocols": ["h2"]}}`,
		`{"name": "81 istio only", "filter_chain_match": {"destination_port": 81, "application_protocols": ["istio"]}}`,
		`{"name": "82 exact", "filter_chain_match": {"destination_port": 82, "server_names": ["a.example.com"], "transport_protocol": "raw_buffer"}}`,
		`{"name": "82 wide", "filter_chain_match": {"destination_port": 82, "server_names": ["*.example.com"]}}`,
		`{"name": "82 wider", "filter_chain_match": {"destination_port": 82, "server_names": ["*.com"]}}`,
	)
	tests := map[string]struct {
		port uint16
		conn Connection
		want string
	}{
		"a port that no chain names":                        {99, Connection{TLS: true}, "any port"},
		"the transport protocol is more specific than none": {99, Connection{}, "any port, raw"},
		"a named port leaves out chains without one":        {80, Connection{}, "default"},
		"no ALPN":                            {80, Connection{TLS: true}, "80 tls"},
		"an ALPN that none names":            {80, Connection{TLS: true, ALPN: []string{"http/1.1"}}, "80 tls"},
		"the client's order of ALPN decides": {80, Connection{TLS: true, ALPN: []string{"h2", "istio"}}, "80 tls h2"},
		"the client's order of ALPN decides, the other way":     {80, Connection{TLS: true, ALPN: []string{"istio", "h2"}}, "80 tls istio"},
		"every chain wants another ALPN":                        {81, Connection{TLS: true, ALPN: []string{"h2"}}, "default"},
		"an exact server name wins and then fails on transport": {82, Connection{TLS: true, SNI: "a.example.com"}, "default"},
		"the narrowest wildcard":                                {82, Connection{TLS: true, SNI: "b.example.com"}, "82 wide"},
		"a wider wildcard":                                      {82, Connection{TLS: true, SNI: "b.c.com"}, "82 wider"},
		"no server name":                                        {82, Connection{TLS: true}, "default"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			server, err := d.Server(test.port)
			if err != nil {
				t.Fatal(err)
			}
			if got, found := server.Match(test.conn); !found || got.Name != test.want {
				t.Errorf("got %q, %v; want %q", got.Name, found, test.want)
			}
		})
	}
}

func TestAnInspectorIsOffWhereItsPredicateHolds(t *testing.T) {
	between := func(start, end string) string {
		return `{"destination_port_range": {"start": ` + start + `, "end": ` + end + `}}`
	}
	tests := map[string]struct {
		disabled string
		want     bool
	}{
		"the port":           {between("80", "81"), false},
		"the end is out":     {between("79", "80"), true},
		"one of several":     {`{"or_match": {"rules": [` + between("1", "2") + `,` + between("80", "81") + `]}}`, false},
		"none of several":    {`{"or_match": {"rules": [` + between("1", "2") + `]}}`, true},
		"not all":            {`{"and_match": {"rules": [` + between("1", "2") + `,` + between("80", "81") + `]}}`, true},
		"not the other":      {`{"not_match": ` + between("1", "2") + `}`, false},
		"always":             {`{"any_match": true}`, false},
		"an empty predicate": {`{}`, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			l := binding{filters: []anyListenerFilter{{
				Typed:    json.RawMessage(`{"@type": "type.googleapis.com/` + tlsInspector + `"}`),
				Disabled: json.RawMessage(test.disabled),
			}}}
			if got, err := l.inspects(tlsInspector, 80); err != nil || got != test.want {
				t.Errorf("got %v, %v; want %v", got, err, test.want)
			}
		})
	}
}

func TestAFilterThatEnvoysCoreDoesNotKnowIsNamedByItsOwnType(t *testing.T) {
	server, err := inbound(t, `{"filters": [
		{"name": "istio.metadata_exchange", "typed_config": {"@type": "type.googleapis.com/udpa.type.v1.TypedStruct", "type_url": "type.googleapis.com/envoy.tcp.metadataexchange.config.MetadataExchange"}},
		{"name": "istio.stats", "typed_config": {"@type": "type.googleapis.com/stats.PluginConfig", "x": 1}}]}`).Server(80)
	if err != nil {
		t.Fatal(err)
	}
	want := []Filter{{"istio.metadata_exchange", "envoy.tcp.metadataexchange.config.MetadataExchange"}, {"istio.stats", "stats.PluginConfig"}}
	if diff := cmp.Diff(want, server.Chains[0].Filters); diff != "" || len(server.Lost) > 0 {
		t.Errorf("lost %q (-want +got):\n%s", server.Lost, diff)
	}
}

func TestWhatDecidesAndCannotBeReadLeavesItUndecided(t *testing.T) {
	tests := map[string]struct{ chain, want string }{
		"a match of another shape": {`{"name": "x", "filter_chain_match": {"destination_port": "many"}}`, "filter_chains[0] (x)"},
		"a chain of another shape": {`7`, "could not be read"},
		"a match by source":        {`{"name": "x", "filter_chain_match": {"source_type": "EXTERNAL"}}`, "by source"},
		"a match by address":       {`{"name": "x", "filter_chain_match": {"destination_port": 80, "prefix_ranges": [{"address_prefix": "10.0.0.0", "prefix_len": 8}]}}`, "by address"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			server, err := inbound(t, test.chain).Server(80)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(server.Undecided, test.want) {
				t.Errorf("undecided: got %q, want %q", server.Undecided, test.want)
			}
			if server.Plain.Says != "" || server.Istio.Says != "" || server.Plain.Why == "" {
				t.Errorf("predicted all the same: %+v, %+v", server.Plain, server.Istio)
			}
		})
	}
}

func TestAnUnknownSocketLosesItsChainsSocketAlone(t *testing.T) {
	server, err := inbound(t,
		`{"name": "odd", "filter_chain_match": {"transport_protocol": "tls"}, "transport_socket": {"name": "s", "typed_config": {"@type": "type.googleapis.com/no.Such"}}}`,
		`{"name": "raw", "filter_chain_match": {"transport_protocol": "raw_buffer"}}`,
	).Server(80)
	if err != nil {
		t.Fatal(err)
	}
	if len(server.Lost) != 1 || !strings.Contains(server.Lost[0], "filter_chains[0] (odd).transport_socket: unknown type no.Such") {
		t.Errorf("lost %q", server.Lost)
	}
	if server.Plain.Says != hop.Plaintext || server.Istio.Says != "" {
		t.Errorf("got %+v, %+v", server.Plain, server.Istio)
	}
}

func TestFactsAreOneFlatObjectInTheReport(t *testing.T) {
	text, err := json.Marshal(serverOf(t, "vanilla-strict", 8080).Chains[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{`"certificateSecret":"default"`, `"minTLS":"TLSv1_2"`, `"requireClientCertificate":true`} {
		if !strings.Contains(string(text), key) {
			t.Errorf("no %s in %s", key, text)
		}
	}
}
