package oracle

import (
	"slices"
	"strings"
	"testing"

	"mtls.test/conformance/e2e/pure/hop"
)

// injected are a server and a client as the injector makes them, with some of what it writes replaced: SERVER and CLIENT are
// annotations, SERVERARGS and CLIENTARGS arguments of istio-init.
const injected = `
{kind: PeerAuthentication, metadata: {name: default, namespace: istio-system}, spec: {mtls: {mode: STRICT}}}
---
{kind: Service, metadata: {name: s, namespace: default}, spec: {clusterIP: 10.96.0.5, clusterIPs: [10.96.0.5, "fd00::5"], selector: {app: s}, ports: [{name: http, port: 80, targetPort: 8080}, {name: tls, port: 443, targetPort: 8443}]}}
---
{kind: Service, metadata: {name: h, namespace: default}, spec: {clusterIP: None, clusterIPs: [None], selector: {app: s}, ports: [{name: http, port: 8080}]}}
---
{kind: Pod, metadata: {name: server, namespace: default, labels: {app: s, security.istio.io/tlsMode: istio}, annotations: {SERVER}},
 spec: {initContainers: [{name: istio-init, args: [istio-iptables, -u, "1337", -m, REDIRECT, -i, "*", -x, "", -b, "*", -d, "15090,15021,15020", SERVERARGS]},
   {name: istio-proxy, restartPolicy: Always, args: [proxy, sidecar], securityContext: {runAsUser: 1337, runAsGroup: 1337}}], containers: [{name: app}]},
 status: {podIPs: [{ip: 10.244.0.9}]}}
---
{kind: Pod, metadata: {name: client, namespace: default, labels: {app: c, security.istio.io/tlsMode: istio}, annotations: {CLIENT}},
 spec: {SPEC initContainers: [{name: istio-init, args: [istio-iptables, -u, "1337", -m, REDIRECT, -i, "*", -x, "", -b, "*", -d, "15090,15021,15020", CLIENTARGS]}],
   containers: [{name: app}, {name: istio-proxy, args: [proxy, sidecar]}]}}
---
{kind: Pod, metadata: {name: plain, namespace: default}, spec: {containers: [{name: app}]}}
`

func interceptedSnapshot(t *testing.T, replaced map[string]string, more string) Snapshot {
	t.Helper()
	text := injected
	for _, mark := range []string{"SERVERARGS", "CLIENTARGS", "SERVER", "CLIENT", "SPEC"} {
		text = strings.ReplaceAll(text, mark, replaced[mark])
	}
	snapshot, err := Decode([]byte(text+more), "default")
	if err != nil {
		t.Fatal(err)
	}
	snapshot.Mesh = DefaultMesh()
	return snapshot
}

