package oracle

import (
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/istioversion"
)

// world is a small mesh: two servers with a sidecar, one without, and a client of each kind.
const world = `
{kind: Namespace, metadata: {name: default, labels: {istio-injection: enabled}}}
---
{kind: Namespace, metadata: {name: clients, labels: {istio-injection: enabled}}}
---
{kind: Deployment, metadata: {name: client, namespace: clients}, spec: {template: {metadata: {labels: {app: client}}, spec: {serviceAccountName: client}}}}
---
{kind: Deployment, metadata: {name: plain-client, namespace: clients}, spec: {template: {metadata: {labels: {app: plain-client, sidecar.istio.io/inject: "false"}}}}}
---
{kind: Deployment, metadata: {name: product-service, namespace: default}, spec: {template: {metadata: {labels: {app: product-service, version: vistio, migration: member}}, spec: {serviceAccountName: product-service}}}}
---
{kind: Deployment, metadata: {name: legacy-service, namespace: default}, spec: {template: {metadata: {labels: {app: legacy-service, version: vlegacy, migration: member, sidecar.istio.io/inject: "false"}}}}}
---
{kind: Deployment, metadata: {name: order-service, namespace: default}, spec: {template: {metadata: {labels: {app: order-service}}, spec: {serviceAccountName: order-service}}}}
---
kind: Pod
metadata: {name: gateway, namespace: istio-system, labels: {istio: ingressgateway}}
spec: {serviceAccountName: istio-ingressgateway-service-account, containers: [{name: istio-proxy}]}
---
kind: Service
metadata: {name: product-service}
spec:
  selector: {app: product-service}
  ports:
  - {name: grpc, port: 50051, appProtocol: grpc}
  - {name: http, port: 8080, appProtocol: http}
  - {name: http-low, port: 80, targetPort: 8081}
  - {name: tcp, port: 9000, appProtocol: tcp}
  - {name: greet, port: 9001, appProtocol: tcp}
  - {name: auto, port: 9080}
  - {name: https, port: 8443, appProtocol: https}
---
{kind: Service, metadata: {name: product-service-headless}, spec: {clusterIP: None, selector: {app: product-service}, ports: [{port: 8080, appProtocol: http}, {port: 9000, appProtocol: tcp}]}}
---
{kind: Service, metadata: {name: product-service-alias}, spec: {type: ExternalName, externalName: product-service.default.svc.cluster.local}}
---
{kind: Service, metadata: {name: legacy-service}, spec: {selector: {app: legacy-service}, ports: [{port: 8080, appProtocol: http}, {port: 9000, appProtocol: tcp}, {port: 8443, appProtocol: https}]}}
---
{kind: Service, metadata: {name: migration}, spec: {selector: {migration: member}, ports: [{port: 8080, appProtocol: http}]}}
---
{kind: Service, metadata: {name: order-service}, spec: {selector: {app: order-service}, ports: [{port: 8080, appProtocol: http}]}}
---
{kind: Service, metadata: {name: ingressgateway, namespace: istio-system}, spec: {selector: {istio: ingressgateway}, ports: [{port: 8443, appProtocol: https}, {port: 9443, appProtocol: https}, {port: 8080, appProtocol: http}]}}
---
kind: ServiceEntry
metadata: {name: external}
spec:
  hosts: [external.products.test]
  location: MESH_EXTERNAL
  resolution: DNS
  ports: [{number: 8080, name: http, protocol: HTTP}]
  endpoints: [{address: product-service.default.svc.cluster.local}]
---
kind: ServiceEntry
metadata: {name: internal}
spec:
  hosts: [internal.products.test]
  location: MESH_INTERNAL
  resolution: DNS
  ports: [{number: 8080, name: http, protocol: HTTP}]
  endpoints: [{address: product-service.default.svc.cluster.local, labels: {security.istio.io/tlsMode: istio}}]
`

// mesh reads the world and policies over it, with keys of MeshConfig.
var decodedWorld = sync.OnceValues(func() (Snapshot, error) { return Decode([]byte(world), "default") })

func mesh(t testing.TB, policies, settings string) Snapshot {
	t.Helper()
	snapshot, err := decodedWorld()
	if err != nil {
		t.Fatal(err)
	}
	snapshot.Services = append(slices.Clip(snapshot.Services), Service{
		Name: "product-service-pod", Namespace: "default", Kind: Pods, Members: []string{"default/product-service"},
		Ports: []Port{{Number: 19092, Workload: 19092, Protocol: hop.TCP}, {Number: 18083, Workload: 18083, Protocol: hop.HTTP}},
	})
	over, err := Decode([]byte(policies), "default")
	if err != nil {
		t.Fatal(err)
	}
	if snapshot.Mesh, err = DefaultMesh().With([]byte(settings)); err != nil {
		t.Fatal(err)
	}
	return snapshot.Merge(over)
}

