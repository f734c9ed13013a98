package oracle

import (
	"strings"
	"testing"
	"time"

	"mtls.test/conformance/e2e/pure/hop"
)

func TestDecodeReadsTheAPIServersJSON(t *testing.T) {
	snapshot, err := Decode([]byte(`{"apiVersion": "v1", "kind": "List", "items": [
		{"kind": "PeerAuthentication", "metadata": {"name": "a", "namespace": "n", "creationTimestamp": "2026-01-01T00:00:00Z", "uid": "x"},
		 "spec": {"mtls": {"mode": "STRICT"}, "portLevelMtls": {"8080": {"mode": "DISABLE"}}}, "status": {}},
		{"kind": "Pod", "metadata": {"name": "p", "namespace": "n", "labels": {"security.istio.io/tlsMode": "istio"}},
		 "spec": {"serviceAccountName": "s", "containers": [{"name": "app"}], "initContainers": [{"name": "istio-proxy"}]},
		 "status": {"podIPs": [{"ip": "10.244.0.9"}]}},
		{"kind": "Service", "metadata": {"name": "s", "namespace": "n"}, "spec": {"clusterIP": "None", "ports": [{"name": "grpc-web", "port": 80, "targetPort": "web"}]}},
		{"kind": "EnvoyFilter", "metadata": {"name": "v", "namespace": "n"}, "spec": {}}]}`), "default")
	if err != nil {
		t.Fatal(err)
	}
	if got := snapshot.PeerAuthentications[0]; got.Created != time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC) || len(got.Spec.GetPortLevelMtls()) != 1 {
		t.Errorf("policy %+v", got)
	}
	if pod := snapshot.Workloads[0]; !pod.HasProxy || pod.Gateway || pod.ServiceAccount != "s" || pod.Addresses[0].String() != "10.244.0.9" {
		t.Errorf("pod %+v", pod)
	}
	if service := snapshot.Services[0]; service.Kind != Headless || service.Ports[0].Protocol != hop.GRPC || service.Ports[0].Workload != 80 {
		t.Errorf("service %+v", service)
	}
	if len(snapshot.Unread) != 1 || snapshot.Unread[0] != "EnvoyFilter n/v" {
		t.Errorf("unread %v", snapshot.Unread)
	}
}

func TestDecodeRefuses(t *testing.T) {
	for content, want := range map[string]string{
		"{kind: PeerAuthentication, metadata: {name: a}, spec: {mtls: {mode: SOMETIMES}}}": "PeerAuthentication default/a: spec",
		"{kind: DestinationRule, metadata: {name: a}, spec: {hosts: x}}":                   "unknown field",
		"{kind: Service, metadata: {name: a, creationTimestamp: yesterday}}":               "creationTimestamp",
		"{kind: Pod, metadata: {name: a}, status: {podIPs: [{ip: x}]}}":                    "status.podIPs",
		"just words": "no Kubernetes object",
		"a: b: c":    "yaml",
	} {
		if _, err := Decode([]byte(content), "default"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", content, err, want)
		}
	}
}

func TestMergeKeepsTheTimeOfCreation(t *testing.T) {
	old, err := Decode([]byte(peerAuth(inRoot+", creationTimestamp: 2026-01-01T00:00:00Z", "mtls: {mode: STRICT}")), "default")
	if err != nil {
		t.Fatal(err)
	}
	edit, err := Decode([]byte(peerAuth(inRoot, "mtls: {mode: DISABLE}")), "default")
	if err != nil {
		t.Fatal(err)
	}
	merged := old.Merge(edit)
	if len(merged.PeerAuthentications) != 1 || merged.PeerAuthentications[0].Created.IsZero() {
		t.Errorf("merged %+v", merged.PeerAuthentications)
	}
	if mode, _ := modeOf(merged.PeerAuthentications[0].Spec.GetMtls()); mode != Disable {
		t.Errorf("mode %s", mode)
	}
	if left := merged.Without(edit); len(left.PeerAuthentications) != 0 {
		t.Errorf("left %+v", left.PeerAuthentications)
	}
}

func TestMeshSettings(t *testing.T) {
	if _, err := DefaultMesh().With([]byte("[")); err == nil {
		t.Error("no error for settings that are no YAML")
	}
	settings, err := DefaultMesh().With([]byte(`{"enableAutoMtls": false}`))
	if err != nil || settings.AutoMTLS || settings.RootNamespace != "istio-system" {
		t.Errorf("%+v, %v", settings, err)
	}
}
