package oracle

import (
	"strings"
	"testing"
)

// Of what a ztunnel carries nothing is said, however it is known.
func TestAmbientIsNotGuessed(t *testing.T) {
	pod := func(name, metadata, containers string) string {
		return "\n---\n{kind: Pod, metadata: {name: " + name + ", namespace: amb, " + metadata + "}, spec: {containers: [" + containers + "]}}"
	}
	const application, proxy = "{name: app}", "{name: app}, {name: istio-proxy}"
	for _, row := range []struct {
		name, namespace, metadata, containers string
		ambient                               bool
	}{
		{"annotated", "other", "labels: {app: s}, annotations: {ambient.istio.io/redirection: enabled}", application, true},
		{"labelled", "other", "labels: {app: s, istio.io/dataplane-mode: ambient}", application, true},
		{"namespace", "ambient", "labels: {app: s}", application, true},
		{"namespace, left out", "ambient", "labels: {app: s, istio.io/dataplane-mode: none}", application, false},
		{"namespace, with a sidecar", "ambient", "labels: {app: s, security.istio.io/tlsMode: istio}", proxy, false},
		{"sidecar that tunnels", "other", `labels: {app: s, networking.istio.io/tunnel: "http"}`, proxy, true},
		{"none", "other", "labels: {app: s}", application, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			snapshot, err := Decode([]byte("{kind: Namespace, metadata: {name: amb, labels: {istio.io/dataplane-mode: "+row.namespace+"}}}"+
				pod("server", row.metadata, row.containers)+
				"\n---\n{kind: Pod, metadata: {name: client, namespace: clients}, spec: {containers: [{name: app}]}}"+
				"\n---\n{kind: Service, metadata: {name: s, namespace: amb}, spec: {selector: {app: s}, ports: [{port: 80}]}}"), "default")
			if err != nil {
				t.Fatal(err)
			}
			snapshot.Mesh = DefaultMesh()
			for _, text := range []string{"client -> s:80", "server -> s:80"} {
				answer := snapshot.Ask(question(t, text))
				if said := strings.HasPrefix(answer.Why, "ambient: "); said != row.ambient || said != (answer.Says == "") {
					t.Errorf("%s: %q: %s", text, answer.Says, answer.Why)
				}
			}
		})
	}
}
