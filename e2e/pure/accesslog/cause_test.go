package accesslog

import (
	"strings"
	"testing"

	"mtls.test/conformance/e2e/pure/hop"
)

// The lines of handshake-server.jsonl and handshake-client.jsonl are of two Envoys 1.39 with the TLS settings, log
// formats and SAN matchers that Istio gives them, and certificates that a mesh does not issue. The server name, at the
// client the cluster, tells the handshake. No mesh makes them, so `make record` cannot.

// lineOf returns the first line of a kind that holds a text.
func lineOf(t *testing.T, file string, kind Kind, text string) Line {
	t.Helper()
	for _, raw := range lines(t, file) {
		line, err := Parse([]byte(raw))
		if err != nil {
			t.Fatal(err)
		}
		if line.Kind == kind && strings.Contains(raw, text) {
			return line
		}
	}
	t.Fatalf("%s: no %s line holds %q", file, kind, text)
	return Line{}
}

func TestAServersLineNamesTheCauseOfARefusal(t *testing.T) {
	const alone = "handshake-server.jsonl"
	const mesh = "listener.jsonl"
	for name, test := range map[string]struct {
		file  string
		kind  Kind
		line  string
		cause hop.Refusal // empty: not named
	}{
		"no client certificate, TLS 1.3":      {mesh, Listener, `"10.244.0.6:49136"`, hop.NoClientCertificate},
		"no client certificate, TLS 1.2":      {alone, Listener, `"no-cert-12"`, hop.NoClientCertificate},
		"no client certificate, TCP":          {alone, Proxied, `"no-cert"`, hop.NoClientCertificate},
		"a foreign CA":                        {mesh, Listener, `"10.244.0.6:49134"`, hop.UnknownCA},
		"a foreign CA, TLS 1.2":               {alone, Listener, `"foreign-12"`, hop.UnknownCA},
		"self-signed":                         {alone, Listener, `"self"`, hop.UnknownCA},
		"without its intermediate":            {alone, Listener, `"nochain"`, hop.UnknownCA},
		"expired":                             {alone, Listener, `"expired"`, hop.Expired},
		"its CA is expired":                   {alone, Listener, `"oldca"`, hop.Expired},
		"not yet valid":                       {alone, Listener, `"notyet"`, hop.Expired},
		"another trust domain":                {alone, Listener, `"otherdomain"`, hop.WrongTrustDomain},
		"no identity":                         {alone, Listener, `"nouri"`, hop.WrongTrustDomain},
		"a certificate for servers":           {alone, Listener, `"serveronly"`, ""},
		"TLS 1.2 where 1.3 is asked":          {alone, Listener, `"version"`, hop.ProtocolVersion},
		"no shared cipher":                    {mesh, Listener, `"10.244.0.6:49144"`, hop.NoSharedCipher},
		"plaintext at a STRICT port":          {alone, Listener, `"NR"`, hop.NoFilterChain},
		"denied, TCP":                         {alone, Proxied, `rbac_access_denied`, hop.Unauthorized},
		"denied, TCP, of the listener":        {alone, Listener, `rbac_access_denied`, hop.Unauthorized},
		"the client does not know the CA":     {alone, Listener, `"server-unknown"`, hop.UnknownServerCA},
		"the client expects another server":   {alone, Listener, `"wrong-san"`, hop.WrongSAN},
		"the client finds the server expired": {alone, Listener, `"server-expired"`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			o := lineOf(t, test.file, test.kind, test.line).Server("x")
			if o.Refusal != test.cause {
				t.Errorf("got %q of %+v", o.Refusal, o.Symptom)
			}
			if o.Says != hop.Refused || peerOf(o) != "" && o.Refusal != hop.Unauthorized {
				t.Errorf("got says %q, peer %q", o.Says, peerOf(o))
			}
		})
	}
}

