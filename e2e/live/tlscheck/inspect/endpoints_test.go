package inspect

import (
	"context"
	"slices"
	"strings"
	"testing"

	"mtls.test/conformance/e2e/live/survey"
	"mtls.test/conformance/e2e/pure/oracle"
	"mtls.test/conformance/e2e/pure/tlscheck"
)

// recordedPair are a client's proxy and a PERMISSIVE server's; the client has one endpoint, 10.244.0.11.
func recordedPair() map[string]string {
	return map[string]string{"facts/client": testdata("vanilla-client"), "facts/server": testdata("vanilla-permissive")}
}

func reasons(host tlscheck.Host) string {
	var all []string
	for _, row := range host.Rows {
		all = append(all, row.Reasons...)
	}
	return strings.Join(all, "; ")
}

const byHand = "\n---\n{kind: EndpointSlice, metadata: {name: more, namespace: facts, labels: {kubernetes.io/service-name: product-service}}, addressType: IPv4, ports: [{name: http, port: 8080}, {name: tcp, port: 9000}], endpoints: [{addresses: [10.244.0.66]}]}" +
	"\n---\n{kind: Pod, metadata: {name: naked, namespace: facts}, spec: {containers: [{name: app}]}, status: {podIPs: [{ip: 10.244.0.66}]}}"

// A pod that a hand-made slice adds is an endpoint; that the recorded proxy lacks it is a mismatch by name.
func TestAnEndpointThatTheProxyLacks(t *testing.T) {
	told := check(t, byHand, recordedPair(), Request{Clients: []string{"facts/client"}}, "product-service")
	if got := rows(told[0]); !strings.Contains(got, "MISMATCH NONE AUTO") || !strings.Contains(got, "OK PERMISSIVE AUTO") {
		t.Error(got)
	}
	if got := reasons(told[0]); !strings.Contains(got, "10.244.0.66:8080 (facts/naked) is of EndpointSlice facts/more, and the client's proxy does not have it") {
		t.Error(got)
	}
	told = check(t, byHand, nil, Request{Clients: []string{"facts/client"}}, "product-service")
	if got := rows(told[0]); !strings.Contains(got, "PLAINTEXT NONE AUTO") || !strings.Contains(got, "OK PERMISSIVE AUTO") {
		t.Errorf("by the policies alone: %s", got)
	}
}

const moved = "\n---\n{kind: EndpointSlice, metadata: {name: own, namespace: facts, labels: {kubernetes.io/service-name: product-service, endpointslice.kubernetes.io/managed-by: endpointslice-controller.k8s.io}}, addressType: IPv4, ports: [{name: http, port: 8080}, {name: tcp, port: 9000}], endpoints: []}"

// An address that only the proxy has is a hop of its own.
func TestAnEndpointThatOnlyTheProxyHas(t *testing.T) {
	told := check(t, moved, recordedPair(), Request{Clients: []string{"facts/client"}}, "product-service")
	if got := reasons(told[0]); !told[0].Has(tlscheck.Mismatch) || !strings.Contains(got, "the client's proxy has 10.244.0.11:8080 (facts/server), and no EndpointSlice, ServiceEntry or WorkloadEntry lists it") {
		t.Errorf("%s: %s", rows(told[0]), got)
	}
}

// Without the EndpointSlices a difference is no mismatch, and no OK.
func TestEndpointsThatMayNotBeListed(t *testing.T) {
	s, err := survey.Read([]byte(strings.Replace(objects, "{app: product-service}, ports", "{app: nobody}, ports", 1)))
	if err != nil {
		t.Fatal(err)
	}
	s.Snapshot.Unreadable = []oracle.Unreadable{{Kind: "EndpointSlice", Why: "forbidden"}}
	host, err := s.Snapshot.Host("product-service", "facts")
	if err != nil {
		t.Fatal(err)
	}
	in := Inspector{Survey: s, Recorded: recordedPair()}
	if err := in.Inspect(context.Background(), Request{Hosts: []oracle.Host{host}, Clients: []string{"facts/client"}}, func(told tlscheck.Host) error {
		if !strings.Contains(reasons(told), "10.244.0.11:8080 (facts/server), and no EndpointSlice, ServiceEntry or WorkloadEntry lists it, of those that could be read") {
			t.Errorf("%s: %s", rows(told), reasons(told))
		}
		return nil
	}); err != nil {
		t.Error(err)
	}
}

// The proxy of a live pod behind a ServiceEntry is read like any server's.
func TestAServiceEntryToALivePodIsRead(t *testing.T) {
	const entry = "\n---\n{kind: ServiceEntry, metadata: {name: e, namespace: facts}, spec: {hosts: [products.global], location: MESH_INTERNAL, resolution: STATIC, ports: [{name: http, number: 8080, protocol: HTTP}], endpoints: [{address: 10.244.0.11, serviceAccount: product}]}}"
	told := check(t, entry, recordedPair(), Request{}, "products.global")
	if got := reasons(told[0]); strings.Contains(got, "not recorded") {
		t.Error(got)
	}
	s, err := survey.Read([]byte(objects + entry))
	if err != nil {
		t.Fatal(err)
	}
	host, err := s.Snapshot.Host("products.global", "facts")
	if err != nil {
		t.Fatal(err)
	}
	in := Inspector{Survey: s, Recorded: recordedPair()}
	read, err := in.read(context.Background(), []oracle.Host{host}, nil, Request{})
	if err != nil || read.dumps["facts/server"] == nil {
		t.Errorf("the server's proxy was not read: %v", err)
	}
}

