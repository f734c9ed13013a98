package oracle

import (
	"slices"
	"strings"
	"testing"

	"mtls.test/conformance/e2e/pure/hop"
)

// sidecarOver is a Sidecar in one line.
func sidecarOver(where, spec string) string {
	return "\n---\n{kind: Sidecar, metadata: {" + where + "}, spec: {" + spec + "}}"
}

// listing is a Sidecar whose one egress listener lists hosts.
func listing(where string, hosts ...string) string {
	return sidecarOver(where, `egress: [{hosts: ["`+strings.Join(hosts, `", "`)+`"]}]`)
}

const (
	ofClients  = "name: default, namespace: clients"
	toProducts = "client -> product-service:8080"
	fullName   = "product-service.default.svc.cluster.local"
)

// A route brings a service that the client's Sidecar does not list, and none that is not exported.
func TestADestinationOfARouteNeedNotBeListed(t *testing.T) {
	sidecar := listing(ofClients, "./*")
	const hidden = "\n---\n{kind: Service, metadata: {name: hidden, annotations: {networking.istio.io/exportTo: .}}, spec: {selector: {app: product-service}, ports: [{name: http, port: 8080, targetPort: 8080}]}}"
	for _, row := range []struct {
		to     string
		routed bool
		want   string
	}{
		{"client -> product-service:8080", false, "plaintext"}, {"client -> product-service:8080", true, "mtls"},
		{"client -> hidden:8080", false, "plaintext"}, {"client -> hidden:8080", true, "refused"},
	} {
		q := question(t, row.to)
		q.Routed = row.routed
		if answer := mesh(t, sidecar+hidden, "").Ask(q); string(answer.Says) != row.want || row.want == "refused" && answer.Refusal != hop.NoCluster {
			t.Errorf("%s, routed %t: %s %s: %s", row.to, row.routed, answer.Says, answer.Refusal, answer.Why)
		}
	}
}

func TestAClientOutsideASidecarsScopeSendsWhatItsApplicationSpeaks(t *testing.T) {
	hidden := listing(ofClients, "istio-system/*")
	strict := peerAuth(inRoot, "mtls: {mode: STRICT}")
	run(t, []asked{
		{policies: hidden, hop: toProducts, want: "plaintext", rules: []Rule{SidecarNamespace, SidecarHides, PassthroughCluster}, unused: []Rule{AutoClusters, SidecarImports}},
		{policies: hidden, hop: "client -> product-service:9000", want: "plaintext"},
		{policies: hidden, hop: "client -> product-service:8443", want: "app-tls"},
		{policies: hidden, hop: "client -> product-service-headless:8080", want: "plaintext"},
		{policies: hidden, hop: "client -> product-service-alias:8080", want: "plaintext"},
		{policies: hidden, hop: "client -> internal.toProducts.test:8080", want: ""},
		{policies: hidden + strict, hop: toProducts, want: "refused no-filter-chain"},
		{policies: hidden + destRule("name: r", product+", trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}"), hop: toProducts, want: "plaintext"},
		{policies: hidden, hop: "gateway -> product-service:8080", want: "mtls", unused: []Rule{SidecarNamespace}},
		{policies: hidden, hop: "order-service -> product-service:8080", want: "mtls"},
		{policies: hidden, hop: "plain-client -> product-service:8080", want: "plaintext", unused: []Rule{SidecarHides}},
	})
}

func TestAClientOfTwoEndpointsThatItDoesNotKnowIsAnsweredForEach(t *testing.T) {
	all := mesh(t, listing(ofClients, "./*"), "").AskEach(question(t, "client -> migration:8080"))
	if len(all) != 2 || all[0].Endpoint == all[1].Endpoint {
		t.Fatalf("got %+v", all)
	}
	for _, answer := range all {
		want := Client{Mode: Disable, Object: "Sidecar clients/default", Rule: PassthroughCluster}
		if answer.Says != hop.Plaintext || answer.Client != want || !strings.Contains(answer.Why, "Sidecar clients/default keeps migration.default.svc.cluster.local from clients/client, so that it leaves by PassthroughCluster: ") {
			t.Errorf("got %+v", answer)
		}
	}
}