// peerAuth and destRule are policies in one line.
func peerAuth(where, spec string) string {
	return "\n---\n{kind: PeerAuthentication, metadata: {" + where + "}, spec: {" + spec + "}}"
}

func destRule(where, spec string) string {
	return "\n---\n{kind: DestinationRule, metadata: {" + where + "}, spec: {" + spec + "}}"
}

const (
	inRoot    = "name: default, namespace: istio-system"
	inDefault = "name: default, namespace: default"
	ofProduct = "selector: {matchLabels: {app: product-service}}"
	product   = "host: product-service.default.svc.cluster.local"
)

// question reads "client -> product-service:8080[/subset]".
func question(t testing.TB, text string) Question {
	t.Helper()
	from, rest, _ := strings.Cut(text, " -> ")
	to, subset, _ := strings.Cut(rest, "/")
	q := Question{Client: from, Subset: subset}
	if err := q.To.UnmarshalText([]byte(to)); err != nil {
		t.Fatal(err)
	}
	return q
}

// asked is one row: policies, a question, and the answer's outcome, "refused no-filter-chain" with its cause.
type asked struct {
	name     string
	policies string
	settings string
	hop      string
	offer    *Offer
	as       hop.Protocol
	want     string
	rules    []Rule
	unused   []Rule
}

func (a asked) check(t *testing.T) {
	t.Helper()
	q := question(t, a.hop)
	q.Offer, q.As = a.offer, a.as
	answer := mesh(t, a.policies, a.settings).Ask(q)
	got := strings.TrimSpace(string(answer.Says) + " " + string(answer.Refusal))
	if got != a.want {
		t.Errorf("%s: %q, want %q\n%s\n%v", a.hop, got, a.want, answer.Why, answer.Rules)
	}
	for _, rule := range a.rules {
		if !slices.Contains(answer.Rules, rule) {
			t.Errorf("%s: rule %s was not used: %v", a.hop, rule, answer.Rules)
		}
	}
	for _, rule := range a.unused {
		if slices.Contains(answer.Rules, rule) {
			t.Errorf("%s: rule %s was used: %v", a.hop, rule, answer.Rules)
		}
	}
}

func run(t *testing.T, rows []asked) {
	t.Helper()
	for _, row := range rows {
		t.Run(row.name+" "+row.hop, row.check)
	}
}

func TestDefaultMesh(t *testing.T) {
	run(t, []asked{
		{hop: "client -> product-service:8080", want: "mtls", rules: []Rule{AutoClusters, AutoEndpoints, TLSModeLabel, ServerDefault}},
		{hop: "gateway -> product-service:50051", want: "mtls"},
		{hop: "order-service -> product-service:9000", want: "mtls"},
		{hop: "client -> product-service:9001", want: "mtls"},
		{hop: "client -> product-service:9080", want: "mtls"},
		{hop: "client -> product-service:8443", want: "mtls"},
		{hop: "client -> product-service:80", want: "mtls"},
		{hop: "plain-client -> product-service:8080", want: "plaintext", rules: []Rule{ClientNoProxy, ChainPlaintext}},
		{hop: "plain-client -> product-service:9001", want: "refused server-first", rules: []Rule{ChainServerFirst}},
		{hop: "plain-client -> product-service:8443", want: "app-tls", rules: []Rule{ChainTCPOtherTLS}},
		{hop: "client -> legacy-service:8080", want: "plaintext", rules: []Rule{ServerNoProxy, AutoDisagree}},
		{hop: "client -> legacy-service:8443", want: "app-tls"},
		{hop: "client -> product-service-headless:8080", want: "mtls", rules: []Rule{ServiceHeadless, AutoAllOrNothing}},
		{hop: "gateway -> product-service-headless:8080", want: "mtls", rules: []Rule{ServiceHeadlessGateway}},
		{hop: "client -> product-service-alias:8080", want: "mtls", rules: []Rule{ServiceAlias}},
		{hop: "client -> external.products.test:8080", want: "plaintext", rules: []Rule{EntryExternal}},
		{hop: "client -> internal.products.test:8080", want: "mtls", rules: []Rule{EntryInternal, EntryEndpointMode}},
		{hop: "client -> product-service-pod:19092", want: "plaintext", rules: []Rule{PassthroughCluster, ChainPassThrough}},
		{hop: "gateway -> product-service-pod:19092", want: "refused no-cluster", rules: []Rule{GatewayNoPassthrough}},
		{hop: "client -> migration:8080", want: ""},
		{hop: "client -> migration:8080/none", want: "refused no-cluster"},
		{hop: "nobody -> product-service:8080", want: ""},
		{hop: "client -> product-service:1", want: ""},
		{hop: "client -> nothing:1", want: ""},
	})
}