func TestAClientsLineNamesTheCauseOfARefusal(t *testing.T) {
	for name, test := range map[string]struct {
		kind  Kind
		line  string
		says  hop.Outcome
		cause hop.Refusal // empty: not named
	}{
		"TLS at a plaintext port":       {Proxied, `"not-tls"`, hop.Refused, hop.NotTLS},
		"another server, TCP":           {Proxied, `"wrong-san"`, hop.Refused, hop.WrongSAN},
		"another server, TLS 1.2":       {Proxied, `"wrong-san-12"`, hop.Refused, hop.WrongSAN},
		"another server, HTTP":          {Request, `"hop_id":"wrong-san"`, hop.Refused, hop.WrongSAN},
		"an unknown CA of the server":   {Proxied, `"server-unknown"`, hop.Refused, hop.UnknownServerCA},
		"an expired server":             {Proxied, `"server-expired"`, hop.Refused, ""},
		"no shared version, TCP":        {Proxied, `"version"`, hop.Refused, hop.ProtocolVersion},
		"no shared version, HTTP":       {Request, `"hop_id":"version"`, hop.Refused, hop.ProtocolVersion},
		"no shared cipher":              {Proxied, `"cipher"`, hop.Refused, hop.NoSharedCipher},
		"no certificate, TLS 1.2":       {Proxied, `"no-cert-12"`, hop.Refused, hop.NoClientCertificate},
		"a foreign CA, TLS 1.2":         {Proxied, `"foreign-12"`, hop.Refused, hop.UnknownCA},
		"expired, TLS 1.2":              {Proxied, `"expired-12"`, hop.Refused, hop.Expired},
		"another trust domain, TLS 1.2": {Proxied, `"otherdomain-12"`, hop.Refused, hop.WrongTrustDomain},
		"no cluster, TCP":               {Proxied, `"NC"`, hop.Refused, hop.NoCluster},
		"no cluster, HTTP":              {Request, `"hop_id":"no-cluster"`, hop.Refused, hop.NoCluster},
		"no endpoint, TCP":              {Proxied, `"UH"`, hop.Refused, hop.NoEndpoint},
		"no endpoint, HTTP":             {Request, `"hop_id":"no-endpoint"`, hop.Refused, hop.NoEndpoint},
		"nobody listens":                {Proxied, `"upstream_cluster":"refused"`, hop.Refused, ""},
		"plaintext that is reset":       {Proxied, `"cleartext"`, hop.Refused, ""},
		"no certificate, TLS 1.3, HTTP": {Request, `"hop_id":"no-cert"`, hop.Refused, ""},
		"no certificate, TLS 1.3, TCP":  {Proxied, `"no-cert"`, hop.Cut, ""},
		"a foreign CA, TLS 1.3, TCP":    {Proxied, `"foreign"`, hop.Cut, ""},
		"denied, TCP":                   {Proxied, `"rbac"`, hop.Cut, ""},
		"denied, TCP in plaintext":      {Proxied, `"rbac-plain"`, hop.Cut, ""},
		"served, TCP: a byte came back": {Proxied, `"ok"`, hop.MTLS, ""},
		"served, HTTP":                  {Request, `"hop_id":"ok"`, hop.MTLS, ""},
	} {
		t.Run(name, func(t *testing.T) {
			o := lineOf(t, "handshake-client.jsonl", test.kind, test.line).Client("x")
			if o.Says != test.says || o.Refusal != test.cause {
				t.Errorf("got says %q, cause %q of %+v", o.Says, o.Refusal, o.Symptom)
			}
		})
	}
}

func TestADeniedRequestIsKnownAtTheClientByItsAnswer(t *testing.T) {
	for name, answer := range map[string]string{
		"HTTP": `,"response_code":403,"response_code_details":"via_upstream"`,
		"gRPC": `,"response_code":200,"grpc_status":"PermissionDenied"`,
	} {
		line, err := Parse([]byte(minimal(serverTLS + answer)))
		if err != nil {
			t.Fatal(err)
		}
		if o := line.Client("x"); o.Says != hop.Refused || o.Refusal != hop.Unauthorized || peerOf(o) == "" {
			t.Errorf("%s: got %+v", name, o)
		}
	}
}

func TestNothingThatWasServedHasACause(t *testing.T) {
	for _, line := range []Line{
		lineOf(t, "listener.jsonl", Request, `"plain-http"`),
		lineOf(t, "listener.jsonl", Request, `"gateway-http"`),
		lineOf(t, "handshake-server.jsonl", Proxied, `"ok"`),
	} {
		if o := line.Server("x"); o.Refusal != "" {
			t.Errorf("got %q of %+v", o.Refusal, o)
		}
	}
}

func TestBytesThatAreNoHTTPAreNamedByWhoSawThem(t *testing.T) {
	line := lineOf(t, "listener.jsonl", Request, `"DPE"`)
	looked := Line{Kind: Listener, DownstreamTransportFailureReason: "TLS_error|error:100000f7:SSL_routines:OPENSSL_internal:WRONG_VERSION_NUMBER:TLS_error_end"}
	inTLS, named := line, line
	inTLS.DownstreamTLSVersion = "TLSv1.3"
	named.RequestedServerName = "a"
	for name, test := range map[string]struct {
		line Line
		want hop.Refusal
	}{
		"no inspector looked at them": {line, ""},
		"they are no TLS":             {line.With(looked), hop.NotHTTP},
		"they came inside TLS":        {inTLS, hop.NotHTTP},
		"they are TLS":                {named, hop.NotTLS},
	} {
		if o := test.line.Server("x"); o.Says != hop.Refused || o.Refusal != test.want {
			t.Errorf("%s: got says %q, refusal %q", name, o.Says, o.Refusal)
		}
	}
}

