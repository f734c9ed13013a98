package survey

import (
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"mtls.test/conformance/e2e/pure/oracle"
)

const objects = `
{kind: Pod, metadata: {name: client-1, namespace: clients, annotations: {istio.io/rev: default}}, spec: {serviceAccountName: client, containers: [{name: app}, {name: istio-proxy}]}}
---
{kind: Pod, metadata: {name: client-2, namespace: clients}, spec: {serviceAccountName: client, containers: [{name: app}, {name: istio-proxy}]}}
---
{kind: Pod, metadata: {name: edge, namespace: edge, labels: {istio: ingressgateway}}, spec: {containers: [{name: istio-proxy}]}}
---
{kind: Pod, metadata: {name: naked, namespace: clients}, spec: {containers: [{name: app}]}}
---
{kind: Sidecar, metadata: {name: s, namespace: clients}}
`

func TestRead(t *testing.T) {
	s, err := Read([]byte(objects))
	if err != nil {
		t.Fatal(err)
	}
	var proxies []string
	for _, workload := range s.Proxies() {
		proxies = append(proxies, workload.String())
	}
	if got := strings.Join(proxies, " "); got != "clients/client-1 clients/client-2 edge/edge" {
		t.Errorf("proxies %s", got)
	}
	if got := s.Gateways("istio=ingressgateway"); !slices.Equal(got, []string{"edge/edge"}) {
		t.Errorf("gateways %v", got)
	}
	s.Add(oracle.Workload{Name: "recorded", Namespace: "clients", HasProxy: true}, oracle.Workload{Name: "naked", Namespace: "clients", HasProxy: true})
	if recorded, found := s.Workload("clients/recorded"); !found || !recorded.HasProxy {
		t.Error("what was recorded was not added")
	}
	if naked, _ := s.Workload("clients/naked"); naked.HasProxy {
		t.Error("what the cluster has was replaced")
	}
}

// Two workloads that the policies cannot tell apart are of one kind, and labels count only where a rule selects by them.
func TestKind(t *testing.T) {
	pod := func(name, labels string) string {
		return "\n---\n{kind: Pod, metadata: {name: " + name + ", namespace: clients, labels: {" + labels + "}}, spec: {containers: [{name: app}, {name: istio-proxy}]}}"
	}
	rule := "{kind: DestinationRule, metadata: {name: r, namespace: clients}, spec: {host: h, workloadSelector: {matchLabels: {app: a}}}}"
	for _, row := range []struct {
		name, rules string
		alike       bool
	}{{"no rule selects", "", true}, {"a rule selects", rule, false}} {
		s, err := Read([]byte(row.rules + pod("a", "app: a") + pod("b", "app: b")))
		if err != nil {
			t.Fatal(err)
		}
		a, _ := s.Workload("clients/a")
		b, _ := s.Workload("clients/b")
		if (s.Kind(a) == s.Kind(b)) != row.alike {
			t.Errorf("%s: %q and %q", row.name, s.Kind(a), s.Kind(b))
		}
	}
}

// A pod that is not ready, or ends, is no client. It is known, for a Service may publish it.
func TestAPodThatIsNotReadyIsNoClient(t *testing.T) {
	pod := func(name, metadata, status string) string {
		return "---\n{kind: Pod, metadata: {name: " + name + ", namespace: a" + metadata + "}, spec: {containers: [{name: app}, {name: istio-proxy}]}, status: {" + status + "}}\n"
	}
	const ready = `phase: Running, conditions: [{type: Ready, status: "True"}]`
	s, err := Read([]byte(pod("ready", "", ready) + pod("unready", "", "phase: Running, conditions: [{type: Ready, status: 'False'}]") +
		pod("going", `, deletionTimestamp: "2026-01-01T00:00:00Z"`, ready) + pod("done", "", "phase: Succeeded")))
	if err != nil {
		t.Fatal(err)
	}
	if proxies := s.Proxies(); len(proxies) != 1 || proxies[0].Name != "ready" {
		t.Errorf("clients %v", proxies)
	}
	if !slices.Equal(s.Unready, []string{"a/unready", "a/going"}) {
		t.Errorf("unready %v", s.Unready)
	}
	if _, known := s.Workload("a/unready"); !known {
		t.Error("a pod that is not ready is not known")
	}
	if _, known := s.Workload("a/done"); known {
		t.Error("a pod that has finished is known")
	}
}