func TestServerModes(t *testing.T) {
	const old, young = ", creationTimestamp: 2026-01-01T00:00:00Z", ", creationTimestamp: 2026-01-02T00:00:00Z"
	strict, permissive, disable := "mtls: {mode: STRICT}", "mtls: {mode: PERMISSIVE}", "mtls: {mode: DISABLE}"
	run(t, []asked{
		{name: "mesh STRICT", policies: peerAuth(inRoot, strict), hop: "plain-client -> product-service:8080", want: "refused no-filter-chain", rules: []Rule{ServerMesh, ChainNoPlaintext}},
		{name: "mesh STRICT", policies: peerAuth(inRoot, strict), hop: "client -> product-service:8080", want: "mtls"},
		{name: "mesh STRICT", policies: peerAuth(inRoot, strict), hop: "plain-client -> product-service:9001", want: "refused server-first"},
		{name: "mesh STRICT", policies: peerAuth(inRoot, strict), hop: "client -> legacy-service:8080", want: "plaintext"},
		{name: "mesh STRICT", policies: peerAuth(inRoot, strict), hop: "client -> product-service-pod:18083", want: "refused no-filter-chain"},
		{name: "mesh STRICT", policies: peerAuth(inRoot, strict), hop: "client -> external.products.test:8080", want: "refused no-filter-chain"},
		{name: "mesh STRICT", policies: peerAuth(inRoot, strict), hop: "plain-client -> product-service:8443", want: "refused no-client-certificate"},
		{name: "mesh DISABLE", policies: peerAuth(inRoot, disable), hop: "client -> product-service:8080", want: "plaintext"},
		{name: "mesh DISABLE", policies: peerAuth(inRoot, disable), hop: "plain-client -> product-service:9001", want: "plaintext"},
		{name: "mesh DISABLE", policies: peerAuth(inRoot, disable), hop: "client -> product-service:8443", want: "app-tls"},
		{name: "namespace over mesh", policies: peerAuth(inRoot, strict) + peerAuth(inDefault, permissive), hop: "plain-client -> product-service:8080", want: "plaintext", rules: []Rule{ServerNamespace}},
		{name: "workload over namespace", policies: peerAuth(inDefault, permissive) + peerAuth("name: w", ofProduct+", "+strict), hop: "plain-client -> product-service:8080", want: "refused no-filter-chain", rules: []Rule{ServerWorkload}},
		{name: "other workload", policies: peerAuth("name: w", ofProduct+", "+strict), hop: "plain-client -> order-service:8080", want: "plaintext"},
		{name: "UNSET mesh", policies: peerAuth(inRoot, "mtls: {mode: UNSET}"), hop: "plain-client -> product-service:8080", want: "plaintext", rules: []Rule{ServerUnsetMesh}},
		{name: "UNSET namespace", policies: peerAuth(inRoot, strict) + peerAuth(inDefault, "mtls: {mode: UNSET}"), hop: "plain-client -> product-service:8080", want: "refused no-filter-chain", rules: []Rule{ServerUnsetMeshInherits}},
		{name: "no mtls in namespace", policies: peerAuth(inRoot, strict) + peerAuth(inDefault, ""), hop: "plain-client -> product-service:8080", want: "refused no-filter-chain", rules: []Rule{ServerUnsetMeshInherits}},
		{name: "UNSET workload", policies: peerAuth(inDefault, strict) + peerAuth("name: w", ofProduct), hop: "plain-client -> product-service:8080", want: "refused no-filter-chain", rules: []Rule{ServerUnsetNamespaceInherits}},
		{name: "UNSET alone", policies: peerAuth("name: w", ofProduct), hop: "plain-client -> product-service:8080", want: "plaintext", rules: []Rule{ServerUnsetDefaultInherits}},
		{name: "oldest wins", policies: peerAuth("name: a"+young, strict) + peerAuth("name: b"+old, permissive), hop: "plain-client -> product-service:8080", want: "plaintext", rules: []Rule{ServerOldest}},
		{name: "oldest wins", policies: peerAuth("name: a"+young, ofProduct+", "+permissive) + peerAuth("name: b"+old, ofProduct+", "+strict), hop: "plain-client -> product-service:8080", want: "refused no-filter-chain", rules: []Rule{ServerOldest}},
		{name: "tie by name", policies: peerAuth("name: b"+old, permissive) + peerAuth("name: a"+old, strict), hop: "plain-client -> product-service:8080", want: "refused no-filter-chain", rules: []Rule{ServerTie}},
		{name: "root selector", policies: peerAuth(inRoot, ofProduct+", "+strict), hop: "plain-client -> product-service:8080", want: "plaintext", rules: []Rule{ServerRootSelector}},
		{name: "empty selector", policies: peerAuth(inDefault, "selector: {matchLabels: {}}, "+strict), hop: "plain-client -> order-service:8080", want: "refused no-filter-chain"},
		{name: "port", policies: peerAuth("name: w", ofProduct+", "+strict+", portLevelMtls: {8080: {mode: DISABLE}}"), hop: "client -> product-service:8080", want: "plaintext", rules: []Rule{ServerPort, ServerPortByWorkload, AutoDisagree}},
		{name: "port", policies: peerAuth("name: w", ofProduct+", "+strict+", portLevelMtls: {8080: {mode: DISABLE}}"), hop: "plain-client -> product-service:9000", want: "refused no-filter-chain"},
		{name: "port UNSET", policies: peerAuth("name: w", ofProduct+", "+strict+", portLevelMtls: {8080: {mode: UNSET}}"), hop: "plain-client -> product-service:8080", want: "refused no-filter-chain", rules: []Rule{ServerPortUnset}},
		{name: "port by workload port", policies: peerAuth("name: w", ofProduct+", "+permissive+", portLevelMtls: {80: {mode: STRICT}}"), hop: "plain-client -> product-service:80", want: "plaintext", rules: []Rule{ServerPortByWorkload}},
		{name: "port by workload port", policies: peerAuth("name: w", ofProduct+", "+permissive+", portLevelMtls: {8081: {mode: STRICT}}"), hop: "plain-client -> product-service:80", want: "refused no-filter-chain"},
		{name: "port without service", policies: peerAuth("name: w", ofProduct+", "+permissive+", portLevelMtls: {19092: {mode: STRICT}}"), hop: "plain-client -> product-service-pod:19092", want: "refused no-filter-chain", rules: []Rule{ServerPortNoService}},
		{name: "headless and port DISABLE", policies: peerAuth("name: w", ofProduct+", "+strict+", portLevelMtls: {8080: {mode: DISABLE}}"), hop: "client -> product-service-headless:8080", want: "refused not-tls"},
		{name: "headless and port DISABLE", policies: peerAuth("name: w", ofProduct+", "+strict+", portLevelMtls: {8080: {mode: DISABLE}}"), hop: "gateway -> product-service-headless:8080", want: "plaintext"},
		{name: "namespace DISABLE, workload STRICT", policies: peerAuth(inDefault, disable) + peerAuth("name: w", ofProduct+", "+strict), hop: "client -> product-service:8080", want: "refused no-filter-chain", rules: []Rule{AutoDisagree}},
		{name: "namespace STRICT, workload DISABLE", policies: peerAuth(inDefault, strict) + peerAuth("name: w", ofProduct+", "+disable), hop: "client -> product-service:8080", want: "plaintext", rules: []Rule{AutoDisagree}},
		{name: "other namespace", policies: peerAuth("name: default, namespace: clients", strict), hop: "plain-client -> product-service:8080", want: "plaintext"},
		{name: "other root", settings: "{rootNamespace: clients}", policies: peerAuth("name: default, namespace: clients", strict), hop: "plain-client -> product-service:8080", want: "refused no-filter-chain"},
	})
}