func TestWhichSidecarIsInForce(t *testing.T) {
	const old, young = ", creationTimestamp: 2026-01-01T00:00:00Z", ", creationTimestamp: 2026-01-02T00:00:00Z"
	selecting := func(where, labels string, hosts string) string {
		return sidecarOver(where, "workloadSelector: {labels: "+labels+"}, egress: [{hosts: ["+hosts+"]}]")
	}
	const all, none = `"*/*"`, `"~/*"`
	run(t, []asked{
		{name: "the selecting one", policies: listing(ofClients, "~/*") + selecting("name: own, namespace: clients", "{app: client}", all), hop: toProducts, want: "mtls", rules: []Rule{SidecarSelector}, unused: []Rule{SidecarNamespace}},
		{name: "the selecting one hides", policies: listing(ofClients, "*/*") + selecting("name: own, namespace: clients", "{app: client}", none), hop: toProducts, want: "plaintext"},
		{name: "one that selects others", policies: listing(ofClients, "*/*") + selecting("name: own, namespace: clients", "{app: other}", none), hop: toProducts, want: "mtls", rules: []Rule{SidecarNamespace}},
		{name: "an empty selector selects all", policies: listing(ofClients, "*/*") + selecting("name: own, namespace: clients", "{}", none), hop: toProducts, want: "plaintext"},
		{name: "the namespace's over the root's", policies: listing("name: default, namespace: istio-system", "~/*") + listing(ofClients, "*/*"), hop: toProducts, want: "mtls", unused: []Rule{SidecarRoot}},
		{name: "the root's", policies: listing("name: default, namespace: istio-system", "~/*"), hop: toProducts, want: "plaintext", rules: []Rule{SidecarRoot}},
		{name: "the root's, where one selects others", policies: listing("name: default, namespace: istio-system", "~/*") + selecting("name: own, namespace: clients", "{app: other}", all), hop: toProducts, want: "plaintext", rules: []Rule{SidecarRoot}},
		{name: "the root's own namespace is the client's", policies: listing("name: default, namespace: istio-system", "./*"), hop: "order-service -> product-service:8080", want: "mtls"},
		{name: "a selecting one of the root", policies: selecting("name: own, namespace: istio-system", "{app: client}", none), hop: toProducts, want: "mtls"},
		{name: "the older of two", policies: listing("name: a, namespace: clients"+young, "*/*") + listing("name: b, namespace: clients"+old, "~/*"), hop: toProducts, want: "plaintext", rules: []Rule{SidecarOldest}},
		{name: "the first name of two", policies: listing("name: b, namespace: clients"+old, "~/*") + listing("name: a, namespace: clients"+old, "*/*"), hop: toProducts, want: "mtls", rules: []Rule{SidecarOldest}},
		{name: "none for the gateway", policies: listing("name: default, namespace: istio-system", "~/*"), hop: "gateway -> product-service:8080", want: "mtls"},
	})
}

func TestWhatTheHostsOfASidecarList(t *testing.T) {
	for hosts, want := range map[string]string{
		`"*/*"`: "mtls", `"default/*"`: "mtls", `"./*"`: "plaintext", `"*/` + fullName + `"`: "mtls", `"default/` + fullName + `"`: "mtls",
		`"clients/` + fullName + `"`: "plaintext", `"default/*.default.svc.cluster.local"`: "mtls", `"default/*.other.svc.cluster.local"`: "plaintext",
		`"default/product-service"`: "plaintext", `"~/*"`: "plaintext", `"*/*", "~default/*"`: "plaintext", `"*/*", "~clients/*"`: "mtls",
		`"~/` + fullName + `", "default/*"`: "plaintext", `"*/*", "~default/order-service.default.svc.cluster.local"`: "mtls",
		`"./*", "istio-system/*"`: "plaintext", `"` + fullName + `"`: "plaintext",
	} {
		policies := sidecarOver(ofClients, "egress: [{hosts: ["+hosts+"]}]")
		run(t, []asked{{name: hosts, policies: policies, hop: toProducts, want: want}})
	}
	run(t, []asked{
		{policies: listing(ofClients, "*/*", "~default/*"), hop: toProducts, want: "plaintext", rules: []Rule{SidecarExcludes}},
		{policies: listing(ofClients, "default/"+fullName), hop: "client -> product-service-alias:8080", want: "plaintext"},
		{policies: listing(ofClients, "default/*"), hop: "client -> product-service-alias:8080", want: "mtls"},
	})
}