// A kind that may not be read leaves the hops unknown that depend on it, with the reason.
func TestAKindThatMayNotBeReadIsUnknown(t *testing.T) {
	s, err := survey.Read([]byte(objects))
	if err != nil {
		t.Fatal(err)
	}
	s.Snapshot.Unreadable = []oracle.Unreadable{{Kind: "PeerAuthentication", Why: "forbidden"}}
	host, err := s.Snapshot.Host("product-service", "facts")
	if err != nil {
		t.Fatal(err)
	}
	in := Inspector{Survey: s, Recorded: recordedPair()}
	if err := in.Inspect(context.Background(), Request{Hosts: []oracle.Host{host}}, func(told tlscheck.Host) error {
		if got := rows(told); got != "product-service.facts.svc.cluster.local UNKNOWN PERMISSIVE AUTO" || !strings.Contains(reasons(told), "PeerAuthentication cannot be read") {
			t.Errorf("%s: %s", got, reasons(told))
		}
		return nil
	}); err != nil {
		t.Error(err)
	}
}

// A workload of ambient mode is a client too, in a row of its own that a gate may leave out.
func TestAnAmbientClientHasARowOfItsOwn(t *testing.T) {
	const ambient = "\n---\n{kind: Namespace, metadata: {name: amb, labels: {istio.io/dataplane-mode: ambient}}}" +
		"\n---\n{kind: Pod, metadata: {name: a-1, namespace: amb}, spec: {containers: [{name: app}]}}\n---\n{kind: Pod, metadata: {name: a-2, namespace: amb}, spec: {containers: [{name: app}]}}" +
		"\n---\n{kind: Pod, metadata: {name: ztunnel, namespace: istio-system, labels: {app: ztunnel}}, spec: {containers: [{name: istio-proxy}]}}"
	told := check(t, ambient, nil, Request{}, "product-service")
	var clients []string
	for _, row := range told[0].Rows {
		for _, h := range row.Hops {
			if row.Ambient != h.Ambient || row.Ambient != (row.Status == tlscheck.Unknown) {
				t.Errorf("%+v", row)
			}
			clients = append(clients, h.Client)
		}
	}
	slices.Sort(clients)
	if got := strings.Join(slices.Compact(clients), " "); got != "amb/a-1 facts/client" {
		t.Errorf("clients %s", got)
	}
}

// A route leads to a service that the client's Sidecar does not list, and no request that is sent past the proxy follows it.
func TestWhichRequestsFollowARoute(t *testing.T) {
	const (
		legacy = "\n---\n{kind: Service, metadata: {name: legacy, namespace: old}, spec: {clusterIP: 10.96.50.170, selector: {app: legacy}, ports: [{name: http, port: 8080}]}}" +
			"\n---\n{kind: Pod, metadata: {name: legacy, namespace: old, labels: {app: legacy}}, spec: {containers: [{name: app}]}, status: {podIPs: [{ip: 10.244.0.30}]}}"
		routes  = "\n---\n{kind: VirtualService, metadata: {name: v, namespace: facts}, spec: {hosts: [product-service], http: [{route: [{destination: {host: legacy.old.svc.cluster.local}}]}]}}"
		sidecar = "\n---\n{kind: Sidecar, metadata: {name: s, namespace: facts}, spec: {egress: [{hosts: [./*]}]}}"
		past    = "\n---\n{kind: Pod, metadata: {name: past, namespace: facts, annotations: {traffic.sidecar.istio.io/excludeOutboundPorts: '8080'}}, spec: {containers: [{name: app}, {name: istio-proxy}]}}"
	)
	for client, want := range map[string]string{
		"facts/client": "product-service.facts.svc.cluster.local:8080 (to legacy.old.svc.cluster.local:8080) PLAINTEXT NONE AUTO old/legacy",
		"facts/past":   "product-service.facts.svc.cluster.local:8080 CONFLICT STRICT NONE facts/server",
	} {
		row := check(t, strict+legacy+routes+sidecar+past, nil, Request{Clients: []string{client}}, "product-service")[0].Rows[0]
		got := strings.Join([]string{row.Name("product-service.facts.svc.cluster.local"), string(row.Status), row.Server, row.Client, row.Hops[0].Endpoint}, " ")
		if got != want {
			t.Errorf("%s: %s, want %s", client, got, want)
		}
	}
}

// Notes stand with the host.
func TestNotesStandWithTheHost(t *testing.T) {
	const needs = "\n---\n{kind: AuthorizationPolicy, metadata: {name: a, namespace: facts}, spec: {rules: [{from: [{source: {principals: [x]}}]}]}}" +
		"\n---\n{kind: PeerAuthentication, metadata: {name: p, namespace: facts}, spec: {selector: {matchLabels: {app: product-service}}, mtls: {mode: DISABLE}, portLevelMtls: {1: {mode: STRICT}}}}"
	notes := strings.Join(check(t, needs, nil, Request{}, "product-service")[0].Notes, "; ")
	for _, want := range []string{"key 1 of portLevelMtls of PeerAuthentication facts/p", "AuthorizationPolicy facts/a asks for a client's identity"} {
		if !strings.Contains(notes, want) {
			t.Errorf("%q is not among %q", want, notes)
		}
	}
}
