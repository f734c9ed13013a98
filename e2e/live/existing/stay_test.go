package existing

import (
	"io/fs"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/e2e-framework/klient/decoder"
	"sigs.k8s.io/e2e-framework/klient/k8s"

	"mtls.test/conformance/e2e/live/kube"
	liveupgrade "mtls.test/conformance/e2e/live/upgrade"
	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/upgrade"
	"mtls.test/conformance/fixtures"
)

// stayed is a run on a cluster of another's: its fixtures, and where they stand.
type stayed struct {
	files fs.FS
	place fixture.Placement
}

// stays are a run that may do all, and one that watches an upgrade as well.
func stays(t *testing.T) (ordinary, watched *stayed) {
	t.Helper()
	p := fixture.Elsewhere()
	p.Root, p.Istiod, p.Revision = "mesh-root", "mesh-control", "canary"
	p.Allowed = fixture.Allowed{MeshPolicy: true, GatewayLog: true, Tap: true}
	files, err := liveupgrade.WatchedFiles()
	if err != nil {
		t.Fatal(err)
	}
	watching := p.With(upgrade.Namespaces()...)
	watching.Watched, watching.Gateway.Namespace = true, "edge"
	return &stayed{fixtures.FS, p}, &stayed{files, watching}
}

// worldFiles are what mesh.ApplyWorld applies.
var worldFiles = []string{"base/*.yaml", "base/marker/*.yaml", "base/leases/*.yaml"}

func (s stayed) objects(t *testing.T, patterns ...string) []k8s.Object {
	t.Helper()
	var all []k8s.Object
	for _, pattern := range patterns {
		objects, err := decoder.DecodeAllFiles(t.Context(), fixture.Move(s.files, s.place), pattern)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, objects...)
	}
	return all
}

func TestWhatTheWorldHasOutsideOfItsNamespacesIsTakenAway(t *testing.T) {
	ordinary, watched := stays(t)
	for run, want := range map[*stayed]int{ordinary: 5, watched: 7} {
		beside := 0
		for _, object := range run.objects(t, worldFiles...) {
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
		if beside != want {
			t.Errorf("%d objects are outside of the suite's namespaces, want %d", beside, want)
		}
	}
}

// What a run applies in its namespaces takes leave to create and to patch it; what it makes in others' to create it.
func TestLeaveIsAskedForWhateverTheWorldHas(t *testing.T) {
	ordinary, watched := stays(t)
	filters := []string{"existing/sidecars*.yaml", "existing/inbound.yaml"}
	for run, further := range map[*stayed][]string{ordinary: filters, watched: append(filters, "upgrade/world/policies/*.yaml", "upgrade/traffic/strict/*.yaml")} {
		all := needed(run.place)
		for _, object := range run.objects(t, append(further, worldFiles...)...) {
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
