package tlscheck

import (
	"fmt"
	"strings"
	"testing"
)

// The lines are of Envoy 1.39 and Istio 1.31, as their formats and messages have them.
func TestReadProxyLog(t *testing.T) {
	const tlsError = `upstream_reset_before_response_started{remote_connection_failure|TLS_error:|268435581:SSL_routines:OPENSSL_internal:CERTIFICATE_VERIFY_FAILED:TLS_error_end}`
	for _, row := range []struct{ name, line, want string }{
		{"text, served", `[2026-01-02T03:04:05.678Z] "GET /a HTTP/1.1" 200 - via_upstream - "-" 0 5 1 1 "-" "curl" "id" "a" "1.2.3.4:80"`, "1 access"},
		{"text, verify failed", `[2026-01-02T03:04:05.678Z] "GET /a HTTP/1.1" 503 UF,URX ` + tlsError + ` - "TLS_error:|268435581" 0 5`, "1 access; flag UF; handshake CERTIFICATE_VERIFY_FAILED"},
		{"text, TCP", `[2026-01-02T03:04:05.678Z] "- - -" 0 NR filter_chain_not_found - "-" 0 0`, "1 access; flag NR"},
		{"JSON", `{"response_flags":"UC","response_code":503,"upstream_transport_failure_reason":null}`, "1 access; flag UC"},
		{"JSON, no certificate", `{"response_flags":"-","downstream_transport_failure_reason":"TLS_error:|268435656:SSL routines:OPENSSL_internal:PEER_DID_NOT_RETURN_A_CERTIFICATE:TLS_error_end"}`, "1 access; handshake PEER_DID_NOT_RETURN_A_CERTIFICATE"},
		{"JSON, expired", `{"response_flags":"UF","x":"OPENSSL_internal:SSLV3_ALERT_CERTIFICATE_EXPIRED:"}`, "1 access; clock SSLV3_ALERT_CERTIFICATE_EXPIRED; flag UF"},
		{"JSON, not yet valid", `{"response_flags":"-","x":"OPENSSL_internal:CERTIFICATE_NOT_YET_VALID:"}`, "1 access; clock CERTIFICATE_NOT_YET_VALID"},
		{"JSON, of a request that names the control plane", `{"response_flags":"-","path":"/sds failed"}`, "1 access"},
		{"JSON without flags", `{"level":"warn","msg":"gRPC config stream to xds-grpc closed: 14"}`, "control-plane stream"},
		{"JSON, denied", `{"response_flags":"UAEX"}`, "1 access; flag UAEX"},
		{"JSON, a reason without a name here", `{"response_flags":null,"x":"OPENSSL_internal:SOMETHING_NEW:"}`, "1 access; handshake SOMETHING_NEW"},
		{"stream", "2026-01-02T03:04:05.1Z\twarning\tenvoy config external/envoy/source/x.cc:1\tDeltaAggregatedResources gRPC config stream to xds-grpc closed: 14, connection error", "control-plane stream"},
		{"istiod away", "2026-01-02T03:04:05.1Z\twarn\tca\tca request failed: dial tcp istiod.istio-system.svc:15012: connect: connection refused", "control-plane unreachable"},
		{"CSR", "2026-01-02T03:04:05.1Z\terror\tcitadelclient\tFailed to sign CSR: create certificate: rpc error: code = Unauthenticated", "secrets csr"},
		{"rejected", "warning envoy config delta: config for type.googleapis.com/envoy.config.listener.v3.Listener rejected: Error adding/updating listener(s) virtualInbound: x", "control-plane rejected"},
		{"clock", "x509: certificate has expired or is not yet valid: current time 2026-01-01T00:00:00Z is before 2026-02-01T00:00:00Z", "clock not-yet-valid"},
		{"half a line of JSON", `{"response_flags":"U`, ""},
		{"binary", "\x00\xff\x16\x03\x01\x02", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			log, err := ReadProxyLog(strings.NewReader(row.line + "\n"))
			if err != nil || log.Lines != 1 {
				t.Fatalf("%d lines, %v", log.Lines, err)
			}
			var told []string
			if log.Accesses > 0 {
				told = append(told, fmt.Sprintf("%d access", log.Accesses))
			}
			for _, f := range log.Findings {
				told = append(told, fmt.Sprintf("%s %s", f.Kind, f.Code))
				if f.Count != 1 || f.Means == "" || f.Example == "" {
					t.Errorf("%+v", f)
				}
			}
			if got := strings.Join(told, "; "); got != row.want {
				t.Errorf("got %q, want %q", got, row.want)
			}
		})
	}
}

func TestReadProxyLogCountsAndBounds(t *testing.T) {
	line := `{"response_flags":"UC","long":"` + strings.Repeat("x", 2*maxLogLine) + `"}`
	log, err := ReadProxyLog(strings.NewReader(`{"response_flags":"UC"}` + "\n" + line + "\n" + `{"response_flags":"UC"}`))
	if err != nil {
		t.Fatal(err)
	}
	if log.Lines != 3 || log.Accesses != 2 || len(log.Findings) != 1 || log.Findings[0].Count != 2 {
		t.Errorf("%+v", log)
	}
}

func FuzzReadProxyLog(f *testing.F) {
	f.Add("[2026-01-02T03:04:05.678Z] \"- - -\" 0 NR\n{\"response_flags\":\"UC\"}\n\x00\n")
	f.Fuzz(func(t *testing.T, text string) {
		log, err := ReadProxyLog(strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		if log.Lines > strings.Count(text, "\n")+1 || log.Accesses > log.Lines {
			t.Errorf("%+v", log)
		}
		for _, f := range log.Findings {
			if f.Count < 1 || f.Means == "" || len(f.Example) > maxLogExample {
				t.Errorf("%+v", f)
			}
		}
	})
}
