package policy

import (
	"context"
	"errors"
	"fmt"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/e2e-framework/klient/k8s"

	"mtls.test/conformance/e2e/live/kube"
)

// Edit gives objects of the lease the content of these, in order; they keep name and creationTimestamp.
// An object that is not there, or is not this run's, is an error.
func (l *Lease) Edit(ctx context.Context, objects []k8s.Object) error {
	p := l.policies
	r, err := p.kube.Resources()
	if err != nil {
		return err
	}
	for _, object := range objects {
		now := &unstructured.Unstructured{}
		now.SetGroupVersionKind(object.GetObjectKind().GroupVersionKind())
		if err := r.Get(ctx, object.GetName(), object.GetNamespace(), now); err != nil {
			return fmt.Errorf("edit %s: %w", kube.Name(object), err)
		}
		if now.GetLabels()[RunLabel] != p.runID {
			return fmt.Errorf("edit %s: it is not this run's, label %s is %q", kube.Name(object), RunLabel, now.GetLabels()[RunLabel])
		}
		l.own(object)
		object.SetResourceVersion(now.GetResourceVersion())
		object.SetUID(now.GetUID())
		if err := r.Update(ctx, object, updates); err != nil {
			return fmt.Errorf("edit %s: %w", kube.Name(object), err)
		}
	}
	return nil
}

// ErrTaken is returned, wrapped, when the API server takes an object that it should refuse.
var ErrTaken = errors.New("the API server took it")

// Refused tries to create the objects on the lease, and returns the reason that the API server gave for refusing the first
// that it does not take. Nothing is left of them.
func (l *Lease) Refused(ctx context.Context, objects []k8s.Object) (string, error) {
	p := l.policies
	r, err := p.kube.Resources()
	if err != nil {
		return "", err
	}
	for _, object := range objects {
		l.own(object)
		err := r.Create(ctx, object, creates)
		if err == nil {
			continue
		}
		why := strings.TrimSpace(err.Error())
		if !apierrors.IsBadRequest(err) && !apierrors.IsInvalid(err) {
			return "", errors.Join(fmt.Errorf("create %s: %w", kube.Name(object), err), p.Delete(ctx, objects))
		}
		return why, p.Delete(ctx, objects)
	}
	return "", errors.Join(ErrTaken, p.Delete(ctx, objects))
}
