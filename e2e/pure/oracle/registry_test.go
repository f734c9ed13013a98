package oracle

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"mtls.test/conformance/e2e/pure/hop"
)

// shop has a server with a sidecar and one without, and a client.
const shop = `
{kind: Pod, metadata: {name: client, namespace: web}, spec: {serviceAccountName: client, containers: [{name: app}, {name: istio-proxy}]}, status: {podIPs: [{ip: 10.0.0.1}]}}
---
{kind: Pod, metadata: {name: plain, namespace: web}, spec: {containers: [{name: app}]}, status: {podIPs: [{ip: 10.0.0.2}]}}
---
{kind: Pod, metadata: {name: orders, namespace: shop, labels: {app: orders, security.istio.io/tlsMode: istio}}, spec: {serviceAccountName: orders, containers: [{name: app, ports: [{name: http, containerPort: 8080}]}, {name: istio-proxy}]}, status: {podIPs: [{ip: 10.0.0.5}, {ip: "fd00::5"}]}}
---
{kind: Pod, metadata: {name: naked, namespace: shop, labels: {app: naked}}, spec: {containers: [{name: app}]}, status: {podIPs: [{ip: 10.0.0.6}]}}
---
{kind: Pod, metadata: {name: far, namespace: other, labels: {security.istio.io/tlsMode: istio}}, spec: {serviceAccountName: far, containers: [{name: app}, {name: istio-proxy}]}, status: {podIPs: [{ip: 10.0.0.7}]}}
---
{kind: Service, metadata: {name: orders, namespace: shop}, spec: {selector: {app: orders}, ports: [{name: http, port: 80, targetPort: 8080, appProtocol: http}]}}
---
{kind: Service, metadata: {name: hand, namespace: shop}, spec: {ports: [{name: http, port: 80, appProtocol: http}]}}
`

func decoded(t *testing.T, objects string) Snapshot {
	t.Helper()
	snapshot, err := Decode([]byte(objects), "default")
	if err != nil {
		t.Fatal(err)
	}
	snapshot.Mesh = DefaultMesh()
	return snapshot
}

// slice writes an EndpointSlice; a name that begins with the controller's word is the controller's.
func slice(name, service string, endpoints string) string {
	labels := "kubernetes.io/service-name: " + service
	if strings.HasPrefix(name, "controller") {
		labels += ", endpointslice.kubernetes.io/managed-by: endpointslice-controller.k8s.io"
	}
	return fmt.Sprintf("\n---\n{kind: EndpointSlice, apiVersion: discovery.k8s.io/v1, metadata: {name: %s, namespace: shop, labels: {%s}}, addressType: IPv4, ports: [{name: http, port: 8080}], endpoints: [%s]}", name, labels, endpoints)
}

const (
	readyPod    = "{addresses: [10.0.0.5], conditions: {ready: true}, targetRef: {kind: Pod, namespace: shop, name: orders}}"
	unreadyPod  = "{addresses: [10.0.0.5], conditions: {ready: false, serving: false, terminating: false}, targetRef: {kind: Pod, namespace: shop, name: orders}}"
	drainingPod = "{addresses: [10.0.0.5], conditions: {ready: false, serving: true, terminating: true}, targetRef: {kind: Pod, namespace: shop, name: orders}}"
	strictShop  = "\n---\n{kind: PeerAuthentication, metadata: {name: default, namespace: shop}, spec: {mtls: {mode: STRICT}}}"
)

// told writes each answer as ADDRESS WORKLOAD:PORT OUTCOME.
func told(answers []EndpointAnswer) []string {
	var all []string
	for _, answer := range answers {
		all = append(all, fmt.Sprintf("%s %s:%d %s", answer.Address, answer.Endpoint, answer.Port, answer.Says))
	}
	return all
}

