package cluster

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestStateIsReadAsItWasWritten(t *testing.T) {
	home := filepath.Join(t.TempDir(), "clusters")
	want := State{
		ID: "id", Name: "mtls", Engine: "docker", RunID: "run", StartedAt: time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC),
		Phase: Ready, Kept: true, Build: Build{Lane: "source"}, Nodes: map[string]Node{"node": {ID: "id", StartedAt: time.Date(2026, 1, 2, 3, 4, 6, 7, time.UTC)}},
		Kubeconfig: "k", HostPorts: map[string]string{"30080": "127.0.0.1:1"},
	}
	if err := want.write(home); err != nil {
		t.Fatal(err)
	}
	got, err := readState(home, "mtls")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(&want, got); diff != "" {
		t.Error(diff)
	}
	info, err := os.Stat(statePath(home, "mtls"))
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, want 0600", info.Mode().Perm())
	}
}

func TestNoStateIsNoError(t *testing.T) {
	state, err := readState(t.TempDir(), "mtls")
	if state != nil || err != nil {
		t.Errorf("readState = %v, %v", state, err)
	}
	if err := removeState(t.TempDir(), "mtls"); err != nil {
		t.Errorf("removeState: %v", err)
	}
}

func TestDamagedStateNamesItsFile(t *testing.T) {
	home := t.TempDir()
	if err := os.WriteFile(statePath(home, "mtls"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := readState(home, "mtls"); err == nil || !strings.Contains(err.Error(), statePath(home, "mtls")) {
		t.Errorf("readState: %v", err)
	}
}

func TestBuildDiffers(t *testing.T) {
	build := Build{Lane: "source", Kubernetes: "v1.36.3", NodeImageID: "sha256:" + strings.Repeat("a", 64), Istio: "1 t", KindConfig: "c"}
	for _, test := range []struct {
		name   string
		change func(*Build)
		want   string
	}{
		{"the same build serves", func(*Build) {}, ""},
		{"another lane", func(b *Build) { b.Lane = "pull" }, "its lane is source, this run wants pull"},
		{"another Kubernetes", func(b *Build) { b.Kubernetes = "v1.37.2" }, "its Kubernetes is v1.36.3, this run wants v1.37.2"},
		{"another Istio", func(b *Build) { b.Istio = "2 t" }, "its Istio is 1 t, this run wants 2 t"},
		{"another content", func(b *Build) { b.Content = "a plugged-in CA" }, "its content is , this run wants a plugged-in CA"},
		{"another kind-config.yaml", func(b *Build) { b.KindConfig = "d" }, "its kind-config.yaml is c, this run wants d"},
		{
			"another node image, by the start of its digest", func(b *Build) { b.NodeImageID = "sha256:" + strings.Repeat("b", 64) },
			"its node image is sha256:aaaaaaaaaaaa, this run wants sha256:bbbbbbbbbbbb",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			want := build
			test.change(&want)
			if got := build.differs(want); got != test.want {
				t.Errorf("differs = %q, want %q", got, test.want)
			}
		})
	}
}

func TestOnlyAClusterGivenBackIsAtRest(t *testing.T) {
	if reason := atRest(State{Phase: Ready, Kept: true}); reason != "" {
		t.Errorf("a kept cluster: %s", reason)
	}
	for _, state := range []State{{Phase: Creating}, {Phase: Creating, Kept: true}, {Phase: Ready}} {
		if atRest(state) == "" {
			t.Errorf("%+v is at rest", state)
		}
	}
}

func TestARestartedOrMissingNodeBreaksACluster(t *testing.T) {
	started := time.Date(2026, 1, 2, 3, 4, 6, 7, time.UTC)
	state := State{Nodes: map[string]Node{"one": {ID: "1", StartedAt: started}}}
	for _, test := range []struct {
		name       string
		containers []container
		want       string
	}{
		{"a node that runs on", []container{{Name: "one", Started: started}}, ""},
		{"a node that was restarted", []container{{Name: "one", Started: started.Add(time.Hour)}}, "its node one was restarted"},
		{"a node that is gone", nil, "it has 0 nodes of 1"},
	} {
		if got := broken(state, test.containers); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}