func TestAnEgressListenerWithAPortIsForThatPort(t *testing.T) {
	listener := func(port, protocol, more, hosts string) string {
		return "{port: {number: " + port + ", protocol: " + protocol + ", name: p}, " + more + `hosts: ["` + hosts + `"]}`
	}
	egress := func(listeners ...string) string {
		return sidecarOver(ofClients, "egress: ["+strings.Join(listeners, ", ")+"]")
	}
	const rest, others = `{hosts: ["*/*"]}`, "istio-system/*"
	run(t, []asked{
		{name: "that port", policies: egress(listener("8080", "HTTP", "", "default/*")), hop: toProducts, want: "mtls", rules: []Rule{SidecarPort, SidecarImports}},
		{name: "another port", policies: egress(listener("8080", "HTTP", "", "default/*")), hop: "client -> product-service:9000", want: "plaintext", unused: []Rule{SidecarPort}},
		{name: "the Service's port counts", policies: egress(listener("8081", "HTTP", "", "default/*")), hop: "client -> product-service:80", want: "plaintext"},
		{name: "over HTTP no other listener is for it", policies: egress(listener("8080", "HTTP", "", others), rest), hop: toProducts, want: "plaintext", rules: []Rule{SidecarPort}},
		{name: "the rest", policies: egress(listener("8080", "HTTP", "", others), rest), hop: "client -> product-service:50051", want: "mtls"},
		{name: "over TCP another one is too", policies: egress(listener("9000", "TCP", "", others), rest), hop: "client -> product-service:9000", want: "mtls", rules: []Rule{SidecarPort}},
		{name: "bound elsewhere", policies: egress(listener("8080", "HTTP", "bind: 127.0.0.1, ", "default/*")), hop: toProducts, want: ""},
		{name: "not captured", policies: egress(listener("8080", "HTTP", "captureMode: NONE, ", "default/*")), hop: toProducts, want: ""},
		{name: "declared otherwise", policies: egress(listener("9000", "HTTP", "", "default/*")), hop: "client -> product-service:9000", want: ""},
		{name: "a Unix socket", policies: egress("{port: {number: 0, protocol: HTTP, name: p}, bind: 'unix:///x', hosts: ['*/*']}"), hop: toProducts, want: "plaintext"},
	})
}

func TestWhatAProxyDoesWithWhatItDoesNotKnow(t *testing.T) {
	const hosts = `egress: [{hosts: ["./*"]}], `
	blocked := sidecarOver(ofClients, hosts+"outboundTrafficPolicy: {mode: REGISTRY_ONLY}")
	run(t, []asked{
		{policies: blocked, hop: toProducts, want: "refused blocked", rules: []Rule{SidecarOutbound, RegistryOnly, SidecarHides}},
		{policies: blocked, hop: "client -> product-service-pod:19092", want: "refused blocked"},
		{policies: blocked, hop: "order-service -> product-service-pod:19092", want: "plaintext"},
		{name: "a policy without a mode", policies: sidecarOver(ofClients, hosts+"outboundTrafficPolicy: {}"), hop: toProducts, want: "refused blocked"},
		{name: "over the mesh's", settings: "{outboundTrafficPolicy: {mode: REGISTRY_ONLY}}", policies: sidecarOver(ofClients, hosts+"outboundTrafficPolicy: {mode: ALLOW_ANY}"), hop: toProducts, want: "plaintext"},
		{name: "the mesh's", settings: "{outboundTrafficPolicy: {mode: REGISTRY_ONLY}}", policies: listing(ofClients, "./*"), hop: toProducts, want: "refused blocked", unused: []Rule{SidecarOutbound}},
		{name: "what it knows", policies: sidecarOver(ofClients, "outboundTrafficPolicy: {mode: REGISTRY_ONLY}"), hop: toProducts, want: "mtls", rules: []Rule{SidecarNoEgress}},
		{name: "an egress proxy", policies: sidecarOver(ofClients, hosts+"outboundTrafficPolicy: {mode: ALLOW_ANY, egressProxy: {host: proxy.test, port: {number: 80}}}"), hop: toProducts, want: "", rules: []Rule{SidecarEgressProxy}},
		{name: "by default", settings: "{}", policies: listing(ofClients, "./*"), hop: toProducts, want: "plaintext"},
	})
}