func TestWhereSlicesAreHeldTheyAreTheEndpoints(t *testing.T) {
	for _, row := range []struct {
		name, objects, service string
		want                   []string
		why                    string
	}{
		{"no slice: the selector", "", "orders.shop", []string{"10.0.0.5 shop/orders:8080 mtls"}, ""},
		{"the controller's slice", slice("controller-1", "orders", readyPod), "orders.shop", []string{"10.0.0.5 shop/orders:8080 mtls"}, ""},
		{"the controller's slice is empty", slice("controller-1", "orders", ""), "orders.shop", []string{"invalid IP :0 refused"}, "has no endpoint"},
		{"not ready", slice("controller-1", "orders", unreadyPod), "orders.shop", []string{"invalid IP :0 refused"}, "has no endpoint"},
		{"it ends", slice("controller-1", "orders", drainingPod), "orders.shop", []string{"invalid IP :0 refused"}, "has no endpoint"},
		{"a pod without a sidecar is added by hand", slice("controller-1", "orders", readyPod) + slice("more", "orders", "{addresses: [10.0.0.6]}"), "orders.shop",
			[]string{"10.0.0.6 shop/naked:8080 plaintext", "10.0.0.5 shop/orders:8080 mtls"}, ""},
		{"one is added by hand to what the selector selects", slice("more", "orders", "{addresses: [10.0.0.6]}"), "orders.shop",
			[]string{"10.0.0.6 shop/naked:8080 plaintext", "10.0.0.5 shop/orders:8080 mtls"}, ""},
		{"one address twice", slice("controller-1", "orders", readyPod) + slice("more", "orders", "{addresses: [10.0.0.5]}"), "orders.shop",
			[]string{"10.0.0.5 shop/orders:8080 mtls"}, ""},
		{"the address of a pod of another namespace has no tlsMode", slice("more", "hand", "{addresses: [10.0.0.7]}"), "hand.shop",
			[]string{"10.0.0.7 other/far:8080 plaintext"}, ""},
		{"an address of no pod, in the clear", slice("more", "hand", "{addresses: [10.0.0.9]}"), "hand.shop",
			[]string{"10.0.0.9 :8080 plaintext"}, "10.0.0.9 of EndpointSlice shop/more is no pod of the cluster"},
		{"a pod that is not there", slice("more", "hand", "{addresses: [10.0.0.9], targetRef: {kind: Pod, namespace: shop, name: gone}}"), "hand.shop",
			[]string{"10.0.0.9 :8080 "}, "10.0.0.9 of EndpointSlice shop/more is of pod shop/gone"},
		{"two families", slice("controller-1", "orders", readyPod) + strings.ReplaceAll(slice("controller-2", "orders", strings.Replace(readyPod, "10.0.0.5", `"fd00::5"`, 1)), "IPv4", "IPv6"), "orders.shop",
			[]string{"10.0.0.5 shop/orders:8080 mtls", "fd00::5 shop/orders:8080 mtls"}, ""},
		{"a port of another name", strings.ReplaceAll(slice("more", "hand", "{addresses: [10.0.0.6]}"), "name: http", "name: grpc"), "hand.shop",
			[]string{"invalid IP :0 refused"}, "has no endpoint"},
		{"host names", strings.ReplaceAll(slice("more", "hand", "{addresses: [example.test]}"), "IPv4", "FQDN"), "hand.shop", []string{"invalid IP :0 refused"}, "has no endpoint"},
		{"no slice and no selector", "", "hand.shop", []string{"invalid IP :0 "}, "has no selector"},
	} {
		t.Run(row.name, func(t *testing.T) {
			snapshot := decoded(t, shop+row.objects)
			for name, snapshot := range map[string]Snapshot{"as read": snapshot, "indexed": snapshot.Indexed()} {
				answers := snapshot.AskEach(question(t, "client -> "+row.service+":80"))
				if got := told(answers); !slices.Equal(got, row.want) {
					t.Errorf("%s: %q, want %q: %s", name, got, row.want, answers[0].Why)
				}
				if !strings.Contains(answers[0].Why, row.why) {
					t.Errorf("%s: %s", name, answers[0].Why)
				}
			}
		})
	}
}

// What a client sends in TLS to an address of no pod is undecided by name.
func TestMTLSToAnAddressOfNoPodIsUnknownByName(t *testing.T) {
	snapshot := decoded(t, shop+slice("more", "hand", "{addresses: [10.0.0.9]}")+
		"\n---\n{kind: DestinationRule, metadata: {name: r, namespace: shop}, spec: {host: hand.shop.svc.cluster.local, trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}}}")
	answer := snapshot.Ask(question(t, "client -> hand.shop:80"))
	if answer.Says != "" || !strings.HasPrefix(answer.Why, "10.0.0.9 of EndpointSlice shop/more is no pod of the cluster") {
		t.Errorf("%q: %s", answer.Says, answer.Why)
	}
}

