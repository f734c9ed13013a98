package accesslog

import "testing"

func TestTheKindOfALine(t *testing.T) {
	for name, test := range map[string]struct {
		file, line string
		want       Kind
	}{
		"a request":                          {"listener.jsonl", `"hop_id":"plain-http"`, Request},
		"bytes that are not HTTP":            {"listener.jsonl", `"http1.codec_error"`, Request},
		"a request that was not routed":      {"handshake-client.jsonl", `"hop_id":"no-cluster"`, Request},
		"a TCP connection":                   {"client.jsonl", `"upstream_local_address":"10.244.0.12:37448"`, Proxied},
		"a TCP connection to nobody":         {"handshake-client.jsonl", `"downstream_local_address":"127.0.0.1:25026"`, Proxied},
		"the suite's line of a request":      {"listener.jsonl", `"duration":8,"filter_chain_name":"0.0.0.0_8080","log":"listener"`, Listener},
		"the suite's line of a handshake":    {"listener.jsonl", `PEER_DID_NOT_RETURN_A_CERTIFICATE`, Listener},
		"Istio's line of no filter chain":    {"server.jsonl", `WRONG_VERSION_NUMBER`, Listener},
		"a connection that said nothing":     {"listener.jsonl", `"downstream_direct_remote_address":"10.244.0.6:49154"`, Listener},
		"the TCP line of a failed handshake": {"server.jsonl", `PEER_DID_NOT_RETURN_A_CERTIFICATE`, Proxied},
	} {
		if got := lineWith(t, test.file, test.line).Kind; got != test.want {
			t.Errorf("%s: %s, want %s", name, got, test.want)
		}
	}
}
