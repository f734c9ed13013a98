package oracle

import (
	"flag"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write testdata/in_force.txt")

// Why an object does not count, case by case.
func TestWhyAnObjectDoesNotCount(t *testing.T) {
	rows := []struct{ id, hop, object, lost string }{
		{"first-name-among-workload-policies", "client -> product-service:50051", "PeerAuthentication default/b-strict",
			"peer-authentication/tie-by-name: PeerAuthentication default/a-permissive selects the workload too, and its name comes first"},
		{"oldest-workload-policy-wins", "client -> product-service:8080", "PeerAuthentication default/disable-one-port",
			"peer-authentication/oldest-wins: PeerAuthentication default/strict selects the workload too, and is older"},
		{"second-mesh-policy-is-dropped", "plain-client -> product-service:50051", "PeerAuthentication istio-system/newer",
			"peer-authentication/oldest-wins: PeerAuthentication istio-system/older is for the whole mesh too, and is older"},
		{"workload-disable-under-mesh-strict", "plain-client -> product-service:9000", "PeerAuthentication istio-system/default",
			"peer-authentication/workload-over-namespace: PeerAuthentication default/product-service selects the workload, and stands above those without a selector"},
		{"null-workload-inherits-mesh", "client -> product-service:50051", "PeerAuthentication default/product-service",
			"peer-authentication/unset-inherits-mesh: it is UNSET, and takes the mode of PeerAuthentication istio-system/default"},
		{"selector-in-root-namespace", "client -> product-service:50051", "PeerAuthentication istio-system/product-service",
			"peer-authentication/root-selector-ignored: it has a selector, and with one no policy of the root namespace counts"},
		{"migration-auto", "client -> migration:8080", "PeerAuthentication default/default",
			"workload/no-proxy: default/legacy-service has no proxy, and no policy reaches it"},
		{"private-rule-beside-public", "order-service -> product-service:50051", "DestinationRule default/product-service-mtls",
			"destination-rule/last-of-those-apart: DestinationRule default/product-service-private stays apart from it by its exportTo, and comes last"},
		{"private-rule-beside-public", "client -> product-service:50051", "DestinationRule default/product-service-private",
			"destination-rule/export-to: it is not exported to namespace clients"},
		{"unexported-exact-hides-wildcard", "gateway -> product-service:50051", "DestinationRule default/product-service",
			"destination-rule/export-to: it is not exported to namespace istio-system"},
		{"unexported-exact-hides-wildcard", "gateway -> product-service:50051", "DestinationRule default/namespace",
			"destination-rule/exact-over-wildcard: DestinationRule default/product-service is for the very host"},
		{"most-specific-host", "client -> product-service:50051", "DestinationRule default/local",
			"destination-rule/longest-wildcard: DestinationRule default/namespace has the longer wildcard *.default.svc.cluster.local"},
		{"workload-selector-of-another-hides", "client -> product-service:50051", "DestinationRule clients/other-to-product-service",
			"destination-rule/workload-selector: its workloadSelector does not select clients/client, and it ends the search all the same"},
		{"workload-selector-of-another-hides", "client -> product-service:50051", "DestinationRule default/product-service-disable-mtls",
			"destination-rule/first-place-hides-others: DestinationRule clients/other-to-product-service is in namespace clients, which is looked in first"},
		{"workload-selector-of-another-hides", "gateway -> product-service:50051", "DestinationRule clients/other-to-product-service",
			"destination-rule/client-namespace: it is in namespace clients, and istio-system/istio-ingressgateway looks in istio-system, then default"},
		{"workload-selector-over-age", "order-service -> product-service:8080", "DestinationRule default/product-service-mtls",
			"destination-rule/workload-selector: DestinationRule default/order-service-to-product-service selects default/order-service, and stands above those without a workloadSelector"},
		{"workload-selector-over-age", "client -> product-service:8080", "DestinationRule default/order-service-to-product-service",
			"destination-rule/workload-selector: with a workloadSelector it is for clients of namespace default alone"},
		{"disable-beside-older-rule", "client -> product-service:50051", "DestinationRule default/product-service-disable-mtls",
			"destination-rule/oldest-traffic-policy: DestinationRule default/product-service-mtls is for the host too, and is older"},
		{"disable-beside-older-rule", "plain-client -> product-service:50051", "DestinationRule default/product-service-mtls",
			"workload/no-client-proxy: what clients/plain-client sends passes no proxy that reads a rule"},
		{"external-name", "client -> product-service-alias:8080", "DestinationRule default/product-service-alias",
			"service/external-name: product-service-alias.default.svc.cluster.local stands for product-service.default.svc.cluster.local, by which rules are looked for"},
		{"sidecar-hides-the-service", "client -> product-service:50051", "DestinationRule default/product-service-mtls",
			"passthrough-cluster: the request leaves the proxy of clients/client by no cluster of the host"},
	}
	var ids []string
	for _, row := range rows {
		ids = append(ids, row.id)
	}
	said := map[string][]string{}
	for asked := range catalogueQuestions(t, ids...) {
		for _, a := range asked.snapshot.AskEach(asked.question) {
			for _, own := range asked.snapshot.InForce(a) {
				if own.Lost != "" {
					key := fmt.Sprintf("%s: %s -> %s: %s", asked.id, asked.question.Client, asked.question.To, own.Object)
					said[key] = append(said[key], fmt.Sprintf("%s: %s", own.Lost, own.Why))
				}
			}
		}
	}
	for _, row := range rows {
		key := fmt.Sprintf("%s: %s: %s", row.id, row.hop, row.object)
		if !slices.Contains(said[key], row.lost) {
			t.Errorf("%s: %q, want %q", key, said[key], row.lost)
		}
	}
}

// Ways to lose that no case has.
func TestWhyAnObjectDoesNotCountBesideTheCases(t *testing.T) {
	const to = "client -> product-service:8080"
	disabled := "trafficPolicy: {tls: {mode: DISABLE}}"
	mine := "namespace: clients, "
	backend := func(where string) string {
		return api("BackendTLSPolicy", where, "targetRefs: [{kind: Service, name: product-service}], validation: {hostname: x.test, wellKnownCACertificates: System}")
	}
	for name, row := range map[string]struct{ policies, hop, object, lost string }{
		"the Service's port": {peerAuth(inDefault, ofProduct+", portLevelMtls: {80: {mode: STRICT}}"), "client -> product-service:80", "PeerAuthentication default/default",
			"peer-authentication/port-by-workload-port: its portLevelMtls names port 80 of the Service, and the workload's is 8081"},
		"under a port's entry": {peerAuth(inRoot, "mtls: {mode: STRICT}") + peerAuth(inDefault, ofProduct+", portLevelMtls: {8080: {mode: DISABLE}}"), to, "PeerAuthentication istio-system/default",
			"peer-authentication/port-over-workload: PeerAuthentication default/default names the port, and stands above every other mode"},
		"at a gateway": {peerAuth(inRoot, "mtls: {mode: STRICT}"), "client -> ingressgateway:8080", "PeerAuthentication istio-system/default",
			"gateway/server: istio-system/gateway is a gateway, where the servers of its Gateways decide"},
		"under a subset of another": {destRule(oldest, product+", "+disabled) + destRule(youngest, product+", subsets: [{name: v, labels: {version: vistio}, trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}}]"), to + "/v", "DestinationRule default/old",
			"destination-rule/subset-overrides: subset v of DestinationRule default/young stands above it"},
		"in a rule with a selector for others": {destRule(mine+oldest, product+", workloadSelector: {matchLabels: {app: x}}, exportTo: [.], "+disabled) + destRule(mine+youngest, product+", exportTo: [.], "+disabled), to, "DestinationRule clients/young",
			"destination-rule/workload-selector: it merges into DestinationRule clients/old, whose workloadSelector does not select clients/client"},
		"in a rule that is not exported": {destRule(oldest, product+", exportTo: [x, y], "+disabled) + destRule(youngest, product+", exportTo: [x, y, clients], "+disabled), to, "DestinationRule default/young",
			"destination-rule/export-to: it merges into DestinationRule default/old, which is not exported to namespace clients"},
		"under a rule with a selector": {destRule(mine+oldest, product+", workloadSelector: {matchLabels: {app: client}}, "+disabled) + destRule(mine+youngest, product+", exportTo: [.], "+disabled), to, "DestinationRule clients/young",
			"destination-rule/workload-selector: DestinationRule clients/old selects clients/client, and stands above those without a workloadSelector"},
		"a selector for others beside one for it": {destRule(mine+oldest, product+", workloadSelector: {matchLabels: {app: client}}, "+disabled) + destRule(mine+youngest, product+", workloadSelector: {matchLabels: {app: x}}, "+disabled), to, "DestinationRule clients/young",
			"destination-rule/workload-selector: its workloadSelector does not select clients/client"},
		"at a port that the proxy does not get": {bypassing + peerAuth(inRoot, "mtls: {mode: STRICT}"), to, "PeerAuthentication istio-system/default",
			"interception/inbound-bypassed: the proxy of default/product-service does not get the connection, and no policy reaches it"},
		"of two selectors": {destRule(mine+oldest, product+", workloadSelector: {matchLabels: {app: client}}, "+disabled) + destRule(mine+youngest, product+", workloadSelector: {}, "+disabled), to, "DestinationRule clients/young",
			"destination-rule/workload-selector: DestinationRule clients/old selects clients/client too, and is older"},
		"exported to others by its own namespace": {destRule(mine+oldest, product+", exportTo: [default], "+disabled), to, "DestinationRule clients/old",
			"destination-rule/export-to: it is not exported to namespace clients"},
		"a short name": {destRule(oldest, "host: product-service, "+disabled) + destRule(youngest, product+", "+disabled), to, "DestinationRule default/young",
			"destination-rule/oldest-traffic-policy: DestinationRule default/old is for the host too, and is older"},
		"three of which one parts two": {destRule("name: a, creationTimestamp: 2026-01-01T00:00:00Z", product+", exportTo: [clients], "+disabled) + destRule("name: b, creationTimestamp: 2026-01-01T00:00:00Z", product+", "+disabled) + destRule(youngest, product+", exportTo: [clients], "+disabled), to, "DestinationRule default/a",
			"destination-rule/last-of-those-apart: DestinationRule default/young stays apart from DestinationRule default/b by its exportTo, and so from all, and comes last"},
		"beside a BackendTLSPolicy": {backend("name: b, creationTimestamp: 2026-01-01T00:00:00Z") + destRule(youngest, product+", trafficPolicy: {connectionPool: {tcp: {maxConnections: 1}}}"), to, "DestinationRule default/young",
			"gateway-api/backend-tls-policy: BackendTLSPolicy default/b is for the host too, and comes before every DestinationRule"},
		"a younger BackendTLSPolicy": {backend("name: b, creationTimestamp: 2026-01-01T00:00:00Z") + backend("name: a, creationTimestamp: 2026-01-02T00:00:00Z"), to, "BackendTLSPolicy default/a",
			"gateway-api/backend-tls-policy: BackendTLSPolicy default/b is for the same target, and comes first"},
	} {
		t.Run(name, func(t *testing.T) {
			snapshot, q := mesh(t, row.policies, ""), question(t, row.hop)
			a := snapshot.AskEach(q)[0]
			policies := snapshot.InForce(a)
			i := slices.IndexFunc(policies, func(own Policy) bool { return own.Object == row.object })
			if i < 0 || fmt.Sprintf("%s: %s", policies[i].Lost, policies[i].Why) != row.lost {
				t.Errorf("%+v, want %s: %s", policies, row.object, row.lost)
			}
			for _, fault := range faultsOf(snapshot, q, a, policies) {
				t.Error(fault)
			}
		})
	}
}

// bypassing is the world's server with a port that no rule of its pod's network redirects.
const bypassing = "\n---\n{kind: Deployment, metadata: {name: product-service, namespace: default}, spec: {template: {metadata: {labels: {app: product-service, version: vistio}, annotations: {traffic.sidecar.istio.io/excludeInboundPorts: '8080'}}, spec: {serviceAccountName: product-service}}}}"

// What keeps a client's proxy from knowing a service decides its end.
func TestWhatKeepsAProxyFromKnowingAServiceIsInForce(t *testing.T) {
	service := func(annotations string) string {
		return "\n---\n{kind: Service, metadata: {name: product-service, annotations: {" + annotations + "}}, spec: {selector: {app: product-service}, ports: [{port: 8080, appProtocol: http}]}}"
	}
	entry := func(spec string) string {
		return "\n---\n{kind: ServiceEntry, metadata: {name: e}, spec: {hosts: [e.test], " + spec + "location: MESH_INTERNAL, resolution: DNS, ports: [{number: 8080, name: http, protocol: HTTP}]}}"
	}
	for name, row := range map[string]struct{ policies, settings, hop, want string }{
		"a Service":                {service("networking.istio.io/exportTo: '.'"), "", "client -> product-service:8080", "Service default/product-service: networking.istio.io/exportTo: ."},
		"a Service by default":     {service(""), "{defaultServiceExportTo: [.]}", "client -> product-service:8080", "Service default/product-service:"},
		"a Service at a gateway":   {service("networking.istio.io/exportTo: '.'"), "", "gateway -> product-service:8080", "Service default/product-service: networking.istio.io/exportTo: ."},
		"a ServiceEntry":           {entry("exportTo: [.], "), "", "gateway -> e.test:8080", "ServiceEntry default/e: exportTo:"},
		"a Sidecar":                {listing("name: own, namespace: clients", "./*"), "", "client -> product-service:8080", "Sidecar clients/own:"},
		"a Sidecar that says more": {sidecarOver("name: own, namespace: clients", "egress: [{hosts: [./*]}], outboundTrafficPolicy: {}"), "", "client -> product-service:8080", "Sidecar clients/own: mode: REGISTRY_ONLY"},
	} {
		t.Run(name, func(t *testing.T) {
			snapshot, q := mesh(t, row.policies, row.settings), question(t, row.hop)
			a := snapshot.AskEach(q)[0]
			policies := snapshot.InForce(a)
			if len(policies) != 1 || policies[0].Decides != AtClient || policies[0].Object+":"+marked(policies[0]) != row.want {
				t.Errorf("%+v, want %s", policies, row.want)
			}
			for _, fault := range faultsOf(snapshot, q, a, policies) {
				t.Error(fault)
			}
		})
	}
}

// marked are the marked lines of a text, a space before each.
func marked(own Policy) string {
	var all strings.Builder
	for _, line := range own.Lines {
		all.WriteString(" " + strings.TrimSpace(strings.Split(own.Text, "\n")[line-1]))
	}
	return all.String()
}

// An object of any shape is written so that it is read as the same.
func TestAnObjectIsWrittenAsItIs(t *testing.T) {
	for object, text := range map[string]string{
		"DestinationRule default/r": destRule("name: r", `host: "*", exportTo: ["*", "true", "8080", "~"], trafficPolicy: {`+
			`tls: {mode: SIMPLE, insecureSkipVerify: true, sni: "a: b # \"c\""}, outlierDetection: {consecutive5xxErrors: 0, minHealthPercent: 7}, `+
			`loadBalancer: {consistentHash: {useSourceIp: false, minimumRingSize: 12}, warmup: {duration: 1.5s, aggression: 0.25}, `+
			`localityLbSetting: {enabled: false, distribute: [{from: a, to: {z: 1, b: 99}}]}}}`),
		"VirtualService default/v": virtual("name: v", `hosts: [x.test], http: [{match: [{headers: {a: {regex: ".*\\d"}}, ignoreUriCase: true}], `+
			`retries: {attempts: 3, perTryTimeout: 2s}, directResponse: {status: 503, body: {string: "two\nlines \xe4 \U0001F600\u2028"}}, `+
			`fault: {abort: {httpStatus: 500, percentage: {value: 0.1}}}}]`),
		"PeerAuthentication default/p": peerAuth("name: p, creationTimestamp: 2026-01-01T02:03:04+02:00",
			`selector: {matchLabels: {z: "1", a: "null"}}, mtls: {}, portLevelMtls: {9000: {}, 80: {mode: STRICT}, 8080: {mode: DISABLE}}`),
		"AuthorizationPolicy default/a": "\n---\n{kind: AuthorizationPolicy, metadata: {name: a}, spec: {rules: [" +
			`{from: [{source: {notPrincipals: [x], ipBlocks: [10.0.0.0/8]}}], when: [{key: k, notValues: [""]}]}, {}]}}`,
	} {
		snapshot := mesh(t, text, "")
		own := Policy{Object: object, Decides: AtServer, Text: snapshot.text(object)}
		for _, fault := range writtenWrong(snapshot, own) {
			t.Errorf("%s\n%s", fault, own.Text)
		}
	}
}

// Nothing is in force where the oracle has no answer, and no rule counts at the addresses of pods.
func TestNothingIsInForceOfWhatIsNotAsked(t *testing.T) {
	policies := peerAuth(inRoot, "mtls: {mode: STRICT}") + destRule("name: r", "host: \"*\", trafficPolicy: {tls: {mode: DISABLE}}")
	snapshot := mesh(t, policies, "")
	for _, to := range []string{"nobody -> product-service:8080", "client -> nothing:8080"} {
		if got := snapshot.InForce(snapshot.AskEach(question(t, to))[0]); got != nil {
			t.Errorf("%s: %+v", to, got)
		}
	}
	for _, a := range []EndpointAnswer{snapshot.AskEach(question(t, "client -> product-service-pod:19092"))[0], snapshot.AskAddress("client", "product-service", 8080)} {
		if got := snapshot.InForce(a); len(got) != 1 || got[0].Object != "PeerAuthentication istio-system/default" || got[0].Decides != AtServer {
			t.Errorf("%+v, want the mesh's policy alone", got)
		}
	}
}

// One answer for all endpoints comes with the list of the first.
func TestTheListOfOneAnswer(t *testing.T) {
	snapshot, q := mesh(t, peerAuth(inDefault, ofProduct+", mtls: {mode: STRICT}"), ""), question(t, "plain-client -> migration:8080")
	answer, policies := snapshot.AskInForce(q)
	if all := snapshot.AskEach(q); len(all) != 2 || !reflect.DeepEqual(answer, snapshot.Ask(q)) || !reflect.DeepEqual(policies, snapshot.InForce(all[0])) {
		t.Errorf("%+v of %d: %+v", answer, len(all), policies)
	}
}

// A policy that a narrower one stands above at the server is in force at the client, where auto-mTLS reads the namespace's alone.
func TestAutoMTLSReadsAPolicyThatTheServerDoesNot(t *testing.T) {
	snapshot := mesh(t, peerAuth("name: all", "mtls: {mode: DISABLE}")+peerAuth("name: one", ofProduct+", mtls: {mode: STRICT}"), "")
	got := snapshot.InForce(snapshot.AskEach(question(t, "client -> product-service:8080"))[0])
	if len(got) != 2 || got[0].Object != "PeerAuthentication default/one" || got[0].Decides != AtServer || got[1].Object != "PeerAuthentication default/all" || got[1].Decides != AtClient {
		t.Errorf("%+v", got)
	}
}

// The lists of some hops as a reader sees them.
func TestTheListsOfSomeHops(t *testing.T) {
	hops := []string{
		"first-name-among-workload-policies: client -> product-service:50051", "port-entry-without-tls-under-mutual: client -> product-service:8080",
		"port-entry-without-tls-under-mutual: client -> legacy-service:9000", "subset-port-level: client -> migration:8080",
		"subsets-of-two-rules: client -> migration:8080", "lb-passthrough-port-disable: client -> product-service:80",
		"unset-mesh: plain-client -> product-service:9000", "credential-name-on-sidecar: client -> product-service:8080",
		"deny-a-client: client -> product-service:50051", "allow-the-gateway: client -> product-service:50051",
		"gateway-mutual: plain-client -> ingress:8444", "backend-tls-policy: client -> product-service:8080",
		"sidecar-registry-only: client -> product-service:9000", "route-header: client -> product-service:8080",
	}
	var ids []string
	for _, key := range hops {
		id, _, _ := strings.Cut(key, ":")
		ids = append(ids, id)
	}
	var got strings.Builder
	listed := map[string]bool{}
	for asked := range catalogueQuestions(t, ids...) {
		key := fmt.Sprintf("%s: %s -> %s", asked.id, asked.question.Client, asked.question.To)
		if !slices.Contains(hops, key) || listed[key] {
			continue
		}
		listed[key] = true
		a := asked.snapshot.AskEach(asked.question)[0]
		fmt.Fprintf(&got, "%s\n%s %s, server %s, client %s\n", key, a.Says, a.Refusal, a.Server.Mode, a.Client.Mode)
		for _, own := range asked.snapshot.InForce(a) {
			fmt.Fprintf(&got, "%s: %s%s %s\n", own.Object, own.Decides, own.Lost, own.Why)
			for i, line := range strings.SplitAfter(strings.TrimSuffix(own.Text, "\n"), "\n") {
				mark := " "
				if slices.Contains(own.Lines, i+1) {
					mark = ">"
				}
				fmt.Fprintf(&got, "%s %s", mark, line)
			}
			got.WriteString("\n")
		}
		got.WriteString("\n")
	}
	for _, key := range hops {
		if !listed[key] {
			t.Errorf("no case asks %s", key)
		}
	}
	const file = "testdata/in_force.txt"
	if *update {
		if err := os.WriteFile(file, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got.String() != string(want) {
		t.Errorf("%s is not what is listed: run go test ./e2e/pure/oracle -update and look at what changed\n%s", file, got.String())
	}
}
