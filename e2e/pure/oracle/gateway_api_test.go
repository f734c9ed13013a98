package oracle

import (
	"slices"
	"strings"
	"testing"

	"mtls.test/conformance/e2e/pure/hop"
)

// api is an object of the Gateway API in one line.
func api(kind, where, spec string) string {
	return "\n---\n{apiVersion: gateway.networking.k8s.io/v1, kind: " + kind + ", metadata: {" + where + "}, spec: {" + spec + "}}"
}

const (
	ofService      = "parentRefs: [{group: \"\", kind: Service, name: product-service}]"
	productBackend = "{name: product-service, port: 8080}"
	legacyBackend  = "{name: legacy-service, port: 8080}"
	ordersBackend  = "{name: order-service, port: 8080}"
)

func TestRoutesToAService(t *testing.T) {
	route := func(where, rules string) string { return api("HTTPRoute", where, ofService+", rules: ["+rules+"]") }
	self, legacy := "100 product-service.default:8080", "100 legacy-service.default:8080"
	all := "{backendRefs: [" + legacyBackend + "]}"
	runRoutes(t, map[string]routed{
		"one":                  {policies: route("name: r", all), hop: toHTTP, want: []string{legacy}, rules: []Rule{RouteAPI, RouteParent}, unused: []Rule{RouteShortName, RouteSamePort}},
		"any path":             {policies: route("name: r", "{matches: [{path: {type: PathPrefix, value: /}}], backendRefs: ["+legacyBackend+"]}"), hop: toHTTP, want: []string{legacy}},
		"whole segments":       {policies: route("name: r", "{matches: [{path: {type: PathPrefix, value: /a/}}], backendRefs: ["+legacyBackend+"]}"), hop: toHTTP, want: []string{legacy + " if path segment-prefix /a"}},
		"weights":              {policies: route("name: r", "{backendRefs: [{name: product-service, port: 8080, weight: 3}, "+legacyBackend+", {name: order-service, port: 8080, weight: 0}]}"), hop: toHTTP, want: []string{"75 product-service.default:8080", "25 legacy-service.default:8080"}, rules: []Rule{RouteWeight}},
		"no backend":           {policies: route("name: r", "{backendRefs: []}"), hop: toHTTP, want: []string{"100 answered"}, rules: []Rule{RouteAnswered}},
		"a redirect":           {policies: route("name: r", "{filters: [{type: RequestRedirect, requestRedirect: {hostname: x.test}}]}"), hop: toHTTP, want: []string{"100 answered"}},
		"mirrors":              {policies: route("name: r", "{filters: [{type: RequestMirror, requestMirror: {backendRef: "+legacyBackend+"}}, {type: RequestMirror, requestMirror: {backendRef: "+ordersBackend+", percent: 5}}, {type: RequestMirror, requestMirror: {backendRef: "+ordersBackend+", fraction: {numerator: 1, denominator: 2}}}], backendRefs: ["+productBackend+"]}"), hop: toHTTP, want: []string{self, legacy + " copy", "5 order-service.default:8080 copy", "50 order-service.default:8080 copy"}, rules: []Rule{RouteMirror}},
		"a mirror to nothing":  {policies: route("name: r", "{filters: [{type: RequestMirror, requestMirror: {backendRef: {name: x, port: 1}}}], backendRefs: ["+productBackend+"]}"), hop: toHTTP, want: []string{self}},
		"a backend of nothing": {policies: route("name: r", "{backendRefs: [{name: x, port: 1}]}"), hop: toHTTP, want: []string{"100 x.default:1"}, rules: []Rule{RouteNoService}, note: "is no service"},
		"a kind unknown":       {policies: route("name: r", "{backendRefs: [{group: x.test, kind: Bucket, name: x, port: 1}]}"), hop: toHTTP, want: []string{"100 UnknownService"}},
		"a host":               {policies: route("name: r", "{backendRefs: [{group: networking.istio.io, kind: Hostname, name: external.products.test, port: 8080}]}"), hop: toHTTP, want: []string{"100 external.products.test:8080"}},
		"conditions": {policies: route("name: r", "{matches: [{path: {type: Exact, value: /a}, method: GET, headers: [{name: X-A, value: b}, {name: c, value: d, type: RegularExpression}], queryParams: [{name: q, value: v}]}], backendRefs: ["+legacyBackend+"]}"), hop: toHTTP,
			want: []string{legacy + " if path exact /a; header c regex d; header x-a exact b; method exact GET; query q exact v"}},
		"an order of its own": {policies: route("name: r", "{matches: [{path: {type: RegularExpression, value: /a.*}}, {path: {value: /}}, {path: {value: /a}}, {path: {value: /a}, method: GET}, {path: {value: /a/b}}, {path: {type: Exact, value: /}}], backendRefs: ["+legacyBackend+"]}"), hop: toHTTP,
			want: []string{legacy + " if path exact /", legacy + " if path segment-prefix /a/b", legacy + " if path segment-prefix /a; method exact GET", legacy + " if path segment-prefix /a", legacy}, rules: []Rule{RouteUnreachable}, note: "no request reaches"},
		"its port":                       {policies: api("HTTPRoute", "name: r", "parentRefs: [{group: \"\", kind: Service, name: product-service, port: 8080}], rules: ["+all+"]"), hop: toHTTP, want: []string{legacy}, rules: []Rule{RoutePort}},
		"another port":                   {policies: api("HTTPRoute", "name: r", "parentRefs: [{group: \"\", kind: Service, name: product-service, port: 80}], rules: ["+all+"]"), hop: toHTTP, want: []string{self}},
		"for a client's namespace":       {policies: api("HTTPRoute", "name: r, namespace: clients", "parentRefs: [{group: \"\", kind: Service, name: product-service, namespace: default}], rules: [{backendRefs: [{name: legacy-service, namespace: default, port: 8080}]}]"), hop: toHTTP, want: []string{legacy}},
		"for another namespace":          {policies: api("HTTPRoute", "name: r, namespace: istio-system", "parentRefs: [{group: \"\", kind: Service, name: product-service, namespace: default}], rules: [{backendRefs: [{name: legacy-service, namespace: default, port: 8080}]}]"), hop: toHTTP, want: []string{self}, rules: []Rule{RouteConsumer}},
		"for a ServiceEntry":             {policies: api("HTTPRoute", "name: r", "parentRefs: [{group: networking.istio.io, kind: ServiceEntry, name: external}], rules: ["+all+"]"), hop: "client -> external.products.test:8080", want: []string{legacy}},
		"an older VirtualService":        {policies: route(youngest, all) + virtual(oldest, onProduct+", http: [{"+toOrders+"}]"), hop: toHTTP, want: []string{"100 order-service.default:8080"}, note: "HTTPRoute default/young has no effect"},
		"a younger one of the client's":  {policies: api("HTTPRoute", strings.Replace(youngest, ",", ", namespace: clients,", 1), "parentRefs: [{group: \"\", kind: Service, name: product-service, namespace: default}], rules: [{backendRefs: [{name: legacy-service, namespace: default, port: 8080}]}]") + virtual(oldest, onProduct+", http: [{"+toOrders+"}]"), hop: toHTTP, want: []string{legacy}, note: "VirtualService default/old has no effect"},
		"two routes":                     {policies: route(oldest, all) + route(youngest, "{matches: [{path: {value: /a}}], backendRefs: ["+ordersBackend+"]}"), hop: toHTTP, want: []string{"100 order-service.default:8080 if path segment-prefix /a", legacy}, rules: []Rule{RouteAPIMerge}},
		"HTTP and gRPC":                  {policies: route(oldest, all) + api("GRPCRoute", youngest, ofService+", rules: [{matches: [{method: {service: s, method: m}}], backendRefs: ["+ordersBackend+"]}]"), hop: toHTTP, want: []string{"100 order-service.default:8080 if path exact /s/m", legacy}},
		"HTTP and gRPC of one name":      {policies: route("name: r", all) + api("GRPCRoute", "name: r", ofService+", rules: [{matches: [{method: {service: s, method: m}}], backendRefs: ["+ordersBackend+"]}]"), hop: toHTTP, want: []string{"100 order-service.default:8080 if path exact /s/m", legacy}, note: "an HTTPRoute and a GRPCRoute bear the name default/r"},
		"a filter that is not supported": {policies: route("name: r", "{filters: [{type: ExtensionRef}], backendRefs: ["+legacyBackend+"]}"), hop: toHTTP, want: []string{self}, note: "filter ExtensionRef is not supported"},
		"a service of a host's name":     {policies: route("name: r", "{backendRefs: [{name: a.b, port: 1}]}"), hop: toHTTP, want: []string{self}, note: "a backend is named by a host, a.b"},
		"no port":                        {policies: route("name: r", "{backendRefs: [{name: legacy-service}]}"), hop: toHTTP, want: []string{self}, note: "backend legacy-service has no port"},
	})
}

