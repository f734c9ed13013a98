package oracle

import (
	"slices"
	"strings"
	"testing"
)

const named = `
{kind: Service, metadata: {name: s, namespace: a}, spec: {selector: {app: s}, ports: [{port: 90}, {port: 80, targetPort: web}, {port: 53, protocol: UDP}]}}
---
{kind: Service, metadata: {name: s, namespace: b}, spec: {clusterIP: None, selector: {app: s}, ports: [{port: 80}]}}
---
{kind: Service, metadata: {name: alias, namespace: a}, spec: {type: ExternalName, externalName: s.b.svc.cluster.local}}
---
{kind: Service, metadata: {name: nowhere, namespace: a}, spec: {type: ExternalName, externalName: nobody.test}}
---
{kind: ServiceEntry, metadata: {name: e, namespace: b}, spec: {hosts: [entry.test, "*.wild.test"], ports: [{number: 443, name: https, protocol: HTTPS}]}}
---
{kind: Pod, metadata: {name: s-1, namespace: a, labels: {app: s}}, spec: {containers: [{name: app, ports: [{name: web, containerPort: 8080}, {name: other, containerPort: 9}]}]}}
---
{kind: Pod, metadata: {name: s-2, namespace: a, labels: {app: s}}, spec: {containers: [{name: app}]}}
`

func namedSnapshot(t *testing.T) Snapshot {
	t.Helper()
	snapshot, err := Decode([]byte(named), "default")
	if err != nil {
		t.Fatal(err)
	}
	snapshot.Mesh = DefaultMesh()
	return snapshot
}

func TestHosts(t *testing.T) {
	var got []string
	for _, host := range namedSnapshot(t).Hosts() {
		text := host.Name + " of " + host.Namespace
		if host.Entry {
			text += ", an entry"
		}
		got = append(got, text)
	}
	want := []string{"entry.test of b, an entry", "s.a.svc.cluster.local of a", "s.b.svc.cluster.local of b"}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestHostByName(t *testing.T) {
	snapshot := namedSnapshot(t)
	for _, indexed := range []Snapshot{snapshot, snapshot.Indexed()} {
		for name, want := range map[string]string{
			"s": "s.a.svc.cluster.local", "s.b": "s.b.svc.cluster.local", "s.b.svc": "s.b.svc.cluster.local",
			"s.a.svc.cluster.local": "s.a.svc.cluster.local", "alias": "s.b.svc.cluster.local", "entry.test": "entry.test",
			"nobody": "", "alias.b": "", "nowhere": "", "any.wild.test": "",
		} {
			host, err := indexed.Host(name, "a")
			if host.Name != want || (err == nil) != (want != "") {
				t.Errorf("%s: %q %v, want %q", name, host.Name, err, want)
			}
		}
		if _, err := indexed.Host("s", "nowhere"); err == nil {
			t.Error("a name of another namespace is found")
		}
		if host, err := indexed.Host("s", "b"); err != nil || host.Namespace != "b" {
			t.Errorf("%+v %v", host, err)
		}
	}
}

// Ports come in order, those of UDP are none, and a name is each pod's own.
func TestPortsOfHosts(t *testing.T) {
	snapshot := namedSnapshot(t)
	host, err := snapshot.Host("s", "a")
	if err != nil {
		t.Fatal(err)
	}
	if len(host.Ports) != 2 || host.Ports[0].Number != 80 || host.Ports[1].Number != 90 {
		t.Fatalf("%+v", host.Ports)
	}
	if got := snapshot.Behind(host); !slices.Equal(got, []string{"a/s-1", "a/s-2"}) {
		t.Errorf("behind it %v", got)
	}
	for name, want := range map[string]uint16{"s-1": 8080, "s-2": 80} {
		workload, _ := snapshot.workload(name)
		if got := host.Ports[0].At(workload); got != want {
			t.Errorf("%s: port %d, want %d", name, got, want)
		}
		if got := host.Ports[1].At(workload); got != 90 {
			t.Errorf("%s: port %d, want that of the service", name, got)
		}
	}
}

// Who the endpoints of a service without a selector are is not told.
func TestServiceByHand(t *testing.T) {
	snapshot, err := Decode([]byte(named+"---\n{kind: Service, metadata: {name: hand, namespace: a}, spec: {ports: [{port: 80}]}}"), "a")
	if err != nil {
		t.Fatal(err)
	}
	snapshot.Mesh = DefaultMesh()
	if answer := snapshot.Ask(question(t, "s-1 -> hand:80")); answer.Says != "" || !strings.Contains(answer.Why, "has no selector") {
		t.Errorf("%+v", answer)
	}
	if answer := snapshot.Ask(question(t, "s-1 -> s.a:80")); answer.Says == "" {
		t.Errorf("%+v", answer)
	}
}

// What JSON and YAML say alike is read alike, and a list by its kind.
func TestDecodeList(t *testing.T) {
	var listed Snapshot
	if err := listed.DecodeList("PeerAuthentication", []byte(`{"items": [{"metadata": {"name": "p", "namespace": "a"}, "spec": {"mtls": {"mode": "STRICT"}}}]}`)); err != nil {
		t.Fatal(err)
	}
	if got := listed.OfNamespace("a"); got.Mode != Strict {
		t.Errorf("%+v", got)
	}
	for _, broken := range []string{"{", `{"items": [3]}`, `{"items": [{"metadata": {"name": "p"}, "spec": {"nope": 1}}]}`} {
		if err := new(Snapshot).DecodeList("PeerAuthentication", []byte(broken)); err == nil {
			t.Errorf("%s is read", broken)
		}
	}
	whole, err := Decode([]byte(`{"kind": "List", "items": [{"kind": "PeerAuthentication", "metadata": {"name": "p", "namespace": "a"}, "spec": {"mtls": {"mode": "DISABLE"}}}]}`), "default")
	if err != nil || whole.OfNamespace("a").Mode != Disable {
		t.Errorf("%+v %v", whole, err)
	}
}

// Endpoints that differ in the cause alone differ.
func TestAgree(t *testing.T) {
	one := EndpointAnswer{Answer: Answer{Says: "refused", Refusal: "not-tls", Why: "a"}}
	other := EndpointAnswer{Answer: Answer{Says: "refused", Refusal: "no-filter-chain", Why: "b"}}
	if got := agree([]EndpointAnswer{one, other}); got.Says != "" || !strings.Contains(got.Why, "a; b") {
		t.Errorf("%+v", got)
	}
	if got := agree([]EndpointAnswer{one, one}); got.Refusal != "not-tls" {
		t.Errorf("%+v", got)
	}
	third := EndpointAnswer{Answer: Answer{Says: "mtls", Why: "c"}}
	if got := agree([]EndpointAnswer{third, third, one}); got.Says != "" {
		t.Errorf("%+v", got)
	}
}
