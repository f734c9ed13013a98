package oracle

import (
	"strings"
	"testing"

	"mtls.test/conformance/e2e/pure/hop"
)

// What is written for a host and has no effect on it is named.
func TestNotesNameWhatHasNoEffect(t *testing.T) {
	policy := func(name, namespace, fields string) string {
		return "\n---\n{kind: PeerAuthentication, metadata: {name: " + name + ", namespace: " + namespace + `, creationTimestamp: "2026-01-0` + name[len(name)-1:] + `T00:00:00Z"}, spec: {` + fields + "}}"
	}
	const selected = "selector: {matchLabels: {app: orders}}"
	rule := func(namespace string) string {
		return "\n---\n{kind: DestinationRule, metadata: {name: r, namespace: " + namespace + "}, spec: {host: orders.shop.svc.cluster.local}}"
	}
	for name, row := range map[string]struct{ objects, want string }{
		"nothing":                         {"", ""},
		"a key by the Service's port":     {policy("p1", "shop", selected+", portLevelMtls: {80: {mode: STRICT}}"), "key 80 of portLevelMtls of PeerAuthentication shop/p1 is no port that shop/orders declares, by a Service or a container: it is the Service's port, and the workload's is 8080"},
		"a key by the workload's port":    {policy("p1", "shop", selected+", portLevelMtls: {8080: {mode: STRICT}}"), ""},
		"a key of no port":                {policy("p1", "shop", selected+", portLevelMtls: {7000: {mode: STRICT}}"), "key 7000 of portLevelMtls"},
		"a younger policy of a workload":  {policy("p1", "shop", selected) + policy("p2", "shop", selected), "PeerAuthentication shop/p2 has no effect on shop/orders: PeerAuthentication shop/p1 of the same scope is older"},
		"a younger policy of a namespace": {policy("p1", "shop", "mtls: {}") + policy("p2", "shop", "mtls: {}"), "PeerAuthentication shop/p2 has no effect"},
		"a younger policy of the mesh":    {policy("p1", "istio-system", "mtls: {}") + policy("p2", "istio-system", "mtls: {}"), "PeerAuthentication istio-system/p2 has no effect"},
		"two scopes":                      {policy("p1", "shop", selected) + policy("p2", "shop", "mtls: {}"), ""},
		"a selector in the root":          {policy("p1", "istio-system", selected), "PeerAuthentication istio-system/p1 has no effect: it is in the root namespace"},
		"a rule where no client is":       {rule("nowhere"), "DestinationRule nowhere/r has no effect: a client looks for rules on orders.shop.svc.cluster.local"},
		"a rule of a client's namespace":  {rule("web"), ""},
		"a rule of the service's":         {rule("shop"), ""},
		"a rule of the root":              {rule("istio-system"), ""},
	} {
		t.Run(name, func(t *testing.T) {
			snapshot := decoded(t, shop+row.objects)
			host, err := snapshot.Host("orders", "shop")
			if err != nil {
				t.Fatal(err)
			}
			got := strings.Join(snapshot.Notes(host), "; ")
			if !strings.Contains(got, row.want) || (got == "") != (row.want == "") {
				t.Errorf("%q, want %q", got, row.want)
			}
		})
	}
}

func TestPoliciesThatNeedAnIdentity(t *testing.T) {
	policy := func(action, rules string) string {
		return "\n---\n{kind: AuthorizationPolicy, metadata: {name: a, namespace: shop}, spec: {action: " + action + ", rules: [" + rules + "]}}"
	}
	for name, row := range map[string]struct{ objects, want string }{
		"principals of ALLOW": {policy("ALLOW", "{from: [{source: {principals: [x]}}]}"), "AuthorizationPolicy shop/a asks for a client's identity, which a hop to shop/orders in the clear does not have: its ALLOW rules on it do not let the request pass"},
		"namespaces of DENY":  {policy("DENY", "{from: [{source: {namespaces: [x]}}]}"), "its DENY rules on it do not refuse the request"},
		"a condition":         {policy("ALLOW", "{when: [{key: source.principal, values: [x]}]}"), "AuthorizationPolicy shop/a"},
		"by address":          {policy("ALLOW", "{from: [{source: {ipBlocks: [10.0.0.0/8]}}]}"), ""},
	} {
		snapshot := decoded(t, shop+row.objects)
		got := strings.Join(snapshot.NeedIdentity(snapshot.AuthorizationPolicies, "shop/orders"), "; ")
		if !strings.Contains(got, row.want) || (got == "") != (row.want == "") {
			t.Errorf("%s: %q, want %q", name, got, row.want)
		}
		if got := snapshot.NeedIdentity(snapshot.AuthorizationPolicies, "shop/naked"); got != nil {
			t.Errorf("%s: at a pod without a proxy: %q", name, got)
		}
	}
}

