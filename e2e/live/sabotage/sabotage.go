// Package sabotage does to the mesh what a mutant tells, and takes it back. It knows nothing of how the suite looks at a mesh.
package sabotage

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/e2e-framework/klient/k8s"

	"mtls.test/conformance/e2e/live/kube"
	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/e2e/live/policy"
	"mtls.test/conformance/e2e/live/proof"
	"mtls.test/conformance/e2e/pure/fixture"
)

// Saboteur sabotages one mesh.
type Saboteur struct {
	Kube  *kube.Client
	World fixture.World
	RunID string
	Agent string // the image that fixtures name agent
	Shell proof.Shell
	Forge func(client string, headers map[string]string) // has a client's application send headers; none ends it
}

// Done is a sabotage that stands.
type Done struct {
	Settings map[string]any     // of the mesh, that it changed
	Moved    []fixture.Workload // workloads of the world that have another pod than before
	Rerouted bool               // pods or Services are others than before, so that nodes send requests elsewhere
	Taps     bool               // others run than before

	undo []func(context.Context) error // to be called in reverse
}

// Do does what a mutant tells, in order. What was done stands on a lease; on error it is to be undone as after success.
func (s *Saboteur) Do(ctx context.Context, files fs.FS, m fixture.Mutant) (*Done, error) {
	w := &work{Saboteur: s, mutant: m, files: files, policies: policy.New(s.Kube, files, s.RunID), done: new(Done)}
	for i, act := range m.Sabotage {
		if err := w.act(ctx, act); err != nil {
			return w.done, fmt.Errorf("sabotage %d: %w", i, err)
		}
	}
	return w.done, nil
}

// Undo takes it back, the last act first, and goes on where one cannot be. What could not be taken back the next call tries
// again.
func (d *Done) Undo(ctx context.Context) error {
	var failed []error
	var left []func(context.Context) error
	for _, undo := range slices.Backward(d.undo) {
		if err := undo(ctx); err != nil {
			failed, left = append(failed, err), append(left, undo)
		}
	}
	slices.Reverse(left)
	d.undo = left
	return errors.Join(failed...)
}

// work is one sabotage under way.
type work struct {
	*Saboteur
	mutant   fixture.Mutant
	files    fs.FS
	policies *policy.Policies
	done     *Done
	on       *policy.Lease // nil before anything hangs on it
}

func (w *work) act(ctx context.Context, act fixture.Act) error {
	switch {
	case act.Apply != nil:
		return w.apply(ctx, act.Apply)
	case act.Patch != nil:
		return w.patch(ctx, act.Patch)
	case act.Mesh != nil:
		return w.mesh(ctx, act.Mesh)
	case act.Label != nil:
		return w.label(ctx, *act.Label)
	case act.Endpoint != nil:
		return w.endpoint(ctx, *act.Endpoint)
	case act.Flush != "":
		return w.flush(ctx, act.Flush)
	case act.Isolate != "":
		return w.isolate(ctx, act.Isolate)
	case act.Disconnect != "":
		return w.disconnect(ctx, act.Disconnect)
	case act.Redirect != nil:
		return w.redirect(ctx, *act.Redirect)
	}
	w.undo(func(context.Context) error { w.Forge(act.Forge.Client, nil); return nil })
	w.Forge(act.Forge.Client, map[string]string{act.Forge.Header: act.Forge.Value})
	return nil
}

func (w *work) apply(ctx context.Context, files []string) error {
	on, err := w.lease(ctx)
	if err != nil {
		return err
	}
	for _, file := range files {
		objects, err := w.policies.Decode(ctx, w.mutant.Path(file))
		if err != nil {
			return err
		}
		for _, object := range objects {
			w.image(object)
		}
		w.undo(func(ctx context.Context) error { return w.policies.Delete(ctx, objects) })
		if err := on.Apply(ctx, objects, fixture.Whenever); err != nil {
			return err
		}
		for _, object := range objects {
			if err := mesh.RolledOut(ctx, w.Kube, object); err != nil {
				return err
			}
			w.rerouted(object)
		}
	}
	return nil
}

// rerouted notes that an object is one by which nodes send requests elsewhere than before.
func (w *work) rerouted(object k8s.Object) {
	switch kube.Kind(object) {
	case "Service", "Deployment":
		w.done.Rerouted = true
	}
}

func (w *work) image(object k8s.Object) {
	deployment, ok := object.(*appsv1.Deployment)
	if !ok {
		return
	}
	for i := range deployment.Spec.Template.Spec.Containers {
		if container := &deployment.Spec.Template.Spec.Containers[i]; container.Image == "agent" {
			container.Image = w.Agent
		}
	}
}

// patch changes objects that are there, and waits for the pods of those that are workloads; so does its undoing.
func (w *work) patch(ctx context.Context, files []string) error {
	on, err := w.lease(ctx)
	if err != nil {
		return err
	}
	var patched []k8s.Object
	w.undo(func(ctx context.Context) error {
		failed := []error{on.Restore(ctx)}
		for _, object := range patched {
			failed = append(failed, mesh.RolledOut(ctx, w.Kube, object))
		}
		return errors.Join(failed...)
	})
	for _, file := range files {
		content, err := fs.ReadFile(w.files, w.mutant.Path(file))
		if err != nil {
			return err
		}
		parts, err := kube.ReadParts(content)
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		for _, part := range parts {
			if err := on.PatchWith(ctx, part); err != nil {
				return fmt.Errorf("%s: %w", file, err)
			}
			patched = append(patched, part)
			if err := mesh.RolledOut(ctx, w.Kube, part); err != nil {
				return err
			}
			w.moved(part)
			w.rerouted(part)
		}
	}
	return nil
}

func (w *work) moved(object *unstructured.Unstructured) {
	w.done.Taps = w.done.Taps || object.GetKind() == "DaemonSet" // the world has no other
	for _, workload := range w.World.Workloads {
		if object.GetKind() == "Deployment" && workload.Name == object.GetName() && workload.Namespace == object.GetNamespace() {
			w.done.Moved = append(w.done.Moved, workload)
		}
	}
}

func (w *work) mesh(ctx context.Context, keys map[string]any) error {
	on, err := w.lease(ctx)
	if err != nil {
		return err
	}
	w.done.Settings = keys
	return on.SetMesh(ctx, keys)
}

// label sets a label of the pod that a workload has now; the pod's Deployment knows nothing of it.
func (w *work) label(ctx context.Context, label fixture.PodLabel) error {
	pod, err := proof.PodOf(ctx, w.Kube, w.World, label.Workload)
	if err != nil {
		return err
	}
	on, err := w.lease(ctx)
	if err != nil {
		return err
	}
	object := &unstructured.Unstructured{}
	object.SetAPIVersion("v1")
	object.SetKind("Pod")
	object.SetNamespace(pod.Namespace)
	object.SetName(pod.Name)
	return on.Patch(ctx, object, func(now *unstructured.Unstructured) error {
		labels := now.GetLabels()
		labels[label.Key] = label.Value
		now.SetLabels(labels)
		return nil
	})
}
