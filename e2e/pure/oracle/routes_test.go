package oracle

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"mtls.test/conformance/e2e/pure/hop"
)

// virtual is a VirtualService in one line.
func virtual(where, spec string) string {
	return "\n---\n{apiVersion: networking.istio.io/v1, kind: VirtualService, metadata: {" + where + "}, spec: {" + spec + "}}"
}

// leads writes routes as "SHARE HOST:PORT[/SUBSET] [copy] [if MATCH]", hosts without the domain of services.
func leads(routes []hop.Route) []string {
	var all []string
	for _, r := range routes {
		to := strings.ReplaceAll(r.To.String(), ".svc.cluster.local", "")
		switch {
		case r.To == (hop.ServicePort{}) && r.Cluster == "":
			to = "answered"
		case r.To == (hop.ServicePort{}):
			to = r.Cluster
		}
		if r.Subset != "" {
			to += "/" + r.Subset
		}
		if r.Mirror {
			to += " copy"
		}
		if r.Match != "" {
			to += " if " + r.Match
		}
		all = append(all, fmt.Sprintf("%.0f %s", 100*r.Share, to))
	}
	return all
}

// routed is a question for routes and what must come of it.
type routed struct {
	policies, settings, hop string
	want                    []string
	rules, unused           []Rule
	note, unknown           string // part of the only one
}

func runRoutes(t *testing.T, rows map[string]routed) {
	t.Helper()
	for name, row := range rows {
		t.Run(name, func(t *testing.T) {
			q := question(t, row.hop)
			snapshot := mesh(t, row.policies, row.settings)
			got := snapshot.Routes(q.Client, q.To)
			if again := snapshot.Indexed().Routes(q.Client, q.To); !reflect.DeepEqual(got, again) {
				t.Errorf("indexed the answer is %+v, and else %+v", again, got)
			}
			if all := leads(got.Routes); !slices.Equal(all, row.want) {
				t.Errorf("routes\n%s\nwant\n%s", strings.Join(all, "\n"), strings.Join(row.want, "\n"))
			}
			for _, rule := range row.rules {
				if !slices.Contains(got.Rules, rule) {
					t.Errorf("rule %s is not used, but %v", rule, got.Rules)
				}
			}
			for _, rule := range row.unused {
				if slices.Contains(got.Rules, rule) {
					t.Errorf("rule %s is used", rule)
				}
			}
			says(t, "note", got.Notes, row.note)
			says(t, "unknown", got.Unknown, row.unknown)
		})
	}
}

// says wants the only text to have a part, or no text where the part is empty.
func says(t *testing.T, what string, all []string, part string) {
	t.Helper()
	switch {
	case part == "" && len(all) > 0:
		t.Errorf("%s %q", what, all)
	case part != "" && (len(all) != 1 || !strings.Contains(all[0], part)):
		t.Errorf("%s %q, want %q", what, all, part)
	}
}

const (
	onProduct = "hosts: [product-service]"
	toProduct = "route: [{destination: {host: product-service}}]"
	toLegacy  = "route: [{destination: {host: legacy-service}}]"
	toOrders  = "route: [{destination: {host: order-service}}]"
	toHTTP    = "client -> product-service:8080"
)