func TestARuleIsFoundByItsServiceWhateverTheSidecarLists(t *testing.T) {
	inRootRule := destRule("name: r, namespace: istio-system", product+", trafficPolicy: {tls: {mode: DISABLE}}")
	inDefaultRule := destRule("name: r", product+", trafficPolicy: {tls: {mode: DISABLE}}")
	run(t, []asked{
		{policies: listing(ofClients, "default/*") + inRootRule, hop: toProducts, want: "plaintext", rules: []Rule{SidecarRules, RuleRootNamespace}},
		{policies: listing(ofClients, "default/*") + inDefaultRule, hop: toProducts, want: "plaintext", unused: []Rule{SidecarRules}},
		{policies: sidecarOver(ofClients, "outboundTrafficPolicy: {mode: ALLOW_ANY}") + inRootRule, hop: toProducts, want: "plaintext", unused: []Rule{SidecarRules}},
	})
}

func TestIngressListenersTakeThePlaceOfTheServicesPorts(t *testing.T) {
	ingress := func(port, protocol, more string) string {
		return sidecarOver(inDefault, "workloadSelector: {labels: {app: product-service}}, ingress: [{port: {number: "+port+", protocol: "+protocol+", name: p}"+more+"}]")
	}
	strict, port := peerAuth(inDefault, "mtls: {mode: STRICT}"), peerAuth("name: w", ofProduct+", portLevelMtls: {9000: {mode: STRICT}}")
	other := &Offer{Certificate: None}
	run(t, []asked{
		{policies: ingress("8080", "HTTP", ""), hop: toProducts, want: "mtls", rules: []Rule{SidecarIngress}, unused: []Rule{ChainPassThrough}},
		{policies: ingress("8080", "HTTP", ""), hop: "plain-client -> product-service:9000", want: "plaintext", rules: []Rule{SidecarIngressAlone, ChainPassThrough}},
		{policies: ingress("8080", "HTTP", "") + port, hop: "plain-client -> product-service:9000", want: "refused no-filter-chain", rules: []Rule{ServerPortNoService}},
		{policies: ingress("8080", "HTTP", "") + strict, hop: "plain-client -> product-service:8080", want: "refused no-filter-chain"},
		{name: "declares the port", policies: ingress("8080", "HTTP", ""), offer: other, hop: "plain-client -> product-service:8080", want: "refused no-filter-chain"},
		{name: "declares the port", policies: ingress("8080", "TCP", ""), offer: other, hop: "plain-client -> product-service:8080", want: "refused not-tls"},
		{name: "leads elsewhere", policies: ingress("8080", "HTTP", ", defaultEndpoint: '127.0.0.1:9999'"), hop: toProducts, want: "mtls"},
		{name: "leads elsewhere", policies: ingress("8443", "HTTPS", ", defaultEndpoint: '127.0.0.1:9999'"), hop: "plain-client -> product-service:8443", want: ""},
		{name: "leads to the same", policies: ingress("8443", "HTTPS", ", defaultEndpoint: '0.0.0.0:8443'"), hop: "plain-client -> product-service:8443", want: "app-tls"},
		{name: "TLS of its own", policies: ingress("8443", "HTTPS", ", tls: {mode: SIMPLE}"), hop: "plain-client -> product-service:8443", want: ""},
		{name: "not captured", policies: ingress("8080", "HTTP", ", captureMode: NONE"), hop: toProducts, want: ""},
		{name: "of others", policies: ingress("8080", "HTTP", ""), hop: "client -> order-service:8080", want: "mtls", unused: []Rule{SidecarIngress}},
		{name: "egress alone", policies: listing(inDefault, "*/*"), hop: toProducts, want: "mtls", unused: []Rule{SidecarIngressAlone}},
	})
}

