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
	for _, object := range objects {
		now := &unstructured.Unstructured{}
		now.SetGroupVersionKind(object.GetObjectKind().GroupVersionKind())
		if err := p.kube.Get(ctx, object.GetNamespace(), object.GetName(), now); err != nil {
			return err
		}
		if now.GetLabels()[RunLabel] != p.runID {
			return fmt.Errorf("edit %s: it is not this run's, label %s is %q", kube.Name(object), RunLabel, now.GetLabels()[RunLabel])
		}
		l.own(object)
		object.SetResourceVersion(now.GetResourceVersion())
		object.SetUID(now.GetUID())
		if err := p.kube.Update(ctx, object, fieldOwner); err != nil {
			return err
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
	for _, object := range objects {
		l.own(object)
		err := p.kube.Create(ctx, object, fieldOwner)
		if err == nil {
			continue
		}
		var refusal *apierrors.StatusError
		if !errors.As(err, &refusal) || !apierrors.IsBadRequest(refusal) && !apierrors.IsInvalid(refusal) {
			return "", errors.Join(err, p.Delete(ctx, objects))
		}
		return strings.TrimSpace(refusal.Error()), p.Delete(ctx, objects)
	}
	return "", errors.Join(ErrTaken, p.Delete(ctx, objects))
}
