package observe

import (
	"net/netip"
	"reflect"
	"testing"

	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/fixtures/agent/call"
	"mtls.test/conformance/fixtures/agent/seen"
)

func TestOwnTLSSaysWhoTheServerProvedToBe(t *testing.T) {
	for name, row := range map[string]struct {
		peers []string
		peer  hop.Identity
		names []string
	}{
		"an application":         {[]string{"a.test", "b.test"}, "", []string{"a.test", "b.test"}},
		"a workload":             {[]string{"spiffe://cluster.local/ns/default/sa/product"}, "spiffe://cluster.local/ns/default/sa/product", nil},
		"a workload with a name": {[]string{"spiffe://cluster.local/ns/default/sa/product", "a.test"}, "spiffe://cluster.local/ns/default/sa/product", []string{"a.test"}},
		"two URIs":               {[]string{"spiffe://a/b", "spiffe://c/d"}, "", nil},
		"another URI":            {[]string{"https://a.test"}, "", nil},
		"nobody":                 {nil, "", nil},
	} {
		facts := OwnTLS(&seen.TLS{Version: "TLSv1.3", Cipher: "TLS_AES_128_GCM_SHA256", ServerName: "a.test", PeerNames: row.peers, PeerSerial: "0a"})
		want := &hop.TLSFacts{Version: "TLSv1.3", Cipher: "TLS_AES_128_GCM_SHA256", SNI: "a.test", Serial: "0a", Peer: row.peer, Names: row.names}
		if !reflect.DeepEqual(facts, want) {
			t.Errorf("%s: %+v, want %+v", name, facts, want)
		}
	}
}

func TestASocketOfTLSTellsTheServersCertificate(t *testing.T) {
	result := call.Result{ID: "1", Local: netip.MustParseAddrPort("10.0.0.1:1"), Seen: &seen.Record{ID: "1"}, TLS: &seen.TLS{PeerNames: []string{"a.test"}, PeerSerial: "0a"}}
	if got := Socket(mesh.Proxy{}, result); got.Says != hop.AppTLS || got.TLS == nil || len(got.TLS.Names) != 1 {
		t.Errorf("%+v", got)
	}
}