// Of a hop between two planes nothing is told where they differ in what both ends must have alike.
func TestAHopBetweenTwoPlanes(t *testing.T) {
	with := func(change func(*Plane)) Plane {
		plane := Plane{Revision: "canary", Namespace: "istio-system", Mesh: oracle.DefaultMesh(), Root: "A"}
		change(&plane)
		return plane
	}
	const a, b = "default", "canary"
	for name, row := range map[string]struct {
		plane    Plane
		revision string // of the server
		differ   string
	}{
		"same settings":                 {with(func(*Plane) {}), b, ""},
		"another trust domain":          {with(func(p *Plane) { p.Mesh.TrustDomain = "other.test" }), b, "which differ in trustDomain"},
		"what the client alone decides": {with(func(p *Plane) { p.Mesh.AutoMTLS = false }), b, ""},
		"another version":               {with(func(p *Plane) { p.Mesh.Istio.Minor.Number = 30 }), b, ""},
		"another namespace, one root":   {with(func(p *Plane) { p.Namespace = "cp" }), b, ""},
		"another root":                  {with(func(p *Plane) { p.Namespace, p.Root = "cp", "B" }), b, "differ in the root certificate"},
		"a root that is not read":       {with(func(p *Plane) { p.Namespace, p.Root = "cp", "" }), b, "could not be read of both"},
		"a tag":                         {with(func(*Plane) {}), "prod", ""},
		"a tag of another trust domain": {with(func(p *Plane) { p.Mesh.TrustDomain = "other.test" }), "prod", "trustDomain"},
		"a revision of no plane":        {with(func(*Plane) {}), "gone", "revision gone, for which no istiod runs"},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := of([]Plane{{Revision: a, Namespace: "istio-system", Mesh: oracle.DefaultMesh(), Root: "A"}, row.plane}, oracle.Snapshot{})
			if err != nil {
				t.Fatal(err)
			}
			s.tags = map[string]string{"prod": b}
			client, server := oracle.Workload{Name: "c", HasProxy: true, Revision: a}, oracle.Workload{Name: "s", HasProxy: true, Revision: row.revision}
			if got := s.Differ(client, server); !strings.Contains(got, row.differ) || (got == "") != (row.differ == "") {
				t.Errorf("%q, want %q", got, row.differ)
			}
			if row.revision != "gone" && s.Under(server).Mesh.TrustDomain != row.plane.Mesh.TrustDomain {
				t.Errorf("it is under %s", s.Under(server).Mesh.TrustDomain)
			}
			if row.revision != "gone" && s.Under(server).Mesh.Istio != row.plane.Mesh.Istio {
				t.Errorf("it is under Istio %+v", s.Under(server).Mesh.Istio)
			}
		})
	}
	if _, err := of(nil, oracle.Snapshot{}); err == nil {
		t.Error("a cluster without istiod is surveyed")
	}
}

func TestVersionOf(t *testing.T) {
	for image, want := range map[string]string{
		"registry.istio.io/release/pilot:1.30.3": "1.30.3", "localhost:5000/pilot:1.31@sha256:ab": "1.31", "pilot": "labelled",
	} {
		pod := corev1.Pod{Spec: corev1.PodSpec{Containers: []corev1.Container{{Image: image}}}}
		pod.Labels = map[string]string{"app.kubernetes.io/version": "labelled"}
		if got := versionOf(pod); got != want {
			t.Errorf("%s: %s, want %s", image, got, want)
		}
	}
}

func TestAddress(t *testing.T) {
	if got := (Plane{Revision: "canary", Namespace: "cp"}).Address(); got != "istiod-canary.cp.svc:15012" {
		t.Error(got)
	}
}