func TestRoutesOfASidecar(t *testing.T) {
	itself := []string{"100 product-service.default:8080"}
	legacy := []string{"100 legacy-service.default:8080"}
	runRoutes(t, map[string]routed{
		"no VirtualService": {hop: toHTTP, want: itself, rules: []Rule{RouteNone}},
		"one":               {policies: virtual("name: v", onProduct+", http: [{"+toLegacy+"}]"), hop: toHTTP, want: legacy, rules: []Rule{RouteShortName, RouteDestinationShortName, RouteSamePort}, unused: []Rule{RouteNone, RouteWeight}},
		"whole names": {policies: virtual("name: v, namespace: clients", "hosts: [product-service.default.svc.cluster.local], http: [{route: [{destination: {host: legacy-service.default.svc.cluster.local}}]}]"),
			hop: toHTTP, want: legacy, unused: []Rule{RouteShortName, RouteDestinationShortName}},
		"a short name of another namespace": {policies: virtual("name: v, namespace: clients", onProduct+", http: [{"+toLegacy+"}]"), hop: toHTTP, want: itself},
		"a half name":                       {policies: virtual("name: v", "hosts: [product-service.default], http: [{"+toLegacy+"}]"), hop: toHTTP, want: itself, note: "which names no service"},
		"a half name on port 80": {policies: virtual("name: v", "hosts: [product-service.default], http: [{"+toLegacy+"}]"), hop: "client -> product-service:80", want: []string{"100 product-service.default:80"},
			note: "which names no service", unknown: "requests whose Host is product-service.default"},
		"a client without a proxy": {policies: virtual("name: v", onProduct+", http: [{"+toLegacy+"}]"), hop: "plain-client -> product-service:8080", want: itself, rules: []Rule{ClientNoProxy}},
		"for a gateway alone":      {policies: virtual("name: v", onProduct+", gateways: [g], http: [{"+toLegacy+"}]"), hop: toHTTP, want: itself},
		"for a gateway and mesh":   {policies: virtual("name: v", onProduct+", gateways: [g, mesh], http: [{"+toLegacy+"}]"), hop: toHTTP, want: legacy},
		"weights": {policies: virtual("name: v", onProduct+", http: [{route: [{destination: {host: product-service}, weight: 90}, {destination: {host: legacy-service}, weight: 10}, {destination: {host: order-service}, weight: 0}]}]"),
			hop: toHTTP, want: []string{"90 product-service.default:8080", "10 legacy-service.default:8080"}, rules: []Rule{RouteWeight}},
		"a lone weight of zero": {policies: virtual("name: v", onProduct+", http: [{route: [{destination: {host: legacy-service}, weight: 0}]}]"), hop: toHTTP, want: legacy, unused: []Rule{RouteWeight}},
		"mirrors": {policies: virtual("name: v", onProduct+", http: [{"+toProduct+", mirror: {host: legacy-service}, mirrorPercentage: {value: 20}, mirrors: [{destination: {host: order-service}}, {destination: {host: order-service}, percentage: {value: 0}}]}]"),
			hop: toHTTP, want: []string{"100 product-service.default:8080", "20 legacy-service.default:8080 copy", "100 order-service.default:8080 copy"}, rules: []Rule{RouteMirror}},
		"a mirror of all":        {policies: virtual("name: v", onProduct+", http: [{"+toProduct+", mirror: {host: legacy-service}}]"), hop: toHTTP, want: []string{"100 product-service.default:8080", "100 legacy-service.default:8080 copy"}},
		"an old percentage":      {policies: virtual("name: v", onProduct+", http: [{"+toProduct+", mirror: {host: legacy-service}, mirrorPercent: 5}]"), hop: toHTTP, want: []string{"100 product-service.default:8080", "5 legacy-service.default:8080 copy"}},
		"a redirect":             {policies: virtual("name: v", onProduct+", http: [{match: [{uri: {exact: /old}}], redirect: {uri: /new}}, {"+toProduct+"}]"), hop: toHTTP, want: []string{"100 answered if path exact /old", "100 product-service.default:8080"}, rules: []Rule{RouteAnswered}},
		"a direct response":      {policies: virtual("name: v", onProduct+", http: [{directResponse: {status: 404}}]"), hop: toHTTP, want: []string{"100 answered"}},
		"no route for the rest":  {policies: virtual("name: v", onProduct+", http: [{match: [{uri: {prefix: /a}}], "+toLegacy+"}]"), hop: toHTTP, want: []string{"100 legacy-service.default:8080 if path prefix /a"}},
		"after a catch-all":      {policies: virtual("name: v", onProduct+", http: [{match: [{uri: {prefix: /}}, {uri: {prefix: /a}}], "+toProduct+"}, {"+toLegacy+"}]"), hop: toHTTP, want: itself, rules: []Rule{RouteUnreachable}, note: "no request reaches what follows its http[0]"},
		"two matches":            {policies: virtual("name: v", onProduct+", http: [{match: [{uri: {prefix: /a}}, {method: {exact: GET}}], "+toLegacy+"}]"), hop: toHTTP, want: []string{"100 legacy-service.default:8080 if path prefix /a", "100 legacy-service.default:8080 if method exact GET"}},
		"a subset":               {policies: virtual("name: v", onProduct+", http: [{route: [{destination: {host: product-service, subset: s}}]}]") + destRule("name: r", product+", subsets: [{name: s}]"), hop: toHTTP, want: []string{"100 product-service.default:8080/s"}, rules: []Rule{RouteSubset}, unused: []Rule{RuleNoSubset}},
		"a subset that is none":  {policies: virtual("name: v", onProduct+", http: [{route: [{destination: {host: product-service, subset: s}}]}]"), hop: toHTTP, want: []string{"100 product-service.default:8080/s"}, rules: []Rule{RuleNoSubset}, note: "defines subset s of product-service.default"},
		"a service that is none": {policies: virtual("name: v", onProduct+", http: [{route: [{destination: {host: product}}]}]"), hop: toHTTP, want: []string{"100 product.default:8080"}, rules: []Rule{RouteNoService}, note: "destination product.default.svc.cluster.local is no service"},
		"a port that is none":    {policies: virtual("name: v", onProduct+", http: [{route: [{destination: {host: order-service, port: {number: 81}}}]}]"), hop: toHTTP, want: []string{"100 order-service.default:81"}, note: "has no port 81", unused: []Rule{RouteSamePort}},
		"the only port of another": {policies: virtual("name: v", onProduct+", http: [{"+toOrders+"}]"), hop: "client -> product-service:80", want: []string{"100 order-service.default:80"},
			rules: []Rule{RouteSamePort, RouteNoService}, note: "has no port 80"},
		"an ExternalName":         {policies: virtual("name: v", "hosts: [order-service], http: [{route: [{destination: {host: product-service-alias, port: {number: 8080}}}]}]"), hop: "client -> order-service:8080", want: []string{"100 product-service-alias.default:8080"}, note: "has no port 8080"},
		"for an ExternalName":     {policies: virtual("name: v", "hosts: [product-service-alias], http: [{"+toLegacy+"}]"), hop: "client -> product-service-alias:8080", want: itself, unknown: "routes of an ExternalName are not evaluated"},
		"a ServiceEntry":          {policies: virtual("name: v", "hosts: [external.products.test], http: [{"+toLegacy+"}]"), hop: "client -> external.products.test:8080", want: legacy},
		"pods by their addresses": {hop: "client -> product-service-pod:18083", unknown: "pods' own addresses"},
		"no such client":          {hop: "nobody -> product-service:8080", unknown: "client nobody is no workload"},
		"no such service":         {hop: "client -> nothing:8080", unknown: "nothing is no service"},
		"tcp beside no protocol":  {policies: virtual("name: v", onProduct+", tcp: [{"+toLegacy+"}]"), hop: "client -> product-service:9080", want: []string{"100 product-service.default:9080"}, unknown: "declares no protocol"},
		"no weight":               {policies: virtual("name: v", onProduct+", http: [{route: [{destination: {host: legacy-service}}, {destination: {host: order-service}}]}]"), hop: toHTTP, unknown: "without a destination that has a weight"},
	})
}