func TestWhatPassesASidecarByIsJudgedWithoutIt(t *testing.T) {
	type marks = map[string]string
	for name, row := range map[string]struct {
		marks marks
		more  string
		hop   string
		says  hop.Outcome
		cause hop.Refusal
		rule  Rule
		why   string
	}{
		"all is taken":                   {hop: "client -> s:80", says: hop.MTLS, rule: ServerMesh},
		"a naked client":                 {hop: "plain -> s:80", says: hop.Refused, cause: hop.NoFilterChain, rule: ChainNoPlaintext},
		"server excludes it, mTLS":       {marks: marks{"SERVERARGS": `-d, "8080"`}, hop: "client -> s:80", says: hop.Refused, cause: hop.NotTLS, rule: ServerBypassed, why: "traffic.sidecar.istio.io/excludeInboundPorts"},
		"annotated after the start":      {marks: marks{"SERVER": `traffic.sidecar.istio.io/excludeInboundPorts: "8080"`}, hop: "plain -> s:80", says: hop.Refused, cause: hop.NoFilterChain},
		"other ports included, mTLS":     {marks: marks{"SERVERARGS": `-b, "50051"`}, hop: "client -> s:80", says: hop.Refused, cause: hop.NotTLS, rule: ServerBypassed, why: "traffic.sidecar.istio.io/includeInboundPorts"},
		"other ports included, naked":    {marks: marks{"SERVERARGS": `-b, "50051"`}, hop: "plain -> s:80", says: hop.Plaintext, rule: ServerBypassed, why: "does not get port 8080"},
		"an application's own TLS":       {marks: marks{"SERVERARGS": `-b, "50051"`}, hop: "plain -> s:443", says: hop.AppTLS, rule: ServerBypassed},
		"client's port excluded":         {marks: marks{"CLIENTARGS": `-o, "80"`}, hop: "client -> s:80", says: hop.Refused, cause: hop.NoFilterChain, rule: ClientBypassed, why: "traffic.sidecar.istio.io/excludeOutboundPorts"},
		"the workload's port excluded":   {marks: marks{"CLIENTARGS": `-o, "8080"`}, hop: "client -> s:80", says: hop.MTLS},
		"headless, port excluded":        {marks: marks{"CLIENTARGS": `-o, "8080"`}, hop: "client -> h:8080", says: hop.Refused, rule: ClientBypassed},
		"pods' range at a service":       {marks: marks{"CLIENTARGS": `--istio-service-exclude-cidr=10.244.0.0/16`}, hop: "client -> s:80", says: hop.MTLS},
		"the application as user 1337":   {marks: marks{"SPEC": "securityContext: {runAsUser: 1337},"}, hop: "client -> s:80", says: hop.Refused, rule: ClientBypassed, why: "user 1337"},
		"a network of the node":          {marks: marks{"SPEC": "hostNetwork: true,"}, hop: "client -> s:80", says: hop.Refused, rule: ClientBypassed, why: "hostNetwork"},
		"both ends":                      {marks: marks{"SERVERARGS": `-b, "50051"`, "CLIENTARGS": `-o, "80"`}, hop: "client -> s:80", says: hop.Plaintext, rule: ServerBypassed},
		"a proxy that listens by itself": {marks: marks{"SERVERARGS": `-b, "50051"`}, more: "\n---\n{kind: Sidecar, metadata: {name: own}, spec: {ingress: [{port: {number: 8080, protocol: HTTP, name: http}, captureMode: NONE, defaultEndpoint: 127.0.0.1:8081}]}}", hop: "plain -> s:80", why: "Sidecar default/own"},
		"arguments that cannot be read":  {marks: marks{"CLIENTARGS": `-o, "web"`}, hop: "client -> s:80", why: "cannot be read"},
	} {
		t.Run(name, func(t *testing.T) {
			got := interceptedSnapshot(t, row.marks, row.more).Ask(question(t, row.hop))
			if got.Says != row.says || row.cause != "" && got.Refusal != row.cause || !strings.Contains(got.Why, row.why) {
				t.Errorf("%s %s: %s", got.Says, got.Refusal, got.Why)
			}
			if row.rule != "" && !slices.Contains(got.Rules, row.rule) {
				t.Errorf("rules %v, want %s among them", got.Rules, row.rule)
			}
		})
	}
}

func TestAServiceRangeExcludedForItsIPv4AddressAloneIsNotDecided(t *testing.T) {
	snapshot := interceptedSnapshot(t, nil, "")
	client, _ := snapshot.workload("client")
	service, _ := snapshot.service("s")
	if len(service.Addresses) != 2 || client.HostNetwork {
		t.Fatalf("%+v", service)
	}
	for range_, want := range map[string]string{"10.96.0.0/16": "", "10.96.0.0/16,fd00::/64": string(hop.Refused)} {
		text := strings.ReplaceAll(injected, `-x, "", -b, "*", -d, "15090,15021,15020", CLIENTARGS`, `-x, "`+range_+`", -b, "*"`)
		for _, mark := range []string{"SERVERARGS", "SERVER", "CLIENT", "SPEC"} {
			text = strings.ReplaceAll(text, mark, "")
		}
		over, err := Decode([]byte(text), "default")
		if err != nil {
			t.Fatal(err)
		}
		over.Mesh = DefaultMesh()
		if got := over.Ask(question(t, "client -> s:80")); string(got.Says) != want {
			t.Errorf("%s: %s: %s", range_, got.Says, got.Why)
		}
	}
}

func TestATemplateIsReadByItsAnnotations(t *testing.T) {
	snapshot, err := Decode([]byte(`
{kind: Namespace, metadata: {name: default, labels: {istio-injection: enabled}}}
---
{kind: Service, metadata: {name: s}, spec: {selector: {app: s}, ports: [{name: http, port: 8080}, {name: grpc, port: 50051}]}}
---
{kind: Deployment, metadata: {name: server}, spec: {template: {metadata: {labels: {app: s}, annotations: {traffic.sidecar.istio.io/includeInboundPorts: "8080"}}, spec: {containers: [{name: app}]}}}}
---
{kind: Deployment, metadata: {name: node}, spec: {template: {metadata: {labels: {app: n}}, spec: {hostNetwork: true, containers: [{name: app}]}}}}
---
{kind: Deployment, metadata: {name: client}, spec: {template: {metadata: {labels: {app: c}}, spec: {containers: [{name: app}]}}}}`), "default")
	if err != nil {
		t.Fatal(err)
	}
	snapshot.Mesh = DefaultMesh()
	for text, want := range map[string]hop.Outcome{
		"client -> s:8080": hop.MTLS, "client -> s:50051": hop.Refused, "node -> s:8080": hop.Plaintext, "node -> s:50051": hop.Plaintext,
	} {
		if got := snapshot.Ask(question(t, text)); got.Says != want {
			t.Errorf("%s: %s, want %s: %s", text, got.Says, want, got.Why)
		}
	}
}
