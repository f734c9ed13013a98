package upgrade

import (
	"testing"

	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/upgrade"
)

func TestEveryModeHasAWorldInWhichAllThatMovesIsInjected(t *testing.T) {
	for _, mode := range upgrade.Modes {
		files, err := Files(mode)
		if err != nil {
			t.Fatal(err)
		}
		world, err := fixture.LoadWorld(files)
		if err != nil {
			t.Fatalf("%s: %v", mode, err)
		}
		if _, err := fixture.Load(files, world); err != nil {
			t.Errorf("%s: %v", mode, err)
		}
		injected := map[string]bool{}
		for _, workload := range world.Workloads {
			injected[workload.Namespace] = injected[workload.Namespace] || workload.Proxied
		}
		for _, namespace := range upgrade.Namespaces() {
			if !injected[namespace] {
				t.Errorf("%s: no workload with a proxy is in namespace %s", mode, namespace)
			}
		}
	}
}
