package upgrade

import (
	"context"
	"fmt"
	"io/fs"

	"sigs.k8s.io/e2e-framework/klient/decoder"

	"mtls.test/conformance/e2e/live/kube"
	"mtls.test/conformance/e2e/live/mesh"
)

// Stand applies the policies of a folder, which stand for the whole of an upgrade.
func Stand(ctx context.Context, k *kube.Client, files fs.FS) error {
	objects, err := decoder.DecodeAllFiles(ctx, files, "*.yaml", kube.Labelled(mesh.PartOf, mesh.Suite))
	if err != nil {
		return fmt.Errorf("policies that stand: %w", err)
	}
	if len(objects) == 0 {
		return fmt.Errorf("policies that stand: the folder has no object in a file *.yaml")
	}
	return k.Apply(ctx, objects...)
}