func TestAServiceIsKnownWhereItIsExported(t *testing.T) {
	service := func(exportTo string) string {
		return "\n---\n{kind: Service, metadata: {name: product-service, annotations: {networking.istio.io/exportTo: '" + exportTo + "'}}, spec: {selector: {app: product-service}, ports: [{port: 8080, appProtocol: http}]}}"
	}
	for exportTo, want := range map[string]string{"": "mtls", "*": "mtls", ".": "plaintext", "~": "plaintext", "other, clients": "mtls", "other": "plaintext"} {
		run(t, []asked{{name: exportTo, policies: service(exportTo), hop: toProducts, want: want}})
	}
	run(t, []asked{
		{policies: service("."), hop: "order-service -> product-service:8080", want: "mtls"},
		{policies: service("."), hop: toProducts, want: "plaintext", rules: []Rule{ServiceExportTo}},
		{policies: service("."), hop: "gateway -> product-service:8080", want: "refused no-cluster", rules: []Rule{ServiceExportTo}},
		{name: "by default", settings: "{defaultServiceExportTo: [.]}", hop: toProducts, want: "plaintext", rules: []Rule{ServiceExportTo}},
		{name: "not by default", settings: "{defaultServiceExportTo: [.]}", policies: service("*"), hop: toProducts, want: "mtls"},
	})
}