// Without a kind, the hops that depend on it are not told, and the others are.
func TestAHopIsUntoldWithoutAKindThatDecidesIt(t *testing.T) {
	for _, row := range []struct {
		kind, hop string
		untold    bool
	}{
		{"PeerAuthentication", "client -> orders.shop:80", true}, {"PeerAuthentication", "plain -> hand.shop:80", false},
		{"DestinationRule", "client -> orders.shop:80", true}, {"DestinationRule", "plain -> orders.shop:80", false},
		{"Sidecar", "client -> orders.shop:80", true}, {"VirtualService", "plain -> orders.shop:80", false},
		{"Gateway", "client -> orders.shop:80", false}, {"ServiceEntry", "client -> orders.shop:80", false},
		{"WorkloadEntry", "client -> orders.shop:80", false}, {"WorkloadEntry", "client -> orders.global:80", true},
		{"EndpointSlice", "client -> orders.shop:80", false}, {"EndpointSlice", "client -> bare.shop:80", true},
		{"Namespace", "client -> orders.shop:80", false}, {"Namespace", "plain -> orders.shop:80", true},
		{"AuthorizationPolicy", "client -> orders.shop:80", false}, {"HTTPRoute", "client -> orders.shop:80", true},
		{"HTTPRoute", "plain -> orders.shop:80", false}, {"BackendTLSPolicy", "client -> orders.shop:80", true},
		{apiGatewayKind, "client -> orders.shop:80", false}, {"Unheard", "plain -> orders.shop:80", true},
	} {
		snapshot := decoded(t, shop+selecting+slice("more", "hand", "{addresses: [10.0.0.6]}")+
			"\n---\n{kind: Service, metadata: {name: bare, namespace: shop}, spec: {ports: [{name: http, port: 80}]}}")
		snapshot.Unreadable = []Unreadable{{Kind: row.kind, Why: "forbidden"}}
		q := question(t, row.hop)
		client, _ := snapshot.workload(q.Client)
		why, ambient := snapshot.Untold(client, q.To)(snapshot.AskEach(q)[0])
		if (why != "") != row.untold || ambient {
			t.Errorf("%s, %s: %q", row.kind, row.hop, why)
		}
		if row.untold && !strings.HasPrefix(why, row.kind+" cannot be read, so ") {
			t.Errorf("%s, %s: %q", row.kind, row.hop, why)
		}
	}
}

func TestAWaypointAndAnAmbientEndAreTold(t *testing.T) {
	const ambientPod = "\n---\n{kind: Namespace, metadata: {name: mesh, labels: {istio.io/dataplane-mode: ambient}}}\n---\n{kind: Pod, metadata: {name: a, namespace: mesh, labels: {app: a}}, spec: {containers: [{name: app}]}}\n---\n{kind: Service, metadata: {name: a, namespace: mesh}, spec: {selector: {app: a}, ports: [{port: 80}]}}"
	service := func(label string) string {
		return "\n---\n{kind: Service, metadata: {name: w, namespace: shop" + label + "}, spec: {selector: {app: orders}, ports: [{port: 80, targetPort: 8080}]}}"
	}
	namespace := "\n---\n{kind: Namespace, metadata: {name: shop, labels: {istio.io/use-waypoint: wp}}}"
	for name, row := range map[string]struct {
		objects, hop, why string
		ambient           bool
	}{
		"none":                        {service(""), "client -> w.shop:80", "", false},
		"a waypoint of the service":   {service(", labels: {istio.io/use-waypoint: wp}"), "client -> w.shop:80", "ambient: waypoint wp stands before w.shop", true},
		"a waypoint of the namespace": {service("") + namespace, "client -> w.shop:80", "ambient: waypoint wp", true},
		"none by the service's label": {service(", labels: {istio.io/use-waypoint: none}") + namespace, "client -> w.shop:80", "", false},
		"an ambient server":           {ambientPod, "client -> a.mesh:80", "", true},
		"an ambient client":           {ambientPod, "a -> orders.shop:80", "", true},
	} {
		snapshot := decoded(t, shop+row.objects)
		q := question(t, row.hop)
		client, _ := snapshot.workload(q.Client)
		answer := snapshot.AskEach(q)[0]
		why, ambient := snapshot.Untold(client, q.To)(answer)
		if !strings.Contains(why, row.why) || (why == "") != (row.why == "") || ambient != row.ambient {
			t.Errorf("%s: %q ambient %v", name, why, ambient)
		}
		if row.ambient && why == "" && (answer.Says != hop.Outcome("") || !strings.HasPrefix(answer.Why, "ambient: ")) {
			t.Errorf("%s: %q %s", name, answer.Says, answer.Why)
		}
	}
}
