package inspect

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mtls.test/conformance/e2e/live/survey"
	"mtls.test/conformance/e2e/pure/oracle"
	"mtls.test/conformance/e2e/pure/tlscheck"
)

// The world of the recorded proxies under e2e/pure/envoy/testdata.
const objects = `
{kind: Service, metadata: {name: product-service, namespace: facts}, spec: {clusterIP: 10.96.50.160, selector: {app: product-service}, ports: [{name: http, port: 8080, targetPort: 8080, appProtocol: http}, {name: tcp, port: 9000, targetPort: 9000, appProtocol: tcp}]}}
---
{kind: Service, metadata: {name: unknown, namespace: facts}, spec: {clusterIP: 10.96.50.161, selector: {app: product-service}, ports: [{name: http, port: 7777, targetPort: 7777, appProtocol: http}]}}
---
{kind: Pod, metadata: {name: server, namespace: facts, labels: {app: product-service, security.istio.io/tlsMode: istio}}, spec: {serviceAccountName: product, containers: [{name: app}, {name: istio-proxy}]}, status: {podIPs: [{ip: 10.244.0.11}]}}
---
{kind: Pod, metadata: {name: client, namespace: facts, labels: {app: client}}, spec: {serviceAccountName: client, containers: [{name: app}, {name: istio-proxy}]}, status: {podIPs: [{ip: 10.244.0.12}]}}
---
{kind: Pod, metadata: {name: twin, namespace: facts, labels: {app: client}}, spec: {serviceAccountName: client, containers: [{name: app}, {name: istio-proxy}]}, status: {podIPs: [{ip: 10.244.0.13}]}}
`

const strict = "\n---\n{kind: PeerAuthentication, metadata: {name: default, namespace: facts}, spec: {mtls: {mode: STRICT}}}"

func testdata(name string) string { return "../../../pure/envoy/testdata/" + name + ".json" }