// A Sidecar keeps VirtualServices from a client as it keeps services.
func TestASidecarImportsVirtualServices(t *testing.T) {
	sidecar := func(egress string) string {
		return "\n---\n{kind: Sidecar, metadata: {name: s, namespace: clients}, spec: {egress: [" + egress + "]}}"
	}
	const whole = "product-service.default.svc.cluster.local"
	routing := func(namespace, host string) string {
		return virtual("name: v, namespace: "+namespace, "hosts: [\""+host+"\"], http: [{route: [{destination: {host: legacy-service.default.svc.cluster.local}}]}]")
	}
	itself, legacy := []string{"100 product-service.default:8080"}, []string{"100 legacy-service.default:8080"}
	runRoutes(t, map[string]routed{
		"of all":                  {policies: routing("default", whole) + sidecar("{hosts: [\"*/*\"]}"), hop: toHTTP, want: legacy, unused: []Rule{RouteImports}},
		"without egress":          {policies: routing("default", whole) + sidecar(""), hop: toHTTP, want: legacy},
		"of its namespace":        {policies: routing("default", whole) + sidecar("{hosts: [default/*]}"), hop: toHTTP, want: legacy},
		"of its host":             {policies: routing("default", whole) + sidecar("{hosts: [default/"+whole+"]}"), hop: toHTTP, want: legacy},
		"of another namespace":    {policies: routing("clients", whole) + sidecar("{hosts: [default/*]}"), hop: toHTTP, want: itself, rules: []Rule{RouteImports, RouteNone}, note: "Sidecar clients/s does not import VirtualService clients/v"},
		"of the client's own":     {policies: routing("clients", whole) + sidecar("{hosts: [default/*, ./*]}"), hop: toHTTP, want: legacy},
		"of a part of a wildcard": {policies: routing("default", "*.default.svc.cluster.local") + sidecar("{hosts: [default/"+whole+"]}"), hop: toHTTP, want: legacy},
		"excluded by its host":    {policies: routing("clients", whole) + sidecar("{hosts: [\"*/*\", \"~clients/"+whole+"\"]}"), hop: toHTTP, want: itself, note: "does not import"},
		"of a port":               {policies: routing("default", whole) + sidecar("{port: {number: 8080, protocol: HTTP, name: http}, hosts: [default/*]}"), hop: toHTTP, want: legacy, unknown: "a listener for port 8080 alone"},
		"without the service":     {policies: routing("clients", whole) + sidecar("{hosts: [./*]}"), hop: toHTTP, want: legacy, unknown: "Sidecar clients/s keeps " + whole},
	})
}

