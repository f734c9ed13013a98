package envoy

import (
	"net/netip"
	"testing"
	"time"

	"mtls.test/conformance/e2e/pure/hop"
)

const recorded = "product-service.facts.svc.cluster.local"

// A call of the table is what arrives at a port, and what a client with that configuration would have sent.
type call struct {
	name   string
	speaks Speech
	tls    bool
	alpn   []string
	mesh   bool // with the mesh certificate of the client whose dump was recorded
}

// The profiles differ in what a client with a mesh certificate offers.
var (
	istioBytes = map[string][]string{"vanilla": {"istio"}, "default": {"istio-peer-exchange", "istio"}}
	istioHTTP1 = map[string][]string{"vanilla": {"istio"}, "default": {"istio-http/1.1", "istio", "http/1.1"}}
	istioHTTP2 = map[string][]string{"vanilla": {"istio", "h2"}, "default": {"istio-h2", "istio", "h2"}}
)

func calls(profile string) []call {
	return []call{
		{name: "plain tcp", speaks: SpeaksBytes},
		{name: "plain http", speaks: SpeaksHTTP1},
		{name: "plain http2", speaks: SpeaksHTTP2},
		{name: "TLS", speaks: SpeaksBytes, tls: true},
		{name: "HTTPS", speaks: SpeaksHTTP1, tls: true, alpn: []string{"h2", "http/1.1"}},
		{name: "mTLS tcp", speaks: SpeaksBytes, tls: true, alpn: istioBytes[profile], mesh: true},
		{name: "mTLS http", speaks: SpeaksHTTP1, tls: true, alpn: istioHTTP1[profile], mesh: true},
		{name: "mTLS http2", speaks: SpeaksHTTP2, tls: true, alpn: istioHTTP2[profile], mesh: true},
		{name: "mTLS without ALPN, http", speaks: SpeaksHTTP1, tls: true, mesh: true},
		{name: "mTLS without ALPN, tcp", speaks: SpeaksBytes, tls: true, mesh: true},
	}
}

// The three modes in the order in which the table has them.
var modes = []string{"disable", "permissive", "strict"}

// What comes of a call: the outcome or the cause of a refusal, and on which kind of chain it ends.
var (
	nfc     = "no-filter-chain"
	cert    = "no-client-certificate tcp"
	certH   = "no-client-certificate http"
	passed  = "app-tls tcp" // not terminated: the application gets the TLS
	tcp     = "plaintext tcp"
	http    = "plaintext http"
	mtls    = "mtls tcp"
	mtlsH   = "mtls http"
	notHTTP = "not-http http"
	notTLS  = "not-tls http"
)

// The table of istio.io/istio/pilot/pkg/networking/core/sidecar_simulation_test.go, TestInbound, with what it leaves
// open, on listeners of a real istiod. Two columns differ by profile: a core Envoy's client does not tell HTTP by ALPN.
// Every row without a mesh certificate was also sent to a sidecar of profile vanilla in each mode, which did the same.
var table = map[uint16]map[string][3]string{
	9000: {
		"plain tcp":               {tcp, tcp, nfc},
		"plain http":              {tcp, tcp, nfc},
		"plain http2":             {tcp, tcp, nfc},
		"TLS":                     {passed, passed, cert},
		"HTTPS":                   {passed, passed, cert},
		"mTLS tcp":                {passed, mtls, mtls},
		"mTLS http":               {passed, mtls, mtls},
		"mTLS http2":              {passed, mtls, mtls},
		"mTLS without ALPN, http": {passed, passed, mtls},
		"mTLS without ALPN, tcp":  {passed, passed, mtls},
	},
	8080: {
		"plain tcp":               {notHTTP, notHTTP, nfc},
		"plain http":              {http, http, nfc},
		"plain http2":             {http, http, nfc},
		"TLS":                     {notTLS, nfc, certH},
		"HTTPS":                   {notTLS, nfc, certH},
		"mTLS tcp":                {notTLS, notHTTP, notHTTP},
		"mTLS http":               {notTLS, mtlsH, mtlsH},
		"mTLS http2":              {notTLS, mtlsH, mtlsH},
		"mTLS without ALPN, http": {notTLS, nfc, mtlsH},
		"mTLS without ALPN, tcp":  {notTLS, nfc, notHTTP},
	},
	// Undeclared protocol, and a port of no service: the same chains.
	9080: auto, 7777: auto,
	// Declared https: the proxy takes it for bytes.
	8443: {
		"plain tcp":               {tcp, tcp, nfc},
		"plain http":              {tcp, tcp, nfc},
		"plain http2":             {tcp, tcp, nfc},
		"TLS":                     {passed, passed, cert},
		"HTTPS":                   {passed, passed, cert},
		"mTLS tcp":                {passed, mtls, mtls},
		"mTLS http":               {passed, mtls, mtls},
		"mTLS http2":              {passed, mtls, mtls},
		"mTLS without ALPN, http": {passed, passed, mtls},
		"mTLS without ALPN, tcp":  {passed, passed, mtls},
	},
}

