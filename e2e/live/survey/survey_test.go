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
	if s.Sidecars != 1 {
		t.Errorf("%d Sidecar objects", s.Sidecars)
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

// What gets no traffic is no endpoint and no client.
func TestServing(t *testing.T) {
	kept, unready, err := serving([]byte(`{"items": [
		{"metadata": {"name": "ready", "namespace": "a"}, "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}},
		{"metadata": {"name": "unready", "namespace": "a"}, "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "False"}]}},
		{"metadata": {"name": "going", "namespace": "a", "deletionTimestamp": "2026-01-01T00:00:00Z"}, "status": {"phase": "Running"}},
		{"metadata": {"name": "done", "namespace": "a"}, "status": {"phase": "Succeeded"}}]}`))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(kept), `"ready"`) || strings.Contains(string(kept), "going") || strings.Contains(string(kept), "done") {
		t.Errorf("kept %s", kept)
	}
	if !slices.Equal(unready, []string{"a/unready"}) {
		t.Errorf("unready %v", unready)
	}
	if _, _, err := serving([]byte("{")); err == nil {
		t.Error("half an answer is read")
	}
}

// Under settings that differ a hop between the two planes is not told.
func TestPlanes(t *testing.T) {
	other := oracle.DefaultMesh()
	other.TrustDomain = "other.test"
	for _, row := range []struct {
		name  string
		mesh  oracle.Mesh
		alike bool
	}{{"same settings", oracle.DefaultMesh(), true}, {"other settings", other, false}} {
		s, err := of([]Plane{{Revision: "default", Mesh: oracle.DefaultMesh()}, {Revision: "canary", Mesh: row.mesh}}, oracle.Snapshot{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		a, b := oracle.Workload{Revision: "default"}, oracle.Workload{Revision: "canary"}
		if s.Alike(a, b) != row.alike || s.Under(b).Mesh.TrustDomain != row.mesh.TrustDomain {
			t.Errorf("%s: alike %v, trust domain %s", row.name, s.Alike(a, b), s.Under(b).Mesh.TrustDomain)
		}
	}
	if _, err := of(nil, oracle.Snapshot{}, nil); err == nil {
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