func check(t *testing.T, policies string, recorded map[string]string, request Request, services ...string) []tlscheck.Host {
	t.Helper()
	s, err := survey.Read([]byte(objects + policies))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range services {
		host, err := s.Snapshot.Host(name, "facts")
		if err != nil {
			t.Fatal(err)
		}
		request.Hosts = append(request.Hosts, host)
	}
	var told []tlscheck.Host
	c := Inspector{Survey: s, Recorded: recorded}
	if err := c.Inspect(context.Background(), request, func(host tlscheck.Host) error {
		told = append(told, host)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return told
}

func rows(host tlscheck.Host) string {
	var all []string
	for _, row := range host.Rows {
		all = append(all, strings.Join([]string{row.Name(host.Host), string(row.Status), row.Server, row.Client}, " "))
	}
	return strings.Join(all, "; ")
}

func TestPoliciesAlone(t *testing.T) {
	told := check(t, strict, nil, Request{}, "product-service")
	if got := rows(told[0]); got != "product-service.facts.svc.cluster.local OK STRICT AUTO" {
		t.Error(got)
	}
	// Two clients that the policies treat alike are one; no workload is a client of itself.
	if hops := told[0].Rows[0].Hops; len(hops) != 2 {
		t.Errorf("%d hops, want one client for both and two ports: %+v", len(hops), hops)
	}
}

// The proxies' configuration was recorded: the client's beside a server of each mode.
func TestRecordedProxies(t *testing.T) {
	for _, row := range []struct{ server, policies, want string }{
		{"vanilla-permissive", "", "product-service.facts.svc.cluster.local OK PERMISSIVE AUTO"},
		{"vanilla-strict", strict, "product-service.facts.svc.cluster.local OK STRICT AUTO"},
		{"vanilla-disable", "", "product-service.facts.svc.cluster.local MISMATCH PERMISSIVE AUTO"},
	} {
		t.Run(row.server, func(t *testing.T) {
			told := check(t, row.policies, map[string]string{"facts/client": testdata("vanilla-client"), "facts/server": testdata(row.server)},
				Request{Clients: []string{"facts/client"}}, "product-service")
			if got := rows(told[0]); got != row.want {
				t.Errorf("got %q, want %q: %+v", got, row.want, told[0])
			}
			for _, h := range told[0].Rows[0].Hops {
				if h.Configured == nil || h.Configured.Missing != "" || h.Configured.Match != "tlsMode-istio" {
					t.Errorf("%+v", h.Configured)
				}
			}
		})
	}
}

// What a proxy does not know it passes on as it is: a finding, whether the client was named or not.
func TestAServiceThatTheProxyDoesNotKnow(t *testing.T) {
	recorded := map[string]string{"facts/client": testdata("vanilla-client"), "facts/server": testdata("vanilla-permissive")}
	for _, named := range [][]string{nil, {"facts/client"}} {
		told := check(t, "", recorded, Request{Clients: named}, "unknown")
		if got := rows(told[0]); got != "unknown.facts.svc.cluster.local (by PassthroughCluster) MISMATCH PERMISSIVE AUTO" {
			t.Errorf("clients %v: %s: %+v", named, got, told[0])
		}
	}
}

const trimmed = "\n---\n{kind: Sidecar, metadata: {name: trimmed, namespace: facts}, spec: {egress: [{hosts: ['istio-system/*']}]}}"

// The Sidecar asks for what the proxy does: it is plaintext, and no contradiction.
func TestAServiceThatASidecarLeavesOut(t *testing.T) {
	recorded := map[string]string{"facts/client": testdata("vanilla-client"), "facts/server": testdata("vanilla-permissive")}
	told := check(t, trimmed, recorded, Request{}, "unknown")
	if got := rows(told[0]); got != "unknown.facts.svc.cluster.local (by PassthroughCluster) PLAINTEXT PERMISSIVE DISABLE" || !strings.Contains(told[0].Rows[0].Reasons[0], "Sidecar facts/trimmed keeps") {
		t.Errorf("%s: %+v", got, told[0])
	}
	// By the policies alone as well.
	told = check(t, trimmed, nil, Request{}, "product-service")
	if got := rows(told[0]); got != "product-service.facts.svc.cluster.local (by PassthroughCluster) PLAINTEXT PERMISSIVE DISABLE" {
		t.Errorf("%s: %+v", got, told[0])
	}
}

// A route that the proxy does not have yet is a finding beside the hop itself.
func TestARouteThatOnlyTheObjectsHave(t *testing.T) {
	const route = "\n---\n{kind: VirtualService, metadata: {name: v, namespace: facts}, spec: {hosts: [product-service], http: [{route: [{destination: {host: product-service}, weight: 90}, {destination: {host: unknown, port: {number: 7777}}, weight: 10}]}]}}"
	recorded := map[string]string{"facts/client": testdata("vanilla-client"), "facts/server": testdata("vanilla-permissive")}
	told := check(t, route, recorded, Request{Clients: []string{"facts/client"}}, "product-service")
	if got := rows(told[0]); got != "product-service.facts.svc.cluster.local:8080 MISMATCH PERMISSIVE AUTO; product-service.facts.svc.cluster.local:9000 OK PERMISSIVE AUTO" {
		t.Errorf("%s: %+v", got, told[0])
	}
	told = check(t, route, nil, Request{Clients: []string{"facts/client"}}, "product-service")
	if got := rows(told[0]); !strings.Contains(got, "product-service.facts.svc.cluster.local:8080 (to unknown.facts.svc.cluster.local:7777, 10 %) OK") || !strings.Contains(got, ":8080 (90 %) OK") {
		t.Errorf("%s: %+v", got, told[0])
	}
}

// A server that was cut off from istiod before STRICT came, and one to which an EnvoyFilter adds a chain for plaintext: its clients
// speak mTLS, and others need not.
func TestAServerThatTakesPlaintextUnderStrict(t *testing.T) {
	const takes = "port 8080 of facts/server is STRICT by its policies, and its proxy takes plaintext"
	added := withChain(t, "vanilla-strict", `{"name": "in-the-clear", "filter_chain_match": {"destination_port": 8080, "transport_protocol": "raw_buffer",
		"source_prefix_ranges": [{"address_prefix": "0.0.0.0", "prefix_len": 1}]}, "filters": [{"name": "envoy.filters.network.tcp_proxy", "typed_config":
		{"@type": "type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy", "cluster": "inbound|8080||"}}]}`)
	for name, server := range map[string]string{"cut off": testdata("vanilla-permissive"), "plaintext chain added": added} {
		told := check(t, strict, map[string]string{"facts/client": testdata("vanilla-client"), "facts/server": server}, Request{Clients: []string{"facts/client"}}, "product-service")
		if got := reasons(told[0]); !told[0].Has(tlscheck.Mismatch) || !strings.Contains(got, takes) {
			t.Errorf("%s: %s: %s", name, rows(told[0]), got)
		}
	}
}

// withChain is a recorded proxy to whose inbound listener a chain was added, as a file.
func withChain(t *testing.T, recorded, chain string) string {
	t.Helper()
	content, err := os.ReadFile(testdata(recorded))
	if err != nil {
		t.Fatal(err)
	}
	const chains = `"filter_chains":[`
	before, after, found := strings.Cut(string(content), `"name":"virtualInbound"`)
	head, rest, more := strings.Cut(after, chains)
	if !found || !more {
		t.Fatalf("%s has no chains of virtualInbound", recorded)
	}
	name := filepath.Join(t.TempDir(), recorded+".json")
	if err := os.WriteFile(name, []byte(before+`"name":"virtualInbound"`+head+chains+chain+","+rest), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestAProxyThatCannotBeRead(t *testing.T) {
	for name, file := range map[string]string{"no file": "nowhere.json", "no dump": "inspector.go"} {
		told := check(t, "", map[string]string{"facts/client": file, "facts/server": testdata("vanilla-permissive")}, Request{Clients: []string{"facts/client"}}, "product-service")
		if got := rows(told[0]); got != "product-service.facts.svc.cluster.local UNKNOWN PERMISSIVE AUTO" || len(told[0].Rows[0].Reasons) == 0 {
			t.Errorf("%s: %s", name, got)
		}
	}
	told := check(t, "", map[string]string{"facts/client": testdata("vanilla-client")}, Request{Clients: []string{"facts/client"}}, "product-service")
	if reasons := strings.Join(told[0].Rows[0].Reasons, ""); !strings.Contains(reasons, "proxy of facts/server is not recorded") {
		t.Error(reasons)
	}
}

func TestAClientThatIsNotThere(t *testing.T) {
	s, err := survey.Read([]byte(objects))
	if err != nil {
		t.Fatal(err)
	}
	c := Inspector{Survey: s}
	if err := c.Inspect(context.Background(), Request{Clients: []string{"facts/nobody"}, Hosts: []oracle.Host{{}}}, nil); err == nil || !strings.Contains(err.Error(), "facts/nobody") {
		t.Error(err)
	}
}