func TestAConnectionWithNoLineButTheListenersCameToNothing(t *testing.T) {
	for name, line := range map[string]string{
		"mTLS":      `"10.244.0.5:46538"`,
		"plaintext": `"10.244.0.6:49180"`,
		"silence":   `"10.244.0.6:49154"`,
	} {
		if o := lineOf(t, "listener.jsonl", Listener, line).Server("x"); o.Says != hop.Cut || o.Refusal != "" {
			t.Errorf("%s: says %q, refusal %q", name, o.Says, o.Refusal)
		}
	}
}

func TestOfAFailedHandshakeOnlyTheServerNameIsKept(t *testing.T) {
	line := lineOf(t, "listener.jsonl", Listener, `"10.244.0.6:49134"`)
	if line.DownstreamPeerURISAN == "" || line.DownstreamTLSVersion == "" {
		t.Fatalf("not the line meant: %+v", line)
	}
	want := hop.TLSFacts{SNI: "outbound_.8080_._.product-service.default.svc.cluster.local"}
	if got := line.Server("x").TLS; got == nil || got.SNI != want.SNI || got.Version != "" || got.Peer != "" || got.Serial != "" {
		t.Errorf("got %+v", got)
	}
}

func TestTLSThatAProxyPassesOnIsTheApplications(t *testing.T) {
	// At the server a connection to a TCP port in plaintext mode, by a client that speaks TLS.
	line := lineOf(t, "handshake-server.jsonl", Listener, `"not-tls"`)
	line.Kind, line.ResponseFlags, line.BytesSent = Proxied, nil, 9
	if got := line.Server("x"); got.Says != hop.AppTLS {
		t.Errorf("server: %q", got.Says)
	}
	client, err := Parse([]byte(minimal(`,"upstream_local_address":"10.0.0.1:1","requested_server_name":"a","bytes_sent":9`)))
	if err != nil || client.Client("x").Says != hop.AppTLS {
		t.Errorf("client: %q, %v", client.Client("x").Says, err)
	}
}

func TestAServerThatSentNothingServedNothing(t *testing.T) {
	line := lineOf(t, "handshake-server.jsonl", Listener, `"not-tls"`)
	line.Kind, line.ResponseFlags, line.BytesSent = Proxied, nil, 0
	if got := line.Server("x"); got.Says != hop.Cut {
		t.Errorf("got %q", got.Says)
	}
}

func TestATCPConnectionThatIsResetAfterItsAnswerWasServed(t *testing.T) {
	client := lineOf(t, "handshake-client.jsonl", Proxied, `"ok"`)
	server := lineOf(t, "handshake-server.jsonl", Proxied, `"ok"`)
	client.ResponseFlags, server.ResponseFlags = []string{"UR"}, []string{"UR"}
	server.BytesSent = 9
	if c, s := client.Client("x"), server.Server("x"); c.Says != hop.MTLS || s.Says != hop.MTLS {
		t.Errorf("client says %q, server %q", c.Says, s.Says)
	}
}

func TestAClientsTCPLineWithoutBytesTellsNothing(t *testing.T) {
	o := lineWith(t, "client.jsonl", `"upstream_local_address":"10.244.0.12:37448"`).Client("x")
	if o.Says != "" || !strings.Contains(o.Missing, "bytes_sent") || peerOf(o) == "" {
		t.Errorf("got says %q, missing %q, peer %q", o.Says, o.Missing, peerOf(o))
	}
}

func TestAClientsLineNamesWhatItsProxyBlocked(t *testing.T) {
	const tail = `"downstream_local_address":"10.0.0.1:8080","start_time":"2026-01-01T00:00:00Z",`
	for line, want := range map[string]hop.Refusal{
		`"response_flags":"UH","upstream_cluster":"BlackHoleCluster","bytes_sent":0`:                                                       hop.Blocked,
		`"response_flags":null,"protocol":"HTTP/1.1","response_code":502,"response_code_details":"direct_response"`:                        hop.Blocked,
		`"response_flags":"UH","upstream_cluster":"outbound|8080||x.default.svc.cluster.local","bytes_sent":0`:                             hop.NoEndpoint,
		`"response_flags":null,"protocol":"HTTP/1.1","response_code":301,"response_code_details":"direct_response"`:                        "",
		`"response_flags":"UC","protocol":"HTTP/1.1","response_code":502,"response_code_details":"upstream_reset_before_response_started"`: "",
	} {
		parsed, err := Parse([]byte("{" + tail + line + "}"))
		if err != nil {
			t.Fatal(err)
		}
		if o := parsed.Client("x"); o.Refusal != want || want != "" && o.Says != hop.Refused {
			t.Errorf("%s: got says %q, cause %q", line, o.Says, o.Refusal)
		}
	}
}
