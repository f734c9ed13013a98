package existing

import (
	"io/fs"
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
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
