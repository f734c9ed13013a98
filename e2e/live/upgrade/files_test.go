package upgrade

import (
	"io/fs"
	"testing"

	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/upgrade"
	"mtls.test/conformance/fixtures"
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

func TestEveryClientHasItsSeriesUnderEachPolicy(t *testing.T) {
	files, err := Files(upgrade.Canary)
	if err != nil {
		t.Fatal(err)
	}
	world, err := fixture.LoadWorld(files)
	if err != nil {
		t.Fatal(err)
	}
	content, err := fs.ReadFile(fixtures.FS, "upgrade/series.yaml")
	if err != nil {
		t.Fatal(err)
	}
	groups, err := upgrade.ReadGroups(content)
	if err != nil {
		t.Fatal(err)
	}
	policies, err := fs.ReadDir(fixtures.FS, "upgrade/traffic")
	if err != nil || len(policies) == 0 {
		t.Fatalf("%d policies, %v", len(policies), err)
	}
	for _, policy := range policies {
		for _, client := range upgrade.Clients(groups, policy.Name()) {
			all, err := upgrade.SeriesOf(groups, world, client, policy.Name())
			if err != nil || len(all) == 0 {
				t.Errorf("%s under %s: %d series, %v", client, policy.Name(), len(all), err)
			}
		}
	}
}
