package kube

import (
	"os"
	"path/filepath"
	"testing"
)

func TestTheContextIsTheOneThatIsNamedOrElseTheCurrent(t *testing.T) {
	file := filepath.Join(t.TempDir(), "kubeconfig")
	const content = `{apiVersion: v1, kind: Config, current-context: current, contexts: [{name: current, context: {cluster: c}}, {name: other, context: {cluster: c}}], clusters: [{name: c, cluster: {server: "http://127.0.0.1:1"}}]}`
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	for named, want := range map[string]string{"": "current", "other": "other"} {
		client, err := Connect(Target{Kubeconfig: file, Context: named})
		if err != nil {
			t.Fatal(err)
		}
		if got := client.Context(); got != want {
			t.Errorf("%q: %s, want %s", named, got, want)
		}
	}
}