func TestClientRules(t *testing.T) {
	tls := func(mode string) string { return "trafficPolicy: {tls: {mode: " + mode + "}}" }
	strict := peerAuth(inRoot, "mtls: {mode: STRICT}")
	const old, young = ", creationTimestamp: 2026-01-01T00:00:00Z", ", creationTimestamp: 2026-01-02T00:00:00Z"
	run(t, []asked{
		{name: "DISABLE", policies: destRule("name: r", product+", "+tls("DISABLE")), hop: "client -> product-service:8080", want: "plaintext", rules: []Rule{RuleServiceNamespace, RuleTLS}},
		{name: "DISABLE under STRICT", policies: strict + destRule("name: r", product+", "+tls("DISABLE")), hop: "gateway -> product-service:50051", want: "refused no-filter-chain"},
		{name: "DISABLE, server first", policies: destRule("name: r", product+", "+tls("DISABLE")), hop: "client -> product-service:9001", want: "refused server-first"},
		{name: "short name", policies: destRule("name: r", "host: product-service, "+tls("DISABLE")), hop: "client -> product-service:8080", want: "plaintext", rules: []Rule{RuleShortName}},
		{name: "short name of another namespace", policies: destRule("name: r, namespace: clients", "host: product-service, "+tls("DISABLE")), hop: "client -> product-service:8080", want: "mtls"},
		{name: "ISTIO_MUTUAL to no proxy", policies: destRule("name: r", "host: legacy-service, "+tls("ISTIO_MUTUAL")), hop: "client -> legacy-service:8080", want: "refused not-tls"},
		{name: "ISTIO_MUTUAL to no proxy's own TLS", policies: destRule("name: r", "host: legacy-service, "+tls("ISTIO_MUTUAL")), hop: "client -> legacy-service:8443", want: "refused unknown-server-ca"},
		{name: "ISTIO_MUTUAL to DISABLE", policies: peerAuth(inRoot, "mtls: {mode: DISABLE}") + destRule("name: r", product+", "+tls("ISTIO_MUTUAL")), hop: "client -> product-service:8080", want: "refused not-tls", rules: []Rule{ChainDisableTLS}},
		{name: "ISTIO_MUTUAL, server first", policies: destRule("name: r", product+", "+tls("ISTIO_MUTUAL")), hop: "client -> product-service:9001", want: "mtls"},
		{name: "SIMPLE to PERMISSIVE http", policies: destRule("name: r", product+", "+tls("SIMPLE")), hop: "client -> product-service:8080", want: "refused no-filter-chain", rules: []Rule{RuleOwnALPN, ChainHTTPOtherTLS}},
		{name: "SIMPLE to PERMISSIVE tcp", policies: destRule("name: r", product+", "+tls("SIMPLE")), hop: "client -> product-service:9000", want: "refused not-tls"},
		{name: "SIMPLE to STRICT trusts system roots", policies: strict + destRule("name: r", product+", "+tls("SIMPLE")), hop: "client -> product-service:8080", want: "refused unknown-server-ca", rules: []Rule{RuleSystemRoots}},
		{name: "SIMPLE to STRICT skips verification", policies: strict + destRule("name: r", product+", trafficPolicy: {tls: {mode: SIMPLE, insecureSkipVerify: true}}"), hop: "client -> product-service:8080", want: "refused no-client-certificate", rules: []Rule{RuleSkipVerify, ChainStrictAnyALPN}},
		{name: "SIMPLE to STRICT asks for the host", policies: strict + destRule("name: r", product+", trafficPolicy: {tls: {mode: SIMPLE, caCertificates: /var/run/secrets/istio/root-cert.pem}}"), hop: "client -> product-service:8080", want: "refused wrong-san", rules: []Rule{RuleAutoNames}},
		{name: "SIMPLE to STRICT tcp", policies: strict + destRule("name: r", product+", trafficPolicy: {tls: {mode: SIMPLE, caCertificates: /var/run/secrets/istio/root-cert.pem}}"), hop: "client -> product-service:9000", want: "refused no-client-certificate"},
		{name: "SIMPLE originates to real TLS", policies: destRule("name: r", "host: legacy-service, trafficPolicy: {tls: {mode: SIMPLE, insecureSkipVerify: true}}"), hop: "client -> legacy-service:8443", as: hop.HTTP, want: "tls"},
		{name: "SIMPLE wraps TLS twice", policies: destRule("name: r", "host: legacy-service, trafficPolicy: {tls: {mode: SIMPLE, insecureSkipVerify: true}}"), hop: "client -> legacy-service:8443", want: "refused not-http"},
		{name: "credentialName without selector", policies: destRule("name: r", product+", trafficPolicy: {tls: {mode: SIMPLE, credentialName: c}}"), hop: "client -> product-service:8080", want: "plaintext", rules: []Rule{RuleCredentialDropped}},
		{name: "wrong names", policies: destRule("name: r", product+", trafficPolicy: {tls: {mode: ISTIO_MUTUAL, subjectAltNames: [\"spiffe://cluster.local/ns/x/sa/y\"]}}"), hop: "client -> product-service:8080", want: "refused wrong-san", rules: []Rule{RuleNames}},
		{name: "right names", policies: destRule("name: r", product+", trafficPolicy: {tls: {mode: ISTIO_MUTUAL, subjectAltNames: [\"spiffe://cluster.local/ns/default/sa/product-service\"]}}"), hop: "client -> product-service:8080", want: "mtls"},
		{name: "client's namespace hides the mesh's", policies: destRule("name: m, namespace: istio-system", "host: \"*.local\", "+tls("DISABLE")) + destRule("name: r, namespace: clients", product), hop: "client -> product-service:8080", want: "mtls", rules: []Rule{RuleHides, RuleNoTLS, RuleClientNamespace}},
		{name: "client's namespace before the service's", policies: destRule("name: r, namespace: clients", product+", "+tls("DISABLE")) + destRule("name: r", product+", "+tls("ISTIO_MUTUAL")), hop: "client -> product-service:8080", want: "plaintext"},
		{name: "client's namespace", policies: destRule("name: r, namespace: clients", product+", "+tls("DISABLE")), hop: "gateway -> product-service:8080", want: "mtls"},
		{name: "root", policies: destRule("name: m, namespace: istio-system", "host: \"*\", "+tls("DISABLE")), hop: "client -> product-service:8080", want: "plaintext", rules: []Rule{RuleRootNamespace, RuleWildcard}},
		{name: "gateway reads the service's before the root's", policies: destRule("name: m, namespace: istio-system", product+", "+tls("DISABLE")) + destRule("name: r", product), hop: "gateway -> product-service:8080", want: "mtls"},
		{name: "gateway reads private rules of the root", policies: destRule("name: m, namespace: istio-system", product+", exportTo: [.], "+tls("DISABLE")) + destRule("name: r", product), hop: "gateway -> product-service:8080", want: "plaintext", rules: []Rule{RuleRootClient}},
		{name: "exportTo", policies: destRule("name: r", product+", exportTo: [.], "+tls("DISABLE")), hop: "client -> product-service:8080", want: "mtls"},
		{name: "exportTo", policies: destRule("name: r", product+", exportTo: [istio-system], "+tls("DISABLE")), hop: "client -> product-service:8080", want: "mtls", rules: []Rule{RuleExportTo}},
		{name: "exportTo", policies: destRule("name: r", product+", exportTo: [istio-system], "+tls("DISABLE")), hop: "gateway -> product-service:8080", want: "plaintext"},
		{name: "exportTo by default", settings: "{defaultDestinationRuleExportTo: [.]}", policies: destRule("name: r", product+", "+tls("DISABLE")), hop: "client -> product-service:8080", want: "mtls"},
		{name: "exact over wildcard", policies: destRule("name: a", "host: \"*.default.svc.cluster.local\", "+tls("DISABLE")) + destRule("name: b", product), hop: "client -> product-service:8080", want: "mtls", rules: []Rule{RuleExact}},
		{name: "longest wildcard", policies: destRule("name: a", "host: \"*.local\", "+tls("ISTIO_MUTUAL")) + destRule("name: b", "host: \"*.default.svc.cluster.local\", "+tls("DISABLE")), hop: "client -> product-service:8080", want: "plaintext", rules: []Rule{RuleLongest}},
		{name: "oldest policy", policies: destRule("name: a"+young, product+", "+tls("DISABLE")) + destRule("name: b"+old, product+", "+tls("ISTIO_MUTUAL")), hop: "client -> product-service:8080", want: "mtls", rules: []Rule{RuleOldestPolicy}},
		{name: "oldest policy without tls", policies: destRule("name: a"+young, product+", "+tls("DISABLE")) + destRule("name: b"+old, product+", trafficPolicy: {loadBalancer: {simple: ROUND_ROBIN}}"), hop: "client -> product-service:8080", want: "mtls", rules: []Rule{RuleOldestPolicy}},
		{name: "oldest has no policy", policies: destRule("name: a"+young, product+", "+tls("DISABLE")) + destRule("name: b"+old, product), hop: "client -> product-service:8080", want: "plaintext"},
		{name: "tie", policies: destRule("name: product-service-mtls"+old, product+", "+tls("ISTIO_MUTUAL")) + destRule("name: product-service-disable-mtls"+old, product+", "+tls("DISABLE")), hop: "client -> product-service:8080", want: "plaintext", rules: []Rule{RuleTie}},
		{name: "selector", policies: destRule("name: r, namespace: clients", product+", workloadSelector: {matchLabels: {app: client}}, "+tls("DISABLE")), hop: "client -> product-service:8080", want: "plaintext", rules: []Rule{RuleSelector}},
		{name: "selector of others hides", policies: destRule("name: r, namespace: clients", product+", workloadSelector: {matchLabels: {app: x}}, "+tls("DISABLE")) + destRule("name: r", product+", "+tls("DISABLE")), hop: "client -> product-service:8080", want: "mtls"},
		{name: "selector is private", policies: destRule("name: r", product+", workloadSelector: {matchLabels: {app: client}}, "+tls("DISABLE")), hop: "client -> product-service:8080", want: "mtls"},
		{name: "port entry", policies: destRule("name: r", product+", trafficPolicy: {portLevelSettings: [{port: {number: 8080}, tls: {mode: DISABLE}}]}"), hop: "client -> product-service:8080", want: "plaintext", rules: []Rule{RulePort, RulePortByService}},
		{name: "port entry", policies: destRule("name: r", product+", trafficPolicy: {portLevelSettings: [{port: {number: 8080}, tls: {mode: DISABLE}}]}"), hop: "client -> product-service:50051", want: "mtls"},
		{name: "port entry by service port", policies: destRule("name: r", product+", trafficPolicy: {portLevelSettings: [{port: {number: 8081}, tls: {mode: DISABLE}}]}"), hop: "client -> product-service:80", want: "mtls", rules: []Rule{RulePortByService}},
		{name: "port entry by service port", policies: destRule("name: r", product+", trafficPolicy: {portLevelSettings: [{port: {number: 80}, tls: {mode: DISABLE}}]}"), hop: "client -> product-service:80", want: "plaintext"},
		{name: "port entry without tls under DISABLE", policies: destRule("name: r", product+", trafficPolicy: {tls: {mode: DISABLE}, portLevelSettings: [{port: {number: 8080}, loadBalancer: {simple: ROUND_ROBIN}}]}"), hop: "client -> product-service:8080", want: "plaintext", rules: []Rule{AutoRuleEndpoints, RulePort}},
		{name: "port entry without tls under ISTIO_MUTUAL", policies: destRule("name: r", "host: legacy-service, trafficPolicy: {tls: {mode: ISTIO_MUTUAL}, portLevelSettings: [{port: {number: 8080}, loadBalancer: {simple: ROUND_ROBIN}}]}"), hop: "client -> legacy-service:8080", want: "plaintext", rules: []Rule{AutoRuleEndpoints}},
		{name: "alias's own rule is inert", policies: destRule("name: r", "host: product-service-alias, "+tls("DISABLE")), hop: "client -> product-service-alias:8080", want: "mtls"},
		{name: "target's rule counts for the alias", policies: destRule("name: r", product+", "+tls("DISABLE")), hop: "client -> product-service-alias:8080", want: "plaintext"},
		{name: "LB PASSTHROUGH", policies: destRule("name: r", product+", trafficPolicy: {loadBalancer: {simple: PASSTHROUGH}}"), hop: "client -> product-service:8080", want: "mtls", rules: []Rule{PassthroughLB, AutoAllOrNothing}},
		{name: "LB PASSTHROUGH to no proxy", policies: destRule("name: r", "host: legacy-service, trafficPolicy: {loadBalancer: {simple: PASSTHROUGH}}"), hop: "client -> legacy-service:8080", want: "plaintext"},
		{name: "auto off", settings: "{enableAutoMtls: false}", hop: "client -> product-service:8080", want: "plaintext", rules: []Rule{AutoOff}},
		{name: "auto off under STRICT", settings: "{enableAutoMtls: false}", policies: strict, hop: "client -> product-service:8080", want: "refused no-filter-chain"},
		{name: "auto off with a rule", settings: "{enableAutoMtls: false}", policies: strict + destRule("name: r", product+", "+tls("ISTIO_MUTUAL")), hop: "client -> product-service:8080", want: "mtls"},
		{name: "rule on an external host", policies: destRule("name: r", "host: external.products.test, "+tls("ISTIO_MUTUAL")), hop: "client -> external.products.test:8080", want: "mtls"},
		{name: "gateway as server", hop: "client -> ingressgateway:8080", want: "refused no-filter-chain", rules: []Rule{GatewayNoLabel, ServerGateway}},
		{name: "registry only", settings: "{outboundTrafficPolicy: {mode: REGISTRY_ONLY}}", hop: "client -> product-service-pod:19092", want: "refused blocked", rules: []Rule{RegistryOnly}},
		{name: "a ServiceEntry takes the port", policies: "\n---\n{kind: ServiceEntry, metadata: {name: pods}, spec: {hosts: [pods.test], resolution: NONE, ports: [{number: 19092, name: tcp, protocol: TCP}]}}" + destRule("name: r", "host: pods.test, "+tls("ISTIO_MUTUAL")), hop: "client -> product-service-pod:19092", want: "mtls", rules: []Rule{EntryByPort}},
	})
}