var auto = map[string][3]string{
	"plain tcp":               {tcp, tcp, nfc},
	"plain http":              {http, http, nfc},
	"plain http2":             {http, http, nfc},
	"TLS":                     {passed, passed, cert},
	"HTTPS":                   {passed, passed, cert},
	"mTLS tcp":                {passed, mtls, mtls},
	"mTLS http":               {passed, mtlsH, mtlsH},
	"mTLS http2":              {passed, mtlsH, mtlsH},
	"mTLS without ALPN, http": {passed, passed, mtls},
	"mTLS without ALPN, tcp":  {passed, passed, mtls},
}

// onVanilla is where a client that offers istio alone is taken for one of bytes.
func onVanilla(port uint16, call, want string) string {
	if (port == 9080 || port == 7777) && (call == "mTLS http" || call == "mTLS http2") && want == mtlsH {
		return mtls
	}
	return want
}

func TestEveryKindOfCallMeetsTheChainThatTheModeSays(t *testing.T) {
	client := clientOfRecorded(t, "vanilla-client", 8080)
	at := client.Certificate.NotBefore.Add(time.Hour)
	for _, profile := range []string{"vanilla", "default"} {
		for i, mode := range modes {
			dump := load(t, profile+"-"+mode)
			for port, rows := range table {
				server, err := dump.Server(port)
				if err != nil || server.Undecided != "" || len(server.Lost) > 0 {
					t.Fatalf("%s %s %d: %v, undecided %q, lost %q", profile, mode, port, err, server.Undecided, server.Lost)
				}
				for _, c := range calls(profile) {
					want := rows[c.name][i]
					if profile == "vanilla" {
						want = onVanilla(port, c.name, want)
					}
					a := Attempt{Speaks: c.speaks, At: at}
					if c.tls && server.Port != 8080 {
						a.Serves = &ServerEnd{}
					}
					if got := outcome(c, client, server, a); got != want {
						t.Errorf("%s, %s, port %d, %s: got %s, want %s", profile, mode, port, c.name, got, want)
					}
				}
			}
		}
	}
}

func outcome(c call, client ClientFacts, server ServerFacts, a Attempt) string {
	var p Prediction
	hello := Hello{TLSContext: TLSContext{ALPN: c.alpn}}
	if c.mesh {
		hello.Credential = &Credential{Identity: client.Certificate.Identity, Trusted: true, NotBefore: client.Certificate.NotBefore, NotAfter: client.Certificate.NotAfter}
	}
	if c.tls {
		p = PredictProbe(hello, server, a)
	} else {
		p = PredictPlain(server, a)
	}
	text := string(p.Says)
	if p.Says == hop.Refused {
		text = string(p.Refusal)
	}
	if p.Refusal == hop.NoFilterChain {
		return text
	}
	chain, _ := server.Match(Connection{TLS: c.tls, ALPN: append(c.alpn, a.plainALPN(c.tls)...)})
	if chain.HTTP {
		return text + " http"
	}
	return text + " tcp"
}

func (a Attempt) plainALPN(tls bool) []string {
	if tls {
		return nil
	}
	return a.Speaks.detected()
}

func clientOfRecorded(t *testing.T, name string, port uint16) ClientFacts {
	t.Helper()
	facts, err := load(t, name).Client(recorded, port, netip.AddrPort{})
	if err != nil {
		t.Fatal(err)
	}
	return facts
}

// So did a sidecar of profile vanilla: it greeted under DISABLE, and let the client wait under the other two.
func TestAServerThatSpeaksFirstIsHeardOnlyWhereNoInspectorWaits(t *testing.T) {
	silent := Attempt{Speaks: SpeaksNothing}
	wants := map[string]Prediction{
		"disable":    {Says: hop.Plaintext},
		"permissive": {Says: hop.Refused, Refusal: hop.ServerFirst},
		"strict":     {Says: hop.Refused, Refusal: hop.ServerFirst},
	}
	client := clientOfRecorded(t, "vanilla-client", 9000)
	for mode, want := range wants {
		server := serverOf(t, "vanilla-"+mode, 9001)
		if got := PredictPlain(server, silent); got.Says != want.Says || got.Refusal != want.Refusal {
			t.Errorf("plain, %s: got %+v", mode, got)
		}
		if got := Predict(client, server, silent); mode != "disable" && got.Says != hop.MTLS {
			t.Errorf("mTLS, %s: got %+v", mode, got)
		}
	}
}

func TestTwoRecordedEndsWithTheirRealSecretsAgree(t *testing.T) {
	for port, speaks := range map[uint16]Speech{8080: SpeaksHTTP1, 50051: SpeaksHTTP2, 9000: SpeaksBytes, 9080: SpeaksHTTP1, 8443: SpeaksTLS} {
		client := clientOfRecorded(t, "vanilla-client", port)
		server := serverOf(t, "vanilla-strict", port)
		if port == 50051 {
			server = serverOf(t, "vanilla-authorization", port)
			server.Chains[0].Authorization = nil
		}
		at := client.Certificate.NotBefore.Add(time.Hour)
		got := Predict(client, server, Attempt{Speaks: speaks, At: at})
		if got.Says != hop.MTLS || got.Peer != "spiffe://cluster.local/ns/clients/sa/client" || len(got.Assumed) > 0 {
			t.Errorf("port %d: got %+v", port, got)
		}
		late := Predict(client, server, Attempt{Speaks: speaks, At: client.Certificate.NotAfter.Add(time.Second)})
		if late.Says != hop.Refused {
			t.Errorf("port %d, after the certificates' validity: got %+v", port, late)
		}
	}
}
