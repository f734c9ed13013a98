package accesslog

import (
	"encoding/json"
	"strings"
	"testing"

	"mtls.test/conformance/e2e/pure/hop"
)

// What is left here of older recordings are lines that no case of the suite brings about: an application that is down, a format
// without bytes_sent, a namespace of other names.
func TestAClientsLineSaysWhatBecameOfItsConnection(t *testing.T) {
	tests := map[string]struct {
		line     string
		says     hop.Outcome
		peer     hop.Identity
		flags    string
		hasConn  bool
		attempts int
	}{
		"the application's own 503":      {`"rule-disable-client-9001/"`, hop.Plaintext, "", "", true, 1},
		"plaintext refused, TCP":         {`"upstream_local_address":"10.244.0.12:33638"`, hop.Refused, "", "UR", true, 1},
		"TLS at a plaintext port, gRPC":  {`"disable-rule-mutual-gateway-grpc-0"`, hop.Refused, "", "UF", false, 1},
		"no client certificate, TLS 1.3": {`"san-simple"`, hop.Refused, "spiffe://cluster.local/ns/envoylab/sa/server", "UC", true, 1},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			line := lineWith(t, "client.jsonl", test.line)
			got := line.Client("the pod")
			if got.Source != hop.Client || got.By != "the pod" || got.ID != line.HopID || !got.At.Equal(line.StartTime) {
				t.Errorf("got %+v", got)
			}
			if got.Says != test.says || got.Symptom.Flags != test.flags || got.Attempts != test.attempts || got.Missing != "" {
				t.Errorf("got says %q, flags %q, attempts %d, missing %q", got.Says, got.Symptom.Flags, got.Attempts, got.Missing)
			}
			if peerOf(got) != test.peer {
				t.Errorf("got peer %q", peerOf(got))
			}
			if got.Conn.Source.IsValid() != test.hasConn || !got.Conn.Destination.IsValid() {
				t.Errorf("got connection %v", got.Conn)
			}
		})
	}
}

func TestAServersLineSaysWhatBecameOfItsConnection(t *testing.T) {
	const gateway = "spiffe://cluster.local/ns/istio-system/sa/istio-ingressgateway-service-account"
	tests := map[string]struct {
		line    string
		says    hop.Outcome
		peer    hop.Identity
		details string
	}{
		"mTLS, HTTP":                         {`"permissive-gateway-http-0"`, hop.MTLS, gateway, "via_upstream"},
		"plaintext, the application is down": {`"permissive-plain-9001/"`, hop.Plaintext, "", "remote_connection_failure"},
		"HTTP/2 in clear at a STRICT port":   {`WRONG_VERSION_NUMBER`, hop.Refused, "", "filter_chain_not_found"},
		"TLS without Istio's ALPN":           {`"downstream_direct_remote_address":"10.244.0.12:42394"`, hop.Refused, "", "filter_chain_not_found"},
		"TLS at a plaintext port":            {`"DPE"`, hop.Refused, "", "http1.codec_error"},
		"no client certificate":              {`PEER_DID_NOT_RETURN_A_CERTIFICATE`, hop.Refused, "", ""},
		"TCP, the application is down":       {`"downstream_direct_remote_address":"10.244.0.12:37448"`, hop.Refused, "spiffe://cluster.local/ns/envoylab/sa/client", ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := lineWith(t, "server.jsonl", test.line).Server("the pod")
			if got.Source != hop.Server || got.Says != test.says || peerOf(got) != test.peer || !strings.Contains(got.Symptom.Details, test.details) {
				t.Errorf("got says %q, peer %q, symptom %+v", got.Says, peerOf(got), got.Symptom)
			}
			if !got.Conn.Source.IsValid() || !got.Conn.Destination.IsValid() {
				t.Errorf("got connection %v", got.Conn)
			}
		})
	}
}

func TestTheTLSInspectorsNoteOnPlaintextThatIsServedIsNoRefusal(t *testing.T) {
	line := lineWith(t, "server.jsonl", `"downstream_direct_remote_address":"10.244.0.13:60598"`)
	if !strings.Contains(line.DownstreamTransportFailureReason, "HTTP_REQUEST") || line.FilterChainName == "" {
		t.Fatalf("not the line meant: %+v", line)
	}
	// On that line the application was down as well.
	line.ResponseFlags = nil
	if got := line.Server("x"); got.Says != hop.Raw {
		t.Errorf("got %q", got.Says)
	}
}

func TestTheServerNameOfRefusedTLSIsKept(t *testing.T) {
	got := lineWith(t, "server.jsonl", `"downstream_direct_remote_address":"10.244.0.12:42394"`).Server("x").TLS
	if got == nil || got.SNI != "server.envoylab" || got.Version != "" {
		t.Errorf("got %+v", got)
	}
}

const (
	answered  = `,"protocol":"HTTP/1.1","upstream_local_address":"10.0.0.1:1","upstream_host":"10.0.0.2:2"`
	serverTLS = answered + `,"upstream_tls_version":"TLSv1.3","upstream_peer_uri_san":"spiffe://a/ns/b/sa/c"`
)

func TestAClientWithoutACertificateOfItsOwnIsNotMutual(t *testing.T) {
	tests := map[string]struct {
		more string
		want hop.Outcome
	}{
		"it presented one":              {serverTLS + `,"upstream_local_uri_san":"spiffe://a/ns/b/sa/d"`, hop.MTLS},
		"it presented none":             {serverTLS + `,"upstream_local_uri_san":null`, hop.OneWayTLS},
		"the format does not tell":      {serverTLS, hop.MTLS},
		"the server proved no identity": {answered + `,"upstream_tls_version":"TLSv1.3"`, hop.OneWayTLS},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			line, err := Parse([]byte(minimal(test.more)))
			if err != nil {
				t.Fatal(err)
			}
			if got := line.Client("x"); got.Says != test.want {
				t.Errorf("got %q, want %q", got.Says, test.want)
			}
		})
	}
}

func TestTLSWithoutAPeersIdentityIsOneWayAtTheServer(t *testing.T) {
	line, err := Parse([]byte(minimal(`,"downstream_tls_version":"TLSv1.2","response_code":200`)))
	if err != nil || line.Server("x").Says != hop.OneWayTLS {
		t.Errorf("got %q, %v", line.Server("x").Says, err)
	}
}

func TestWhatTellsNothingOfTheHopSaysWhy(t *testing.T) {
	for name, test := range map[string]struct{ more, want string }{
		"the caller left":    {answered + `,"response_flags":"DC"`, "DC"},
		"the proxy answered": {`,"response_code":301,"response_code_details":"direct_response"`, "direct_response"},
	} {
		t.Run(name, func(t *testing.T) {
			line, err := Parse([]byte(minimal(test.more)))
			if err != nil {
				t.Fatal(err)
			}
			if got := line.Client("x"); got.Says != "" || !strings.Contains(got.Missing, test.want) {
				t.Errorf("got says %q, missing %q", got.Says, got.Missing)
			}
		})
	}
}

func TestAnObservationIsWrittenToTheReport(t *testing.T) {
	for _, file := range []string{"client.jsonl", "server.jsonl"} {
		for _, raw := range lines(t, file) {
			line, err := Parse([]byte(raw))
			if err != nil {
				t.Fatal(err)
			}
			for _, o := range []hop.Observation{line.Client("x"), line.Server("x")} {
				if _, err := json.Marshal(o); err != nil {
					t.Errorf("%v: %s", err, raw)
				}
			}
		}
	}
}

func peerOf(o hop.Observation) hop.Identity {
	if o.TLS == nil {
		return ""
	}
	return o.TLS.Peer
}
