package mesh

import (
	"context"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/e2e-framework/klient/decoder"
	"sigs.k8s.io/e2e-framework/klient/k8s"

	"mtls.test/conformance/e2e/live/kube"
	"mtls.test/conformance/e2e/pure/fixture"
)

const (
	agentPlaceholder = "agent" // the image that fixtures/base names
	rolloutInterval  = 200 * time.Millisecond
)

// PartOf is the label that every object of the suite carries.
const PartOf = "app.kubernetes.io/part-of"

// Suite is the value of PartOf.
const Suite = "mtls-conformance"

// ApplyWorld applies fixtures/base with the agent's image, and waits until every workload of it has rolled out. On a
// cluster of another's what fixtures/existing holds for sidecars goes before it, in each namespace that has some; and what is
// outside of the suite's namespaces must be new, and bears labels that say whose it is: it is not taken over from another run.
func ApplyWorld(ctx context.Context, k *kube.Client, files fs.FS, place fixture.Placement, image string, labels map[string]string, say func(line string)) error {
	files = fixture.Move(files, place)
	var objects []k8s.Object
	if place.Existing {
		var err error
		if objects, err = sidecarFilters(ctx, files, place); err != nil {
			return err
		}
	}
	for _, pattern := range []string{"base/*.yaml", "base/marker/*.yaml", "base/leases/*.yaml"} {
		decoded, err := decoder.DecodeAllFiles(ctx, files, pattern,
			kube.Labelled(PartOf, Suite), decoder.MutateOption(WithImage(image)))
		if err != nil {
			return fmt.Errorf("fixtures/base: %w", err)
		}
		objects = append(objects, decoded...)
	}
	slices.SortStableFunc(objects, func(a, b k8s.Object) int { return order(a) - order(b) })
	if place.Existing {
		var wide []k8s.Object
		wide, objects = apart(objects, place)
		for _, object := range wide {
			label(object, labels)
			if err := k.Create(ctx, object); err != nil {
				return err
			}
		}
	}
	if err := k.Apply(ctx, objects...); err != nil {
		return err
	}
	for _, object := range objects {
		if template(object) == nil {
			continue
		}
		if err := RolledOut(ctx, k, object); err != nil {
			return err
		}
		say(object.GetName() + " is ready")
	}
	return nil
}

// apart parts what is outside of the namespaces that the suite makes from those and what is in them.
func apart(objects []k8s.Object, place fixture.Placement) (outside, inside []k8s.Object) {
	for _, object := range objects {
		_, namespace := object.(*corev1.Namespace)
		if namespace || slices.Contains(place.Made(), object.GetNamespace()) {
			inside = append(inside, object)
		} else {
			outside = append(outside, object)
		}
	}
	return outside, inside
}

func label(object k8s.Object, labels map[string]string) {
	all := maps.Clone(object.GetLabels())
	maps.Copy(all, labels)
	object.SetLabels(all)
}

// sidecarFilters are what sidecars of the suite's namespaces are given.
func sidecarFilters(ctx context.Context, files fs.FS, place fixture.Placement) ([]k8s.Object, error) {
	var all []k8s.Object
	for _, namespace := range place.Injected() {
		decoded, err := decoder.DecodeAllFiles(ctx, files, "existing/sidecars*.yaml", kube.Labelled(PartOf, Suite), decoder.MutateOption(func(object k8s.Object) error {
			object.SetNamespace(namespace)
			return nil
		}))
		if err != nil {
			return nil, fmt.Errorf("fixtures/existing: %w", err)
		}
		all = append(all, decoded...)
	}
	if place.Allowed.GatewayLog {
		return all, nil
	}
	inbound, err := decoder.DecodeAllFiles(ctx, files, "existing/inbound.yaml", kube.Labelled(PartOf, Suite))
	if err != nil {
		return nil, fmt.Errorf("fixtures/existing: %w", err)
	}
	return append(all, inbound...), nil
}

// order puts namespaces before what lives in them, and what configures proxies before the pods that they stand in.
func order(object k8s.Object) int {
	switch object.(type) {
	case *corev1.Namespace:
		return 0
	case *appsv1.Deployment, *appsv1.DaemonSet:
		return 2
	}
	return 1
}

// template returns the pod that a workload makes; nil for an object that is none.
func template(object k8s.Object) *corev1.PodTemplateSpec {
	switch object := object.(type) {
	case *appsv1.Deployment:
		return &object.Spec.Template
	case *appsv1.DaemonSet:
		return &object.Spec.Template
	}
	return nil
}

// WithImage puts the agent's image in the place of the one that fixtures name agent.
func WithImage(reference string) decoder.MutateFunc {
	return func(object k8s.Object) error {
		if pod := template(object); pod != nil {
			for i := range pod.Spec.Containers {
				if container := &pod.Spec.Containers[i]; container.Image == agentPlaceholder {
					container.Image = reference
				}
			}
		}
		return nil
	}
}