func TestACallByAPodsAddress(t *testing.T) {
	strict := peerAuth(inRoot, "mtls: {mode: STRICT}")
	const stranger = "\n---\n{kind: Service, metadata: {name: a-headless}, spec: {clusterIP: None, ports: [{port: 9000, appProtocol: tcp}]}}" +
		"\n---\n{kind: EndpointSlice, metadata: {name: a, labels: {kubernetes.io/service-name: a-headless}}, addressType: IPv4, ports: [{port: 9000}], endpoints: [{addresses: [10.9.9.9]}]}"
	for name, row := range map[string]struct {
		policies, client string
		port             uint16
		want             hop.Outcome
		cause            hop.Refusal
		rule             Rule
	}{
		"passes unchanged":                         {"", "client", 8080, hop.Plaintext, "", PassthroughCluster},
		"is refused under STRICT":                  {strict, "client", 8080, hop.Refused, hop.NoFilterChain, PassthroughCluster},
		"finds a headless service's TCP port":      {strict, "client", 9000, hop.MTLS, "", HeadlessPerPod},
		"finds it past an endpoint of no pod":      {strict + stranger, "client", 9000, hop.MTLS, "", HeadlessPerPod},
		"finds none that a Sidecar hides":          {listing(ofClients, "./*"), "client", 9000, hop.Plaintext, "", PassthroughCluster},
		"finds a ServiceEntry's TCP port":          {"\n---\n{kind: ServiceEntry, metadata: {name: e}, spec: {hosts: [e.test], location: MESH_INTERNAL, resolution: NONE, ports: [{number: 9001, name: tcp, protocol: TCP}]}}", "client", 9001, hop.MTLS, "", EntryByPort},
		"finds no ServiceEntry of another's":       {"\n---\n{kind: ServiceEntry, metadata: {name: e}, spec: {exportTo: [.], hosts: [e.test], location: MESH_INTERNAL, resolution: NONE, ports: [{number: 9001, name: tcp, protocol: TCP}]}}", "client", 9001, hop.Refused, hop.ServerFirst, PassthroughCluster},
		"comes in the clear without a proxy":       {"", "plain-client", 8080, hop.Plaintext, "", ClientNoProxy},
		"is of no use to a gateway":                {"", "gateway", 8080, hop.Refused, hop.NoCluster, GatewayNoPassthrough},
		"carries the application's own TLS":        {"", "client", 8443, hop.AppTLS, "", PassthroughCluster},
		"is blocked under REGISTRY_ONLY":           {sidecarOver(ofClients, "outboundTrafficPolicy: {mode: REGISTRY_ONLY}"), "client", 8080, hop.Refused, hop.Blocked, RegistryOnly},
		"has the workload's port, not a Service's": {"", "client", 8081, hop.Plaintext, "", PassthroughCluster},
	} {
		t.Run(name, func(t *testing.T) {
			answer := mesh(t, row.policies, "").AskAddress(row.client, "default/product-service", row.port)
			if answer.Says != row.want || answer.Refusal != row.cause || !slices.Contains(answer.Rules, row.rule) {
				t.Errorf("got %s %s, want %s %s by %s: %s %v", answer.Says, answer.Refusal, row.want, row.cause, row.rule, answer.Why, answer.Rules)
			}
			if reached := answer.Refusal != hop.NoCluster && answer.Refusal != hop.Blocked; reached && (answer.Endpoint != "default/product-service" || answer.Port != row.port) {
				t.Errorf("got endpoint %s port %d", answer.Endpoint, answer.Port)
			}
		})
	}
	for _, answer := range []EndpointAnswer{mesh(t, "", "").AskAddress("nobody", "product-service", 1), mesh(t, "", "").AskAddress("client", "nobody", 1)} {
		if answer.Says != "" || !strings.Contains(answer.Why, "nobody") {
			t.Errorf("got %+v", answer)
		}
	}
}

func TestTheScopeOfAClientIsTold(t *testing.T) {
	snapshot := mesh(t, sidecarOver(ofClients, `egress: [{hosts: ["./*"]}], outboundTrafficPolicy: {mode: REGISTRY_ONLY}`)+
		sidecarOver(inDefault, `outboundTrafficPolicy: {mode: ALLOW_ANY, egressProxy: {host: proxy.test, port: {number: 80}}}`), "")
	for name, want := range map[string]Scope{
		"client": {Sidecar: "Sidecar clients/default", RegistryOnly: true}, "order-service": {Sidecar: "Sidecar default/default", EgressProxy: "proxy.test:80"}, "gateway": {},
	} {
		workload, _ := snapshot.workload(name)
		if got := snapshot.Scope(workload); got != want {
			t.Errorf("%s: got %+v, want %+v", name, got, want)
		}
	}
	client, _ := snapshot.workload("client")
	orders, _ := snapshot.workload("order-service")
	to := hop.ServicePort{Service: "product-service", Port: 8080}
	if in, by, err := snapshot.Imports(client, to); in || by != "Sidecar clients/default" || err != nil {
		t.Errorf("got %v %s %v", in, by, err)
	}
	if in, by, err := snapshot.Imports(orders, to); !in || by != "Sidecar default/default" || err != nil {
		t.Errorf("got %v %s %v", in, by, err)
	}
	if _, _, err := snapshot.Imports(client, hop.ServicePort{Service: "nothing", Port: 1}); err == nil || !strings.Contains(err.Error(), "nothing") {
		t.Errorf("got %v", err)
	}
	bound := mesh(t, sidecarOver(ofClients, `egress: [{port: {number: 8080, protocol: HTTP, name: p}, bind: 127.0.0.1, hosts: ["*/*"]}]`), "")
	if _, by, err := bound.Imports(client, to); err == nil || by != "Sidecar clients/default" {
		t.Errorf("got %s %v", by, err)
	}
}