// What cannot be read may hold a route.
func TestRoutesAreUnknownWithoutAKindThatDecidesThem(t *testing.T) {
	for kind, want := range map[string]string{
		"VirtualService": "client gateway", "HTTPRoute": "client gateway", "GRPCRoute": "client gateway", "ReferenceGrant": "client gateway",
		"Sidecar": "client", "Gateway": "gateway", apiGatewayKind: "gateway", "PeerAuthentication": "", "DestinationRule": "", "BackendTLSPolicy": "", "Unheard": "client gateway",
	} {
		var unsure []string
		for _, client := range []string{"client", "gateway"} {
			snapshot := mesh(t, "", "")
			snapshot.Unreadable = []Unreadable{{Kind: kind, Why: "forbidden"}}
			if answer := snapshot.Routes(client, question(t, toHTTP).To); len(answer.Unknown) > 0 {
				unsure = append(unsure, client)
			}
		}
		if got := strings.Join(unsure, " "); got != want {
			t.Errorf("%s: unknown to %q, want %q", kind, got, want)
		}
	}
}

func TestWhichVirtualServiceCounts(t *testing.T) {
	to := func(meta, host, spec string) string {
		return virtual(meta, "hosts: [\""+host+"\"], http: [{"+spec+"}]")
	}
	const whole = "product-service.default.svc.cluster.local"
	product, legacy := []string{"100 product-service.default:8080"}, []string{"100 legacy-service.default:8080"}
	orders := []string{"100 order-service.default:8080"}
	runRoutes(t, map[string]routed{
		"the oldest":                    {policies: to(youngest, whole, toOrders) + to(oldest, whole, toLegacy), hop: toHTTP, want: legacy, rules: []Rule{RouteFirst}, note: "VirtualService default/young has no effect on product-service.default.svc.cluster.local:8080 for clients in namespace clients, for VirtualService default/old comes first"},
		"one of the client's alone":     {policies: to(oldest, whole, toOrders) + virtual(strings.Replace(youngest, ",", ", namespace: clients,", 1), "exportTo: [.], hosts: ["+whole+"], http: [{route: [{destination: {host: legacy-service.default.svc.cluster.local}}]}]"), hop: toHTTP, want: legacy, rules: []Rule{RouteExportTo, RouteFirst}, note: "VirtualService clients/young comes first"},
		"exported by name":              {policies: to(oldest, whole, toOrders) + virtual(youngest, "exportTo: [clients], hosts: ["+whole+"], http: [{"+toLegacy+"}]"), hop: toHTTP, want: legacy, rules: []Rule{RouteExportTo}, note: "comes first"},
		"exported elsewhere":            {policies: virtual("name: v", "exportTo: [.], hosts: ["+whole+"], http: [{"+toLegacy+"}]"), hop: toHTTP, want: product},
		"exported to nobody":            {policies: virtual("name: v", "exportTo: [\"~\"], hosts: ["+whole+"], http: [{"+toLegacy+"}]"), hop: toHTTP, want: product},
		"not exported by the mesh":      {policies: to("name: v", whole, toLegacy), settings: "{defaultVirtualServiceExportTo: [.]}", hop: toHTTP, want: product},
		"its own despite the mesh":      {policies: virtual("name: v", "exportTo: [\"*\"], hosts: ["+whole+"], http: [{"+toLegacy+"}]"), settings: "{defaultVirtualServiceExportTo: [.]}", hop: toHTTP, want: legacy},
		"a wildcard":                    {policies: to("name: v", "*.default.svc.cluster.local", toLegacy), hop: toHTTP, want: legacy, rules: []Rule{RouteMostSpecific}},
		"any host":                      {policies: to("name: v", "*", toLegacy), hop: toHTTP, want: legacy},
		"another wildcard":              {policies: to("name: v", "*.clients.svc.cluster.local", toLegacy), hop: toHTTP, want: product},
		"a longer wildcard":             {policies: to(oldest, "*.svc.cluster.local", toOrders) + to(youngest, "*.default.svc.cluster.local", toLegacy), hop: toHTTP, want: legacy, rules: []Rule{RouteMostSpecific}},
		"a wildcard beside":             {policies: to(oldest, "*.svc.cluster.local", toOrders) + to(youngest, whole, toLegacy), hop: toHTTP, want: legacy, rules: []Rule{RouteMostSpecific}},
		"a wildcard and one elsewhere":  {policies: to(oldest, "*.svc.cluster.local", toOrders) + virtual(youngest, "hosts: ["+whole+"], http: [{match: [{port: 81}], "+toLegacy+"}]"), hop: toHTTP, want: product},
		"an older one of other clients": {policies: virtual(oldest, "hosts: ["+whole+"], http: [{match: [{sourceNamespace: default}], "+toOrders+"}]") + to(youngest, whole, toLegacy), hop: toHTTP, want: legacy, rules: []Rule{RouteSource}, unused: []Rule{RouteFirst}},
		"the oldest for tcp alone":      {policies: virtual(oldest, "hosts: ["+whole+"], tcp: [{"+toOrders+"}]") + to(youngest, whole, toLegacy), hop: toHTTP, want: legacy},
		"of one second":                 {policies: to("name: b", whole, toOrders) + to("name: a", whole, toLegacy), hop: toHTTP, want: legacy, note: "VirtualService default/b has no effect"},
		"two hosts":                     {policies: virtual("name: v", "hosts: [legacy-service, order-service], http: [{"+toOrders+"}]"), hop: "client -> legacy-service:8080", want: orders},
	})
}

