package existing

import (
	"io/fs"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/e2e-framework/klient/decoder"

	"mtls.test/conformance/e2e/live/kube"
	liveupgrade "mtls.test/conformance/e2e/live/upgrade"
	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/upgrade"
	"mtls.test/conformance/fixtures"
)

func TestWhatTheWorldHasOutsideOfItsNamespacesIsTakenAway(t *testing.T) {
	p := fixture.Elsewhere()
	p.Root, p.Istiod, p.Revision, p.Allowed.Tap = "mesh-root", "mesh-control", "canary", true
	watched := p.With(upgrade.Namespaces()...)
	watched.Watched, watched.Gateway.Namespace = true, "edge"
	ofWatch, err := liveupgrade.WatchedFiles()
	if err != nil {
		t.Fatal(err)
	}
	for _, run := range []struct {
		files  fs.FS
		place  fixture.Placement
		beside int
	}{{fixtures.FS, p, 5}, {ofWatch, watched, 7}} {
		beside := 0
		for _, pattern := range []string{"base/*.yaml", "base/marker/*.yaml", "base/leases/*.yaml"} {
			objects, err := decoder.DecodeAllFiles(t.Context(), fixture.Move(run.files, run.place), pattern)
			if err != nil {
				t.Fatal(err)
			}
			for _, object := range objects {
				if _, namespace := object.(*corev1.Namespace); namespace || slices.Contains(run.place.Made(), object.GetNamespace()) {
					continue
				}
				beside++
				if _, service := object.(*corev1.Service); service {
					continue // which is found by its labels
				}
				known := slices.ContainsFunc(beyond(run.place), func(one one) bool {
					return one.kind.Kind == object.GetObjectKind().GroupVersionKind().Kind && one.name == object.GetName() && one.namespace == object.GetNamespace()
				})
				if !known {
					t.Errorf("%s stays", kube.Name(object))
				}
			}
		}
		if beside != run.beside {
			t.Errorf("%d objects are outside of the suite's namespaces, want %d", beside, run.beside)
		}
	}
}

// What a run applies in its namespaces takes leave to create and to patch it; what it makes in others' to create it.
func TestLeaveIsAskedForWhateverTheWorldHas(t *testing.T) {
	p := fixture.Elsewhere()
	p.Root, p.Istiod, p.Revision = "mesh-root", "mesh-control", "canary"
	p.Allowed = fixture.Allowed{MeshPolicy: true, GatewayLog: true, Tap: true}
	watched := p.With(upgrade.Namespaces()...)
	watched.Watched, watched.Gateway.Namespace = true, "edge"
	ofWatch, err := liveupgrade.WatchedFiles()
	if err != nil {
		t.Fatal(err)
	}
	for _, run := range []struct {
		files    fs.FS
		place    fixture.Placement
		patterns []string
	}{
		{fixtures.FS, p, nil},
		{ofWatch, watched, []string{"upgrade/world/policies/*.yaml", "upgrade/traffic/strict/*.yaml"}},
	} {
		all := needed(run.place)
		for _, pattern := range append(run.patterns, "base/*.yaml", "base/marker/*.yaml", "base/leases/*.yaml", "existing/sidecars*.yaml", "existing/inbound.yaml") {
			objects, err := decoder.DecodeAllFiles(t.Context(), fixture.Move(run.files, run.place), pattern)
			if err != nil {
				t.Fatal(err)
			}
			for _, object := range objects {
				kind := object.GetObjectKind().GroupVersionKind()
				guess, _ := meta.UnsafeGuessKindToResource(kind)
				resource := strings.Replace(guess.Resource, "gatewaies", "gateways", 1)
				verbs := []string{"create"}
				if slices.Contains(run.place.Made(), object.GetNamespace()) || kind.Kind == "Namespace" {
					verbs = append(verbs, "patch")
				}
				for _, verb := range verbs {
					asked := slices.ContainsFunc(all, func(a kube.Access) bool {
						return a.Verb == verb && a.Group == kind.Group && a.Resource == resource && (a.Namespace == "" || a.Namespace == object.GetNamespace())
					})
					if !asked {
						t.Errorf("%s of %s in %q is not asked for", verb, resource, object.GetNamespace())
					}
				}
			}
		}
	}
}

func TestARunOwnsWhatItAndItsSuitesMade(t *testing.T) {
	owned := ownedBy("20261124-120000-ABCDEF")
	for label, want := range map[string]bool{
		"20261124-120000-ABCDEF": true, "20261124-120000-ABCDEF-X1Y2": true,
		"": false, "20261124-120000-ABCDEG": false, "20261124-120000-ABCDEFG": false, "20261124-120000": false,
	} {
		if owned(label) != want {
			t.Errorf("of label %q: %t", label, !want)
		}
	}
}
