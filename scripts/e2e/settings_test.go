package main

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"mtls.test/conformance/e2e/pure/fixture"
)

func from(given map[string]string) func(string) string {
	return func(name string) string { return given[name] }
}

func TestSettingsHaveDefaults(t *testing.T) {
	s, err := readSettings(from(nil), "/repo")
	if err != nil {
		t.Fatal(err)
	}
	if s.name() != "mtls" || s.keep || s.artifacts != filepath.FromSlash("/repo/artifacts") || s.values["LANE"] != "auto" {
		t.Errorf("settings %+v", s)
	}
}

func TestSettingsAreTakenFromTheEnvironment(t *testing.T) {
	s, err := readSettings(from(map[string]string{
		"CLUSTER_NAME": "two.x-1", "KEEP": "1", "ARTIFACTS": "/tmp/a", "LABELS": "smoke && !slow", "FOCUS": "^a.*b$", "GINKGO_ARGS": "-v --seed='1 2'",
	}), "/repo")
	if err != nil {
		t.Fatal(err)
	}
	if s.name() != "two.x-1" || !s.keep || s.artifacts != "/tmp/a" || !slices.Equal(s.ginkgoArgs, []string{"-v", "--seed=1 2"}) {
		t.Errorf("settings %+v", s)
	}
}

func TestABadSettingIsNamed(t *testing.T) {
	for name, value := range map[string]string{
		"CLUSTER_NAME": "Mtls", "LANE": "push", "KEEP": "yes", "FOCUS": "(", "LABELS": "a &&", "GINKGO_ARGS": "'", "TIMEOUT_FACTOR": "0", "SHARD": "4/3", "REGISTRY": "http://mirror.example",
	} {
		_, err := readSettings(from(map[string]string{name: value}), "/repo")
		if err == nil || !strings.HasPrefix(err.Error(), name+"="+value) {
			t.Errorf("%s=%s: %v", name, value, err)
		}
	}
	if _, err := readSettings(from(map[string]string{"CLUSTER_NAME": strings.Repeat("a", 50)}), "/repo"); err == nil {
		t.Error("a name of 50 characters makes host names of 64, and was taken")
	}
	_, err := readSettings(from(map[string]string{"LANE": "push", "KEEP": "yes"}), "/repo")
	if err == nil || !strings.Contains(err.Error(), "LANE") || !strings.Contains(err.Error(), "KEEP") {
		t.Errorf("two bad settings: %v", err)
	}
}

func TestAWatchedUpgradeIsOthers(t *testing.T) {
	fit := map[string]string{"WATCH": "1", "CLUSTER": "existing", "ALLOW_TAP": "1"}
	if _, err := readSettings(from(fit), "/repo"); err != nil {
		t.Error(err)
	}
	for name, row := range map[string]struct{ value, wants string }{
		"FROM": {"1.30", "leave out FROM"}, "MUTANT": {"two-labels", "leave out MUTANT"}, "CLUSTER": {"own", "CLUSTER=existing"},
		"ALLOW_TAP": {"0", "ALLOW_TAP=1"}, "TRAFFIC": {"lease", "TRAFFIC=strict or TRAFFIC=permissive"},
	} {
		given := maps.Clone(fit)
		given[name] = row.value
		if _, err := readSettings(from(given), "/repo"); err == nil || !strings.Contains(err.Error(), row.wants) {
			t.Errorf("%s=%s: %v, want %q", name, row.value, err, row.wants)
		}
	}
}

// images.sh is a command of its own, and must not take what this one refuses.
func TestARegistryIsTakenOrRefusedAlikeByTheScript(t *testing.T) {
	for value, taken := range map[string]bool{
		"": true, "127.0.0.1:5000": true, "localhost": true, "localhost/hub": true, "mirror:5000": true, "mirror.example": true,
		"mirror.example:5000/a/b-c": true, "Mirror.Example/hub": true,
		"mirror": false, "mirror/hub": false, "https://mirror.example": false, "mirror.example/": false, "mirror.example//a": false,
		"mirror.example:": false, "mirror:1:2": false, "mirror.example/Hub": false, "a b.example": false, "mirror.example/a:tag": false,
	} {
		_, err := readSettings(from(map[string]string{"REGISTRY": value}), "/repo")
		if (err == nil) != taken {
			t.Errorf("REGISTRY=%s: %v, want it taken: %t", value, err, taken)
		}
		script := exec.CommandContext(t.Context(), "bash", "-euc", `. ../lib/say.sh; . ../images/lib/registry.sh; registry_check`)
		script.Env = append(os.Environ(), "REGISTRY="+value)
		if said, err := script.CombinedOutput(); (err == nil) != taken {
			t.Errorf("REGISTRY=%s: the script says %s, %v; want it taken: %t", value, said, err, taken)
		}
	}
}

func TestTheTableShowsEverySetting(t *testing.T) {
	s, err := readSettings(from(map[string]string{"FOCUS": "strict"}), "/repo")
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range variables {
		if !strings.Contains(s.table("all"), v.name) || !strings.Contains(describeSettings(), v.name) {
			t.Errorf("%s is not shown", v.name)
		}
	}
	if !strings.Contains(s.table("all"), "strict") {
		t.Errorf("a value is not shown:\n%s", s.table("all"))
	}
}

func TestFocusAndLabelsSelectCasesAsGinkgoDoes(t *testing.T) {
	strict := fixture.Case{ID: "mesh-strict", Title: "A server must refuse", Labels: []string{"smoke", "mesh-wide"}}
	for _, test := range []struct {
		focus, labels string
		want          bool
	}{
		{"", "", true}, {"mesh-strict:", "", true}, {"must refuse", "smoke && !guide", true},
		{"mesh-disable", "", false}, {"", "guide", false},
	} {
		given := map[string]string{"FOCUS": test.focus, "LABELS": test.labels}
		s, err := readSettings(func(name string) string { return given[name] }, "/root")
		if err != nil {
			t.Fatal(err)
		}
		if got := s.selects(strict); got != test.want {
			t.Errorf("FOCUS=%s LABELS=%s: got %t", test.focus, test.labels, got)
		}
	}
}

func TestWhatDecidesHowLongStepsTakeIsTold(t *testing.T) {
	for want, given := range map[string]map[string]string{
		"lane auto, Kubernetes newest, Istio newest": nil,
		"lane source, Kubernetes 1.35, Istio 1.30":   {"LANE": "source", "KUBERNETES_VERSION": "1.35", "ISTIO_VERSION": "1.30"},
		"cluster theirs": {"CLUSTER": "existing", "KUBECONTEXT": "theirs", "LANE": "pull"},
	} {
		s, err := readSettings(from(given), "/repo")
		if err != nil || s.ground() != want {
			t.Errorf("%v: %q, %v, want %q", given, s.ground(), err, want)
		}
	}
}