func TestConditionsOfARoute(t *testing.T) {
	one := func(match string) string {
		return virtual("name: v", onProduct+", http: [{match: [{"+match+"}], "+toLegacy+"}]")
	}
	taken := []string{"100 legacy-service.default:8080"}
	left := []string{"100 product-service.default:8080"}
	if1 := func(words string) []string { return []string{"100 legacy-service.default:8080 if " + words} }
	runRoutes(t, map[string]routed{
		"its port":                     {policies: one("port: 8080"), hop: toHTTP, want: taken, rules: []Rule{RoutePort}},
		"another port":                 {policies: one("port: 80"), hop: toHTTP, want: left},
		"its labels":                   {policies: one("sourceLabels: {app: client}"), hop: toHTTP, want: taken, rules: []Rule{RouteSource}},
		"another's labels":             {policies: one("sourceLabels: {app: order-service}"), hop: toHTTP, want: left},
		"its namespace":                {policies: one("sourceNamespace: clients"), hop: toHTTP, want: taken, rules: []Rule{RouteSource}},
		"mesh among gateways":          {policies: one("gateways: [mesh], sourceLabels: {app: other}"), hop: toHTTP, want: taken, rules: []Rule{RouteMatchGateways, RouteSourceIgnored}},
		"gateways alone":               {policies: one("gateways: [g]"), hop: toHTTP, want: left, rules: []Rule{RouteMatchGateways}},
		"a path":                       {policies: one("uri: {exact: /a}, ignoreUriCase: true"), hop: toHTTP, want: if1("path exact /a ignoring case")},
		"a path's prefix":              {policies: one("uri: {prefix: /a/}"), hop: toHTTP, want: if1("path prefix /a/")},
		"a path by expression":         {policies: one("uri: {regex: /a.*}"), hop: toHTTP, want: if1("path regex /a.*")},
		"any path by expression":       {policies: one("uri: {regex: .*}"), hop: toHTTP, want: if1("path regex .*")},
		"a header":                     {policies: one("headers: {X-User: {exact: jason}}"), hop: toHTTP, want: if1("header x-user exact jason")},
		"a header of any value":        {policies: one("headers: {a: {}, b: {regex: \"*\"}}"), hop: toHTTP, want: if1("header a present; header b present")},
		"without a header":             {policies: one("withoutHeaders: {a: {}, b: {prefix: x}}"), hop: toHTTP, want: if1("header a absent; header b not prefix x")},
		"a claim":                      {policies: one("headers: {\"@request.auth.claims.group\": {exact: a}}"), hop: toHTTP, want: if1("unread dynamic_metadata")},
		"method, authority and scheme": {policies: one("method: {exact: GET}, authority: {prefix: a}, scheme: {exact: http}"), hop: toHTTP, want: if1("authority prefix a; method exact GET; scheme exact http")},
		"query":                        {policies: one("uri: {prefix: /}, queryParams: {q: {exact: a}, r: {}}"), hop: toHTTP, want: if1("query q exact a; query r present")},
	})
}