func TestMethodsOfAGRPCRoute(t *testing.T) {
	for match, want := range map[string]string{
		"{}":                                "",
		"{method: {service: s, method: m}}": " if path exact /s/m",
		"{method: {service: s}}":            " if path segment-prefix /s",
		"{method: {method: m}}":             " if path regex /[^/]+/m",
		"{headers: [{name: h, value: v}]}":  " if header h exact v",
		"{method: {type: RegularExpression, service: s.*}}":            " if path regex /s.*/.+",
		"{method: {type: RegularExpression, service: s.*, method: m}}": " if path regex /s.*/m",
	} {
		snapshot := mesh(t, api("GRPCRoute", "name: r", ofService+", rules: [{matches: ["+match+"], backendRefs: [{name: legacy-service, port: 8080}]}]"), "")
		got := leads(snapshot.Routes("client", hop.ServicePort{Service: "product-service", Port: 50051}).Routes)
		if !slices.Equal(got, []string{"100 legacy-service.default:8080" + want}) {
			t.Errorf("%s: %q, want %q", match, got, want)
		}
	}
}

// managed is the pod of a Gateway of the Gateway API.
const managed = "\n---\n{kind: Pod, metadata: {name: managed, namespace: default, labels: {gateway.networking.k8s.io/gateway-name: g}}, spec: {containers: [{name: istio-proxy}]}}"