// A pod that a hand-made slice adds is behind the service, and its own proxy serves the port as one of no Service.
func TestAPodThatNoSelectorSelectsServesThePortAsNoServicePort(t *testing.T) {
	snapshot := decoded(t, shop+strictShop+slice("more", "hand", "{addresses: [10.0.0.5]}"))
	answer := snapshot.AskEach(question(t, "client -> hand.shop:80"))[0]
	if answer.Says != hop.MTLS || answer.Endpoint != "shop/orders" {
		t.Errorf("%+v", answer)
	}
	host, err := snapshot.Host("hand", "shop")
	if err != nil {
		t.Fatal(err)
	}
	if got := snapshot.Behind(host); !slices.Equal(got, []string{"shop/orders"}) {
		t.Errorf("behind it %v", got)
	}
}

// By a selector a pod gets traffic once it is ready, unless its Service publishes it before.
func TestAPodThatIsNotReadyGetsNoTraffic(t *testing.T) {
	for name, row := range map[string]struct {
		status, spec, metadata string
		endpoint               string
	}{
		"ready":                {"phase: Running, conditions: [{type: Ready, status: \"True\"}]", "", "", "a/s"},
		"no status":            {"", "", "", "a/s"},
		"not ready":            {"phase: Running, conditions: [{type: Ready, status: \"False\"}]", "", "", ""},
		"pending":              {"phase: Pending", "", "", ""},
		"on its way out":       {"phase: Running, conditions: [{type: Ready, status: \"True\"}]", "", `, deletionTimestamp: "2026-01-01T00:00:00Z"`, ""},
		"not ready, published": {"phase: Running, conditions: [{type: Ready, status: \"False\"}]", ", publishNotReadyAddresses: true", "", "a/s"},
		"finished, published":  {"phase: Succeeded", ", publishNotReadyAddresses: true", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			snapshot := decoded(t, shop+"---\n{kind: Pod, metadata: {name: s, namespace: a, labels: {app: s}"+row.metadata+"}, spec: {containers: [{name: app}]}, status: {"+row.status+"}}"+
				"\n---\n{kind: Service, metadata: {name: s, namespace: a}, spec: {selector: {app: s}, ports: [{port: 80}]"+row.spec+"}}")
			if got := snapshot.AskEach(question(t, "client -> s.a:80"))[0].Endpoint; got != row.endpoint {
				t.Errorf("endpoint %q, want %q", got, row.endpoint)
			}
		})
	}
}

const selecting = "\n---\n{kind: ServiceEntry, metadata: {name: e, namespace: shop}, spec: {hosts: [orders.global], location: MESH_INTERNAL, resolution: STATIC, ports: [{name: http, number: 80, protocol: HTTP}], workloadSelector: {labels: {app: orders}}}}"

func entry(fields string) string {
	return "\n---\n{kind: WorkloadEntry, metadata: {name: vm, namespace: shop}, spec: {labels: {app: orders}, " + fields + "}}"
}