func TestSubsets(t *testing.T) {
	migration := func(general, vistio, vlegacy string) string {
		return peerAuth(inDefault, "mtls: {mode: STRICT}") + destRule("name: m", "host: migration"+general+
			", subsets: [{name: vistio, labels: {version: vistio}"+vistio+"}, {name: vlegacy, labels: {version: vlegacy}"+vlegacy+"}]")
	}
	disable, istio := ", trafficPolicy: {tls: {mode: DISABLE}}", ", trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}"
	run(t, []asked{
		{name: "R13", policies: migration("", "", ""), hop: "client -> migration:8080/vistio", want: "mtls"},
		{name: "R13", policies: migration("", "", ""), hop: "client -> migration:8080/vlegacy", want: "plaintext"},
		{name: "R14", policies: migration(disable, disable, disable), hop: "client -> migration:8080/vistio", want: "refused no-filter-chain"},
		{name: "R14", policies: migration(disable, disable, disable), hop: "client -> migration:8080/vlegacy", want: "plaintext"},
		{name: "R15", policies: migration(istio, istio, istio), hop: "client -> migration:8080/vistio", want: "mtls"},
		{name: "R15", policies: migration(istio, istio, istio), hop: "client -> migration:8080/vlegacy", want: "refused not-tls"},
		{name: "inherits", policies: migration(disable, "", ""), hop: "client -> migration:8080/vistio", want: "refused no-filter-chain", rules: []Rule{RuleSubsetInherits}},
		{name: "overrides", policies: migration(disable, istio, ""), hop: "client -> migration:8080/vistio", want: "mtls", rules: []Rule{RuleSubsetOverrides}},
		{name: "inherits beside another setting", policies: migration(disable, ", trafficPolicy: {loadBalancer: {simple: ROUND_ROBIN}}", ""), hop: "client -> migration:8080/vlegacy", want: "plaintext"},
		{name: "port entry of a subset replaces", policies: migration(istio, ", trafficPolicy: {portLevelSettings: [{port: {number: 8080}, tls: {mode: DISABLE}}]}", ""), hop: "client -> migration:8080/vistio", want: "refused no-filter-chain", rules: []Rule{RulePort}},
		{name: "subset of no pod", policies: destRule("name: m", "host: migration, subsets: [{name: x, labels: {version: x}}]"), hop: "client -> migration:8080/x", want: "refused no-endpoint"},
		{name: "subsets of two rules join", policies: destRule("name: m", "host: migration, subsets: [{name: vistio, labels: {version: vistio}}]") + destRule("name: n", "host: migration, subsets: [{name: vlegacy, labels: {version: vlegacy}}]"), hop: "client -> migration:8080/vlegacy", want: "plaintext", rules: []Rule{RuleSubsetsJoin}},
	})
}

