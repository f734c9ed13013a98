package runner

import (
	"slices"

	"sigs.k8s.io/e2e-framework/klient/k8s"

	"mtls.test/conformance/e2e/live/kube"
	"mtls.test/conformance/e2e/live/mesh"
)

// kinds lists the kinds of objects, each once, in a fixed order: a change is settled by the marker of each.
func kinds(objects []k8s.Object) []mesh.Kind {
	var all []mesh.Kind
	for _, object := range objects {
		if kind := mesh.Kind(kube.Kind(object)); !slices.Contains(all, kind) {
			all = append(all, kind)
		}
	}
	slices.Sort(all)
	return all
}
