package upgrade

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"sigs.k8s.io/e2e-framework/klient/decoder"
	"sigs.k8s.io/e2e-framework/klient/k8s"

	"mtls.test/conformance/e2e/live/kube"
	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/e2e/pure/fixture"
)

// Stand applies the policies of a folder, which stand for the whole of an upgrade.
func Stand(ctx context.Context, k *kube.Client, files fs.FS) error {
	objects, err := policies(ctx, files)
	if err != nil {
		return err
	}
	return k.Apply(ctx, objects...)
}

// Withdraw deletes the policies of a folder.
func Withdraw(ctx context.Context, k *kube.Client, files fs.FS) error {
	objects, err := policies(ctx, files)
	if err != nil {
		return err
	}
	for _, object := range objects {
		if err := k.Delete(ctx, object); err != nil {
			return err
		}
	}
	return nil
}

// Beyond names the policies of a folder that are in no namespace of the suite's.
func Beyond(ctx context.Context, files fs.FS, place fixture.Placement) ([]string, error) {
	objects, err := policies(ctx, files)
	var all []string
	for _, object := range objects {
		if !slices.Contains(place.Made(), object.GetNamespace()) {
			all = append(all, kube.Name(object))
		}
	}
	return all, err
}

func policies(ctx context.Context, files fs.FS) ([]k8s.Object, error) {
	objects, err := decoder.DecodeAllFiles(ctx, files, "*.yaml", kube.Labelled(mesh.PartOf, mesh.Suite))
	if err != nil {
		return nil, fmt.Errorf("policies that stand: %w", err)
	}
	if len(objects) == 0 {
		return nil, errors.New("policies that stand: the folder has no object in a file *.yaml")
	}
	return objects, nil
}