func TestTheEndpointsOfASubsetFallBackToTheRuleSince131(t *testing.T) {
	const other = "portLevelSettings: [{port: {number: 8080}, loadBalancer: {simple: ROUND_ROBIN}}]"
	rule := func(tls, subset string) string {
		return destRule("name: m", "host: migration, trafficPolicy: {"+tls+"}, subsets: [{name: vistio, labels: {version: vistio}"+subset+"}]")
	}
	const disable = "tls: {mode: DISABLE}"
	for _, test := range []struct {
		name, policies  string
		before, since   hop.Outcome
		alone, fallback bool // the rules used on 1.30 and on 1.31
	}{
		{"port entry of the subset without tls", rule(disable, ", trafficPolicy: {"+other+"}"), hop.MTLS, hop.Plaintext, true, true},
		{"port entry of the rule without tls", rule(disable+", "+other, ""), hop.MTLS, hop.Plaintext, true, true},
		{"the same without a mode to fall back to", rule("", ", trafficPolicy: {"+other+"}"), hop.MTLS, hop.MTLS, false, false},
		{"a subset with a mode of its own", rule(disable, ", trafficPolicy: {tls: {mode: ISTIO_MUTUAL}, "+other+"}"), hop.MTLS, hop.MTLS, false, true},
	} {
		for text, want := range map[string]hop.Outcome{
			"1.29.9": test.before, "1.30.0-9739e10eb9d7": test.before, "1.30.7": test.before,
			"1.31.0-rc.0": test.since, "1.31.0": test.since, "1.32-dev": test.since, "latest": test.since,
		} {
			version, _ := istioversion.Parse(text, "")
			answer := mesh(t, test.policies, "").WithIstio(version).Ask(question(t, "client -> migration:8080/vistio"))
			if answer.Says != want {
				t.Errorf("%s on Istio %s: got %s, want %s: %s", test.name, text, answer.Says, want, answer.Why)
			}
			if alone := slices.Contains(answer.Rules, AutoSubsetAlone); alone != (test.alone && version.Before(istioversion.Minor{Major: 1, Number: 31})) {
				t.Errorf("%s on Istio %s: rules %v", test.name, text, answer.Rules)
			}
			if fallback := slices.Contains(answer.Rules, AutoRuleEndpoints); fallback != test.fallback && !version.Before(istioversion.Minor{Major: 1, Number: 31}) {
				t.Errorf("%s on Istio %s: rules %v", test.name, text, answer.Rules)
			}
		}
	}
}

// What an indexed snapshot has found once it finds again by the same rules.
func TestAnIndexedSnapshotAnswersAgainAsItDidBefore(t *testing.T) {
	snapshot := mesh(t, "", "")
	indexed := snapshot.Indexed()
	for _, hop := range []string{
		"client -> product-service:8080", "client -> product-service-alias:8080", "client -> external.products.test:8080", "client -> internal.products.test:8080",
		"client -> nobody.test:80", "client -> product-service:81",
	} {
		want := snapshot.AskEach(question(t, hop))
		for _, turn := range []string{"first", "second"} {
			if got := indexed.AskEach(question(t, hop)); !reflect.DeepEqual(got, want) {
				t.Errorf("%s, the %s time: got %+v, want %+v", hop, turn, got, want)
			}
		}
	}
}