func TestDelegates(t *testing.T) {
	root := func(match string) string {
		return virtual("name: root", onProduct+", http: [{"+match+"delegate: {name: leaf, namespace: clients}}, {"+toProduct+"}]")
	}
	leaf := func(spec string) string { return virtual("name: leaf, namespace: clients", spec) }
	const orders = "route: [{destination: {host: order-service.default.svc.cluster.local}}]"
	const rest = "100 product-service.default:8080"
	runRoutes(t, map[string]routed{
		"conditions join": {policies: root("match: [{uri: {prefix: /a}}], ") + leaf("http: [{match: [{uri: {prefix: /a/b}, headers: {h: {exact: x}}}], "+orders+"}]"), hop: toHTTP,
			want: []string{"100 order-service.default:8080 if path prefix /a/b; header h exact x", rest}, rules: []Rule{RouteDelegate}},
		"the root's alone": {policies: root("match: [{uri: {prefix: /a}}], ") + leaf("http: [{"+orders+"}]"), hop: toHTTP, want: []string{"100 order-service.default:8080 if path prefix /a", rest}},
		"names of the delegate's namespace": {policies: root("match: [{uri: {prefix: /a}}], ") + leaf("http: [{"+toOrders+"}]"), hop: toHTTP,
			want: []string{"100 order-service.clients:8080 if path prefix /a", rest}, note: "is no service"},
		"the root's mirror": {policies: root("match: [{uri: {prefix: /a}}], mirror: {host: legacy-service}, ") + leaf("http: [{"+orders+"}]"), hop: toHTTP,
			want: []string{"100 order-service.default:8080 if path prefix /a", "100 legacy-service.default:8080 copy if path prefix /a", rest}},
		"a conflict":     {policies: root("match: [{uri: {prefix: /a}}], ") + leaf("http: [{match: [{uri: {prefix: /b}}], "+orders+"}]"), hop: toHTTP, want: []string{rest}, note: "http[0] of its delegate VirtualService clients/leaf are left out"},
		"not there":      {policies: root(""), hop: toHTTP, want: []string{rest}, note: "delegates to clients/leaf, which is no VirtualService"},
		"with hosts":     {policies: root("") + leaf("hosts: [x.test], http: [{"+orders+"}]"), hop: toHTTP, want: []string{rest}, note: "delegates to clients/leaf, which is no VirtualService"},
		"not exported":   {policies: root("") + leaf("exportTo: [.], http: [{"+orders+"}]"), hop: toHTTP, want: []string{rest}, note: "not exported"},
		"takes all":      {policies: root("") + leaf("http: [{"+orders+"}]"), hop: toHTTP, want: []string{"100 order-service.default:8080"}, note: "no request reaches"},
		"an expression":  {policies: root("match: [{uri: {regex: /a}}], ") + leaf("http: [{match: [{uri: {exact: /a}}], "+orders+"}]"), hop: toHTTP, want: []string{rest}, note: "left out"},
		"another port":   {policies: root("match: [{port: 80}], ") + leaf("http: [{match: [{port: 8080}], "+orders+"}]"), hop: toHTTP, want: []string{rest}, note: "left out"},
		"other clients":  {policies: root("match: [{sourceLabels: {app: client}}], ") + leaf("http: [{match: [{sourceLabels: {app: x}}], "+orders+"}]"), hop: toHTTP, want: []string{rest}, note: "left out"},
		"more gateways":  {policies: root("match: [{gateways: [mesh]}], ") + leaf("http: [{match: [{gateways: [mesh, g]}], "+orders+"}]"), hop: toHTTP, want: []string{rest}, note: "left out"},
		"an exact of it": {policies: root("match: [{uri: {exact: /a}}], ") + leaf("http: [{match: [{uri: {exact: /a}}], "+orders+"}]"), hop: toHTTP, want: []string{"100 order-service.default:8080 if path exact /a", rest}},
	})
}

