package kube

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	coordinationv1 "k8s.io/client-go/kubernetes/typed/coordination/v1"
	"sigs.k8s.io/e2e-framework/klient/k8s"
	"sigs.k8s.io/e2e-framework/klient/k8s/resources"
)

// Leases are the cluster's Leases of coordination.k8s.io.
func (c *Client) Leases() coordinationv1.LeasesGetter { return c.clientset.CoordinationV1() }

// Create creates objects, in order. One that is there already is an error: it may be another run's.
func (c *Client) Create(ctx context.Context, objects ...k8s.Object) error {
	r, err := c.Resources()
	if err != nil {
		return err
	}
	for _, object := range objects {
		err := r.Create(ctx, object)
		if apierrors.IsAlreadyExists(err) {
			return fmt.Errorf("%s is there already, and this run did not make it: see whose it is, and delete it", Name(object))
		}
		if err != nil {
			return fmt.Errorf("create %s: %w", Name(object), err)
		}
	}
	return nil
}

// DeleteThis deletes an object that was read, and no other that has its name by now: it names the object's UID
// (DeleteOptions.preconditions). That it is gone is no error.
func DeleteThis(ctx context.Context, r *resources.Resources, object k8s.Object) error {
	uid := object.GetUID()
	err := r.Delete(ctx, object, func(options *metav1.DeleteOptions) { options.Preconditions = &metav1.Preconditions{UID: &uid} })
	// Where another has its name the precondition fails, which is a conflict.
	if apierrors.IsNotFound(err) || apierrors.IsConflict(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("delete %s: %w", Name(object), err)
	}
	return nil
}