func TestSelectorsSelectWorkloadEntriesToo(t *testing.T) {
	for _, row := range []struct {
		name, objects, host string
		want                []string
		why                 string
	}{
		{"ServiceEntry and pods: the pod's own port of that name", selecting, "orders.global", []string{"10.0.0.5 shop/orders:8080 mtls"}, ""},
		{"ServiceEntry and both", selecting + entry("address: 10.1.0.1"), "orders.global", []string{"10.1.0.1 :80 plaintext", "10.0.0.5 shop/orders:8080 mtls"}, "10.1.0.1 of WorkloadEntry shop/vm is no pod"},
		{"its own port", selecting + entry("address: 10.1.0.1, ports: {http: 9090}"), "orders.global", []string{"10.1.0.1 :9090 plaintext", "10.0.0.5 shop/orders:8080 mtls"}, ""},
		{"an account means mTLS, and what takes it is not known", selecting + entry("address: 10.1.0.1, serviceAccount: vm"), "orders.global", []string{"10.1.0.1 :80 ", "10.0.0.5 shop/orders:8080 mtls"}, "10.1.0.1 of WorkloadEntry shop/vm is no pod"},
		{"the address of a live pod", selecting + entry("address: 10.0.0.6"), "orders.global", []string{"10.0.0.6 shop/naked:80 plaintext", "10.0.0.5 shop/orders:8080 mtls"}, ""},
		{"Service", entry("address: 10.0.0.6"), "orders.shop", []string{"10.0.0.6 shop/naked:8080 plaintext", "10.0.0.5 shop/orders:8080 mtls"}, ""},
		{"Service, its own port by the Service's name", entry("address: 10.0.0.6, ports: {http: 9090}"), "orders.shop", []string{"10.0.0.6 shop/naked:9090 plaintext", "10.0.0.5 shop/orders:8080 mtls"}, ""},
		{"other labels", strings.ReplaceAll(entry("address: 10.0.0.6"), "app: orders", "app: x"), "orders.shop", []string{"10.0.0.5 shop/orders:8080 mtls"}, ""},
		{"another network", "\n---\n{kind: Namespace, metadata: {name: istio-system, labels: {topology.istio.io/network: here}}}" + entry("address: 10.0.0.6, network: there"), "orders.shop",
			[]string{"10.0.0.6 shop/naked:8080 ", "10.0.0.5 shop/orders:8080 mtls"}, "shop/naked is of network there, and web/client of network here"},
	} {
		t.Run(row.name, func(t *testing.T) {
			answers := decoded(t, shop+row.objects).Indexed().AskEach(question(t, "client -> "+row.host+":80"))
			if got := told(answers); !slices.Equal(got, row.want) {
				t.Errorf("%q, want %q: %s", got, row.want, answers[0].Why)
			}
			if !strings.Contains(answers[0].Why, row.why) {
				t.Error(answers[0].Why)
			}
		})
	}
}

func TestWhatTheObjectsRegister(t *testing.T) {
	snapshot := decoded(t, shop+slice("controller-1", "orders", unreadyPod)+slice("more", "orders", "{addresses: [10.0.0.6]}"))
	client, _ := snapshot.workload("client")
	got, reason, err := snapshot.Registered(client, hop.ServicePort{Service: "orders.shop", Port: 80})
	want := []RegisteredEndpoint{
		{netip.MustParseAddrPort("10.0.0.6:8080"), "shop/naked", "EndpointSlice shop/more", Healthy},
		{netip.MustParseAddrPort("10.0.0.5:8080"), "shop/orders", "EndpointSlice shop/controller-1", Unhealthy},
	}
	if err != nil || reason != "" || !slices.Equal(got, want) {
		t.Errorf("%+v %q %v", got, reason, err)
	}
	for name, row := range map[string]struct{ service, objects, reason string }{
		"headless":     {"h.shop", "---\n{kind: Service, metadata: {name: h, namespace: shop}, spec: {clusterIP: None, selector: {app: orders}, ports: [{port: 80}]}}", "that its application chose"},
		"DNS":          {"dns.test", "---\n{kind: ServiceEntry, metadata: {name: dns}, spec: {hosts: [dns.test], resolution: DNS, ports: [{name: http, number: 80, protocol: HTTP}]}}", "asks DNS"},
		"node":         {"n.shop", "---\n{kind: Service, metadata: {name: n, namespace: shop}, spec: {internalTrafficPolicy: Local, selector: {app: orders}, ports: [{port: 80}]}}", "own node"},
		"no selector":  {"hand.shop", "", "no selector"},
		"two networks": {"orders.shop", "---\n{kind: Namespace, metadata: {name: istio-system, labels: {topology.istio.io/network: here}}}" + entry("address: 10.0.0.6, network: there"), "another network"},
	} {
		if _, reason, err := decoded(t, shop+row.objects).Registered(client, hop.ServicePort{Service: row.service, Port: 80}); err != nil || !strings.Contains(reason, row.reason) {
			t.Errorf("%s: %q %v", name, reason, err)
		}
	}
	if _, _, err := snapshot.Registered(client, hop.ServicePort{Service: "orders.shop", Port: 81}); err == nil {
		t.Error("a port that is none has endpoints")
	}
}

func TestABrokenSliceIsRefusedByName(t *testing.T) {
	for _, broken := range []string{slice("x", "hand", "{addresses: [nowhere]}"), slice("x", "hand", "{addresses: 3}")} {
		if _, err := Decode([]byte(shop+broken), "default"); err == nil {
			t.Errorf("%s is read", broken)
		}
	}
	_, err := Decode([]byte(shop+slice("x", "hand", "{addresses: [nowhere]}")), "default")
	if err == nil || !strings.Contains(err.Error(), "EndpointSlice shop/x") {
		t.Error(err)
	}
}