func TestRoutesOfConnections(t *testing.T) {
	const tcp, tls = "client -> product-service:9000", "client -> product-service:8443"
	self, selfTLS := "100 product-service.default:9000", "100 product-service.default:8443"
	legacy := "100 legacy-service.default:9000"
	runRoutes(t, map[string]routed{
		"tcp":                      {policies: virtual("name: v", onProduct+", tcp: [{"+toLegacy+"}]"), hop: tcp, want: []string{legacy}, rules: []Rule{RouteTCP}, unused: []Rule{RouteSamePort}},
		"the only port of another": {policies: virtual("name: v", onProduct+", tcp: [{"+toOrders+"}]"), hop: tcp, want: []string{"100 order-service.default:8080"}, rules: []Rule{RouteOnlyPort}},
		"weights":                  {policies: virtual("name: v", onProduct+", tcp: [{route: [{destination: {host: product-service}, weight: 3}, {destination: {host: legacy-service}, weight: 1}]}]"), hop: tcp, want: []string{"75 product-service.default:9000", "25 legacy-service.default:9000"}, rules: []Rule{RouteWeight}},
		"http for tcp":             {policies: virtual("name: v", onProduct+", http: [{"+toLegacy+"}]"), hop: tcp, want: []string{self}, rules: []Rule{RouteNone}},
		"another port":             {policies: virtual("name: v", onProduct+", tcp: [{match: [{port: 1}], "+toLegacy+"}]"), hop: tcp, want: []string{self}, rules: []Rule{RoutePort}},
		"its port and labels":      {policies: virtual("name: v", onProduct+", tcp: [{match: [{port: 9000, sourceLabels: {app: client}}], "+toLegacy+"}]"), hop: tcp, want: []string{legacy}, rules: []Rule{RouteSource}},
		"another's labels":         {policies: virtual("name: v", onProduct+", tcp: [{match: [{gateways: [mesh], sourceLabels: {app: x}}], "+toLegacy+"}]"), hop: tcp, want: []string{self}, rules: []Rule{RouteMatchGateways, RouteSource}},
		"some addresses":           {policies: virtual("name: v", onProduct+", tcp: [{match: [{destinationSubnets: [10.1.0.0/16, 10.2.0.0/16]}], "+toLegacy+"}]"), hop: tcp, want: []string{legacy + " if address exact 10.1.0.0/16", legacy + " if address exact 10.2.0.0/16", self}},
		"two VirtualServices":      {policies: virtual(oldest, onProduct+", tcp: [{match: [{destinationSubnets: [10.1.0.0/16]}], "+toLegacy+"}]") + virtual(youngest, "hosts: [\"*.default.svc.cluster.local\"], tcp: [{"+toOrders+"}]"), hop: tcp, want: []string{legacy + " if address exact 10.1.0.0/16", "100 order-service.default:8080"}},
		"tls":                      {policies: virtual("name: v", onProduct+", tls: [{match: [{port: 8443, sniHosts: [a.test, b.test]}], "+toLegacy+"}]"), hop: tls, want: []string{"100 legacy-service.default:8443 if sni exact a.test", "100 legacy-service.default:8443 if sni exact b.test"}, rules: []Rule{RouteTLS}},
		"a name twice":             {policies: virtual("name: v", onProduct+", tls: [{match: [{sniHosts: [a.test]}], "+toLegacy+"}, {match: [{sniHosts: [a.test], destinationSubnets: [10.1.0.0/16]}, {sniHosts: [a.test]}], "+toProduct+"}]"), hop: tls, want: []string{"100 legacy-service.default:8443 if sni exact a.test", "100 product-service.default:8443 if address exact 10.1.0.0/16; sni exact a.test"}},
		"tcp for tls":              {policies: virtual("name: v", onProduct+", tcp: [{"+toLegacy+"}]"), hop: tls, want: []string{selfTLS}, rules: []Rule{RouteNone}},
	})
}

const gatewayOf = "\n---\n{apiVersion: networking.istio.io/v1, kind: Gateway, metadata: {name: g, namespace: istio-system}, spec: {selector: {istio: ingressgateway}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: [\"*\"]}, {port: {number: 443, name: https, protocol: HTTPS}, hosts: [\"default/*.test\"], tls: {mode: SIMPLE, credentialName: c}}, {port: {number: 9443, name: tls, protocol: TLS}, hosts: [pass.test], tls: {mode: PASSTHROUGH}}, {port: {number: 9000, name: tcp, protocol: TCP}, hosts: [\"*\"]}]}}"