func TestRoutesOfAGatewayOfTheGatewayAPI(t *testing.T) {
	const through = "managed -> product-service:8080"
	opens := func(listeners string) string {
		return managed + api("Gateway", "name: g", "gatewayClassName: istio, listeners: ["+listeners+"]")
	}
	plain := opens("{name: http, port: 80, protocol: HTTP}")
	route := func(spec string) string { return api("HTTPRoute", "name: r", spec) }
	const of, rules = "parentRefs: [{name: g}]", "rules: [{backendRefs: [" + productBackend + "]}]"
	product := []string{"100 product-service.default:8080"}
	runRoutes(t, map[string]routed{
		"no route":              {policies: plain, hop: through},
		"one":                   {policies: plain + route(of+", "+rules), hop: through, want: product, rules: []Rule{RouteAPI, RouteListener}},
		"Istio's own Gateway":   {policies: managed + "\n---\n{apiVersion: networking.istio.io/v1, kind: Gateway, metadata: {name: g}, spec: {selector: {x: y}}}" + route(of+", "+rules), hop: through},
		"by section":            {policies: plain + route("parentRefs: [{name: g, sectionName: http}], "+rules), hop: through, want: product},
		"another section":       {policies: plain + route("parentRefs: [{name: g, sectionName: https}], "+rules), hop: through},
		"by port":               {policies: plain + route("parentRefs: [{name: g, port: 80}], "+rules), hop: through, want: product},
		"another port":          {policies: plain + route("parentRefs: [{name: g, port: 81}], "+rules), hop: through},
		"a hostname":            {policies: opens("{name: http, port: 80, protocol: HTTP, hostname: \"*.test\"}") + route(of+", hostnames: [a.test], "+rules), hop: through, want: product},
		"another hostname":      {policies: opens("{name: http, port: 80, protocol: HTTP, hostname: \"*.test\"}") + route(of+", hostnames: [a.example], "+rules), hop: through},
		"of the narrower alone": {policies: opens("{name: a, port: 80, protocol: HTTP, hostname: \"*.test\"}, {name: b, port: 80, protocol: HTTP, hostname: a.test, allowedRoutes: {namespaces: {from: All}, kinds: [{kind: GRPCRoute}]}}") + route(of+", hostnames: [a.test], "+rules), hop: through},
		"another kind":          {policies: opens("{name: http, port: 80, protocol: HTTP, allowedRoutes: {kinds: [{kind: GRPCRoute}]}}") + route(of+", "+rules), hop: through},
		"a namespace":           {policies: plain + api("HTTPRoute", "name: r, namespace: clients", "parentRefs: [{name: g, namespace: default}], "+rules), hop: through},
		"all namespaces":        {policies: opens("{name: http, port: 80, protocol: HTTP, allowedRoutes: {namespaces: {from: All}}}") + api("HTTPRoute", "name: r, namespace: clients", "parentRefs: [{name: g, namespace: default}], rules: [{backendRefs: [{name: product-service, namespace: default, port: 8080}]}]"), hop: through},
		"with a grant": {policies: opens("{name: http, port: 80, protocol: HTTP, allowedRoutes: {namespaces: {from: All}}}") + api("HTTPRoute", "name: r, namespace: clients", "parentRefs: [{name: g, namespace: default}], rules: [{backendRefs: [{name: product-service, namespace: default, port: 8080}]}]") +
			api("ReferenceGrant", "name: x", "from: [{group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: clients}], to: [{group: \"\", kind: Service}]"), hop: through, want: product},
		"a grant for another": {policies: opens("{name: http, port: 80, protocol: HTTP, allowedRoutes: {namespaces: {from: All}}}") + api("HTTPRoute", "name: r, namespace: clients", "parentRefs: [{name: g, namespace: default}], rules: [{backendRefs: [{name: product-service, namespace: default, port: 8080}]}]") +
			api("ReferenceGrant", "name: x", "from: [{group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: clients}], to: [{group: \"\", kind: Service, name: order-service}]"), hop: through},
		"namespaces by label": {policies: opens("{name: http, port: 80, protocol: HTTP, allowedRoutes: {namespaces: {from: Selector, selector: {matchLabels: {a: b}}}}}") + route(of+", "+rules), hop: through, unknown: "namespaces by label"},
		"tls passed on":       {policies: opens("{name: tls, port: 443, protocol: TLS, tls: {mode: Passthrough}}"), hop: through, unknown: "whose routes are not evaluated"},
		"by a Service":        {policies: api("Gateway", "name: g, namespace: istio-system", "addresses: [{type: Hostname, value: ingressgateway}], listeners: [{name: http, port: 80, protocol: HTTP, allowedRoutes: {namespaces: {from: All}}}]") + route("parentRefs: [{name: g, namespace: istio-system}], "+rules), hop: "gateway -> product-service:8080", want: product},
		"not its pod":         {policies: plain + route(of+", "+rules), hop: "gateway -> product-service:8080"},
	})
}

