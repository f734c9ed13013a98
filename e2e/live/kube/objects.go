package kube

import (
	"context"
	"fmt"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/e2e-framework/klient/k8s"
)

// fieldOwner is the field manager under which the suite applies objects.
const fieldOwner = "mtls-conformance"

// Get reads an object. The namespace of one that is in none is empty. Errors of all methods wrap the API server's, so that
// apierrors.IsNotFound and its like read them.
func (c *Client) Get(ctx context.Context, namespace, name string, into k8s.Object) error {
	object := qualified(Kind(into), namespace, name)
	if err := c.objects.Get(ctx, client.ObjectKey{Namespace: namespace, Name: name}, into); err != nil {
		return fmt.Errorf("get %s: %w", object, err)
	}
	return nil
}

// List lists objects of a namespace by a label selector. An empty namespace is all of them, an empty selector selects
// everything.
func (c *Client) List(ctx context.Context, namespace, selector string, into client.ObjectList) error {
	listed := strings.TrimSuffix(Kind(into), "List")
	if namespace != "" {
		listed += " in namespace " + namespace
	}
	if selector != "" {
		listed += " with labels " + selector
	}
	selected, err := labels.Parse(selector)
	if err == nil {
		err = c.objects.List(ctx, into, client.InNamespace(namespace), client.MatchingLabelsSelector{Selector: selected})
	}
	if err != nil {
		return fmt.Errorf("list %s: %w", listed, err)
	}
	return nil
}

// Create creates an object. One that exists is an error that tells what to do: it may be another run's.
func (c *Client) Create(ctx context.Context, object k8s.Object, options ...client.CreateOption) error {
	err := c.objects.Create(ctx, object, options...)
	if apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("%s exists already and is not this run's: delete it if nobody needs it, or run in a cluster of its own: %w", Name(object), err)
	}
	if err != nil {
		return fmt.Errorf("create %s: %w", Name(object), err)
	}
	return nil
}

// Update replaces an object. It is a conflict if the object has a resourceVersion that is not the latest.
func (c *Client) Update(ctx context.Context, object k8s.Object, options ...client.UpdateOption) error {
	if err := c.objects.Update(ctx, object, options...); err != nil {
		return fmt.Errorf("update %s: %w", Name(object), err)
	}
	return nil
}

// MergePatch changes an object by a JSON merge patch (RFC 7386), and reads the result into it.
func (c *Client) MergePatch(ctx context.Context, object k8s.Object, patch []byte) error {
	return c.patch(ctx, object, types.MergePatchType, patch)
}

// StrategicPatch changes an object of one of Kubernetes' own kinds as kubectl patch does by default, which finds containers by their names
// (https://kubernetes.io/docs/tasks/manage-kubernetes-objects/update-api-object-kubectl-patch/), and reads the result into it.
func (c *Client) StrategicPatch(ctx context.Context, object k8s.Object, patch []byte) error {
	return c.patch(ctx, object, types.StrategicMergePatchType, patch)
}

func (c *Client) patch(ctx context.Context, object k8s.Object, by types.PatchType, patch []byte) error {
	name := Name(object)
	if err := c.objects.Patch(ctx, object, client.RawPatch(by, patch)); err != nil {
		return fmt.Errorf("patch %s: %w", name, err)
	}
	return nil
}

// Delete deletes an object by its name.
func (c *Client) Delete(ctx context.Context, object k8s.Object, options ...client.DeleteOption) error {
	if err := c.objects.Delete(ctx, object, options...); err != nil {
		return fmt.Errorf("delete %s: %w", Name(object), err)
	}
	return nil
}

// DeleteThis deletes an object that was read, and no other that has its name by now: it names the object's UID
// (DeleteOptions.preconditions). That it is gone is no error.
func (c *Client) DeleteThis(ctx context.Context, object k8s.Object) error {
	uid := object.GetUID()
	err := c.Delete(ctx, object, client.Preconditions{UID: &uid})
	// Where another has its name the precondition fails, which is a conflict.
	if apierrors.IsNotFound(err) || apierrors.IsConflict(err) {
		return nil
	}
	return err
}

// Apply applies objects server-side, in order, taking over fields that others own.
func (c *Client) Apply(ctx context.Context, objects ...k8s.Object) error {
	for _, object := range objects {
		fields, err := runtime.DefaultUnstructuredConverter.ToUnstructured(object)
		if err == nil {
			configuration := client.ApplyConfigurationFromUnstructured(&unstructured.Unstructured{Object: fields})
			err = c.objects.Apply(ctx, configuration, client.FieldOwner(fieldOwner), client.ForceOwnership)
		}
		if err != nil {
			return fmt.Errorf("apply %s: %w", Name(object), err)
		}
	}
	return nil
}