func TestRoutesOfAGateway(t *testing.T) {
	const through = "gateway -> product-service:8080"
	bound := func(meta, spec string) string {
		return gatewayOf + virtual(meta, "gateways: [istio-system/g], "+spec)
	}
	product := "100 product-service.default:8080"
	const port = "{destination: {host: product-service, port: {number: 8080}}"
	runRoutes(t, map[string]routed{
		"no route":                       {policies: gatewayOf, hop: through},
		"for the mesh alone":             {policies: gatewayOf + virtual("name: v", onProduct+", http: [{route: ["+port+"}]}]"), hop: through},
		"a route":                        {policies: bound("name: v", "hosts: [a.test], http: [{route: ["+port+"}]}]"), hop: through, want: []string{product}},
		"its destinations":               {policies: bound("name: v", "hosts: [a.test], http: [{match: [{uri: {prefix: /o}}], "+toOrders+"}, {route: ["+port+", weight: 90}, {destination: {host: order-service}, weight: 10}], mirror: {host: order-service}}]"), hop: through, want: []string{"90 product-service.default:8080", "10 order-service.default:8080", "100 order-service.default:8080 copy"}, rules: []Rule{RouteOnlyPort, RouteWeight, RouteMirror}},
		"a mirror leads there":           {policies: bound("name: v", "hosts: [a.test], http: [{"+toOrders+", mirror: {host: product-service, port: {number: 8080}}}]"), hop: through, want: []string{"100 order-service.default:8080", "100 product-service.default:8080 copy"}},
		"another Gateway":                {policies: gatewayOf + virtual("name: v", "gateways: [g], hosts: [a.test], http: [{route: ["+port+"}]}]"), hop: through},
		"./NAME":                         {policies: gatewayOf + virtual("name: v, namespace: istio-system", "gateways: [./g], hosts: [a.test], http: [{route: [{destination: {host: product-service.default.svc.cluster.local, port: {number: 8080}}}]}]"), hop: through, want: []string{product}},
		"NAME.NAMESPACE":                 {policies: gatewayOf + virtual("name: v", "gateways: [g.istio-system.svc.cluster.local], hosts: [a.test], http: [{route: ["+port+"}]}]"), hop: through, want: []string{product}},
		"not exported":                   {policies: bound("name: v", "exportTo: [.], hosts: [a.test], http: [{route: ["+port+"}]}]"), hop: through},
		"the only match of this Gateway": {policies: bound("name: v", "hosts: [a.test], http: [{match: [{gateways: [istio-system/g], port: 443}], route: ["+port+"}]}]"), hop: through, want: []string{product}, rules: []Rule{RouteMatchGateways, RoutePort}},
		"merged": {policies: bound(oldest, "hosts: [a.test], http: [{match: [{uri: {prefix: /a}}], route: ["+port+"}]}]") + virtual(youngest, "gateways: [istio-system/g], hosts: [a.test], http: [{match: [{uri: {prefix: /b}}], route: ["+port+"}]}]"), hop: through,
			want: []string{product + " if path prefix /a", product + " if path prefix /b"}, rules: []Rule{RouteGatewayMerge}},
		"two that take all": {policies: bound(oldest, "hosts: [a.test], http: [{"+toOrders+"}]") + virtual(youngest, "gateways: [istio-system/g], hosts: [a.test], http: [{match: [{uri: {prefix: /b}}], route: ["+port+"}]}, {route: ["+port+"}]}]"), hop: through,
			want: []string{product + " if path prefix /b"}, rules: []Rule{RouteUnreachable}, note: "VirtualService default/young: no request reaches its route without conditions"},
		"other hosts that take all": {policies: bound(oldest, "hosts: [a.test], http: [{"+toOrders+"}]") + virtual(youngest, "gateways: [istio-system/g], hosts: [b.test], http: [{route: ["+port+"}]}]"), hop: through, want: []string{product}},
		"passed on":                 {policies: bound("name: v", "hosts: [pass.test], tls: [{match: [{sniHosts: [pass.test]}], route: [{destination: {host: product-service, port: {number: 8443}}}]}]"), hop: "gateway -> product-service:8443", want: []string{"100 product-service.default:8443 if sni exact pass.test"}, rules: []Rule{RouteTLS}},
		"tcp":                       {policies: bound("name: v", "hosts: [\"*\"], tcp: [{match: [{port: 9000}], "+toProduct+"}, {"+toOrders+"}]"), hop: "gateway -> product-service:9000", want: []string{"100 product-service.default:9000"}, rules: []Rule{RouteTCP}},
		"by SNI alone":              {policies: "\n---\n{kind: Gateway, metadata: {name: g}, spec: {selector: {istio: ingressgateway}, servers: [{port: {number: 15443, name: t, protocol: TLS}, hosts: [\"*.local\"], tls: {mode: AUTO_PASSTHROUGH}}]}}", hop: through, unknown: "names its cluster by SNI"},
	})
}

func TestHostsOfAServerAndOfARoute(t *testing.T) {
	for text, want := range map[string]string{
		"* a.test":            "a.test",
		"default/* a.test":    "a.test",
		"other/* a.test":      "",
		"./* a.test":          "",
		"*.test *.a.test":     "*.a.test",
		"b.test *.test":       "b.test",
		"a.test b.test":       "",
		"*.a.test test":       "",
		"*/A.test a.test":     "a.test",
		"*.other.test *.test": "*.other.test",
	} {
		own, host, _ := strings.Cut(text, " ")
		r := &virtualService{Meta: Meta{Namespace: "default"}, hosts: []string{host}}
		if got := strings.Join(sharedHosts([]string{own}, "istio-system", r), " "); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}