func TestABackendTLSPolicyAsksForTLS(t *testing.T) {
	policy := func(where, target, validation string) string {
		return api("BackendTLSPolicy", where, "targetRefs: [{group: \"\", kind: Service, "+target+"}], validation: {"+validation+"}")
	}
	const ours, system = "name: product-service", "wellKnownCACertificates: System, hostname: product.test"
	for name, row := range map[string]struct {
		policies, hop string
		want          Client
		why           string
	}{
		"the system's roots":         {policy("name: b", ours, system), toHTTP, Client{Simple, "BackendTLSPolicy default/b", RuleTLS}, ""},
		"a ConfigMap":                {policy("name: b", "name: legacy-service", "caCertificateRefs: [{group: \"\", kind: ConfigMap, name: ca}], hostname: product.test"), "client -> legacy-service:8443", Client{Simple, "BackendTLSPolicy default/b", RuleTLS}, "configmap://default/ca is not in the snapshot"},
		"one port":                   {policy("name: b", ours+", sectionName: http", system), toHTTP, Client{Simple, "BackendTLSPolicy default/b", RulePort}, ""},
		"another port":               {policy("name: b", ours+", sectionName: grpc", system), toHTTP, Client{Auto, "", AutoClusters}, ""},
		"no such port":               {policy("name: b", ours+", sectionName: x", system), toHTTP, Client{Auto, "", AutoClusters}, ""},
		"another service":            {policy("name: b", "name: order-service", system), toHTTP, Client{Auto, "", AutoClusters}, ""},
		"the oldest":                 {policy(youngest, ours, system) + policy(oldest, ours, system), toHTTP, Client{Simple, "BackendTLSPolicy default/old", RuleTLS}, ""},
		"a rule with subsets beside": {policy("name: b", ours, system) + destRule("name: r", product+", subsets: [{name: v}]"), toHTTP, Client{Simple, "BackendTLSPolicy default/b", RuleTLS}, ""},
		"a rule with TLS beside":     {policy("name: b", ours, system) + destRule("name: a, creationTimestamp: 2020-01-01T00:00:00Z", product+", trafficPolicy: {tls: {mode: DISABLE}}"), toHTTP, Client{}, "Istio 1.30 follows the former, and 1.31 the latter"},
		"a rule of the client's":     {policy("name: b", ours, system) + destRule("name: r, namespace: clients", product+", trafficPolicy: {tls: {mode: DISABLE}}"), toHTTP, Client{Disable, "DestinationRule clients/r", RuleTLS}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			answer := mesh(t, row.policies, "").Ask(question(t, row.hop))
			if answer.Client != row.want || !strings.Contains(answer.Why, row.why) {
				t.Errorf("%+v: %s; want %+v: %s", answer.Client, answer.Why, row.want, row.why)
			}
			if used := slices.Contains(answer.Rules, BackendTLS); used != (strings.HasPrefix(row.want.Object, backendTLSKind) || row.want == Client{}) {
				t.Errorf("rules %v", answer.Rules)
			}
		})
	}
}
