package policy

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	jsonpatch "github.com/evanphx/json-patch/v5"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
	"k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/e2e-framework/klient/k8s"
	"sigs.k8s.io/e2e-framework/klient/k8s/resources"

	"mtls.test/conformance/e2e/kube"
	"mtls.test/conformance/fixtures/agent/lease"
)

// Lease is a temporary change of the mesh: a record in the cluster that was there before the change, on which every object
// of it hangs. Whoever took it may die: the sweeper ends it when it has expired.
type Lease struct {
	policies *Policies
	record   lease.Record
}

// Lease takes a lease, for at most the limit. The name must be unique among all leases of the cluster.
func (p *Policies) Lease(ctx context.Context, name, owner string, limit time.Duration) (*Lease, error) {
	r, err := p.kube.Resources()
	if err != nil {
		return nil, err
	}
	taken := &Lease{policies: p, record: lease.Record{Name: strings.ToLower(name), Labels: p.Labels(), Owner: owner, For: limit}}
	object := taken.record.Object()
	if err := r.Create(ctx, object); err != nil {
		return nil, fmt.Errorf("lease %s: %w", name, err)
	}
	taken.record.UID, taken.record.Began = object.GetUID(), object.GetCreationTimestamp().Time
	return taken, nil
}

// Leases lists the leases that are on record, whoever took them, the oldest first.
func (p *Policies) Leases(ctx context.Context) ([]*Lease, error) {
	r, err := p.kube.Resources()
	if err != nil {
		return nil, err
	}
	list := &unstructured.UnstructuredList{}
	list.SetGroupVersionKind(lease.Resource.GroupVersion().WithKind(lease.Kind + "List"))
	if err := r.List(ctx, list); err != nil {
		return nil, fmt.Errorf("list leases: %w", err)
	}
	var all []*Lease
	for i := range list.Items {
		record, err := lease.Read(&list.Items[i])
		if err != nil {
			return nil, err
		}
		all = append(all, &Lease{policies: p, record: record})
	}
	slices.SortFunc(all, func(a, b *Lease) int { return a.record.Began.Compare(b.record.Began) })
	return all, nil
}

// Name is the record's, as kubectl get policyleases lists it.
func (l *Lease) Name() string { return l.record.Name }

// Run is the id of the run that took it.
func (l *Lease) Run() string { return l.record.Labels[RunLabel] }

// Owner is who asked for the lease, and what for.
func (l *Lease) Owner() string { return l.record.Owner }

// Began is when it was taken, by the API server's clock.
func (l *Lease) Began() time.Time { return l.record.Began }

// Expires is when the sweeper ends it, by the API server's clock.
func (l *Lease) Expires() time.Time { return l.record.Expires() }

// For is how long it may stand.
func (l *Lease) For() time.Duration { return l.record.For }

// own makes an object one that goes with the lease.
func (l *Lease) own(object k8s.Object) {
	object.SetOwnerReferences([]metav1.OwnerReference{l.record.Reference()})
}

// Objects lists what the lease owns and what it patched.
func (l *Lease) Objects(ctx context.Context) ([]k8s.Object, error) {
	listed, err := l.policies.list(ctx, decisive)
	if err != nil {
		return nil, err
	}
	var all []k8s.Object
	for i := range listed {
		object := &listed[i]
		if l.record.Owns(object) || object.GetLabels()[lease.Label] == string(l.record.UID) {
			all = append(all, object)
		}
	}
	return all, nil
}

// Patch changes an object that is there already, as the change tells, once its original is on record.
func (l *Lease) Patch(ctx context.Context, object *unstructured.Unstructured, change func(*unstructured.Unstructured) error) error {
	r, err := l.policies.kube.Resources()
	if err != nil {
		return err
	}
	now := object.DeepCopy()
	if err := r.Get(ctx, object.GetName(), object.GetNamespace(), now); err != nil {
		return fmt.Errorf("patch %s: %w", kube.Name(object), err)
	}
	if other := now.GetLabels()[lease.Label]; other != "" && other != string(l.record.UID) {
		return fmt.Errorf("patch %s: lease of UID %s has patched it and not ended (kubectl get policyleases)", kube.Name(object), other)
	}
	if err := l.hold(ctx, r, now); err != nil {
		return fmt.Errorf("patch %s: %w", kube.Name(object), err)
	}
	if err := change(now); err != nil {
		return fmt.Errorf("patch %s: %w", kube.Name(object), err)
	}
	lease.Mark(now, l.record.UID)
	if err := r.Update(ctx, now); err != nil {
		return fmt.Errorf("patch %s: %w", kube.Name(object), err)
	}
	return nil
}

// PatchWith changes an object that is there already by a part of one, as kubectl patch does, once its original is on record.
func (l *Lease) PatchWith(ctx context.Context, part *unstructured.Unstructured) error {
	return l.Patch(ctx, part, mergeWith(part))
}

// Patched lists the originals of the objects of a kind that the lease patched; of every kind where none is named.
func (l *Lease) Patched(kind string) []k8s.Object {
	var all []k8s.Object
	for _, original := range l.record.Originals {
		if kind == "" || original.GetKind() == kind {
			all = append(all, original)
		}
	}
	return all
}

// hold puts an object on record as it is, if the record has not its original yet.
func (l *Lease) hold(ctx context.Context, r *resources.Resources, now *unstructured.Unstructured) error {
	for _, known := range l.record.Originals {
		if known.GetKind() == now.GetKind() && known.GetNamespace() == now.GetNamespace() && known.GetName() == now.GetName() {
			return nil
		}
	}
	held := append(slices.Clone(l.record.Originals), lease.Original(now))
	object := (&lease.Record{Name: l.record.Name, Labels: l.record.Labels, Owner: l.record.Owner, For: l.record.For, Originals: held}).Object()
	current := object.DeepCopy()
	if err := r.Get(ctx, l.record.Name, "", current); err != nil {
		return fmt.Errorf("lease %s: %w", l.record.Name, err)
	}
	object.SetResourceVersion(current.GetResourceVersion())
	if err := r.Update(ctx, object); err != nil {
		return fmt.Errorf("lease %s: %w", l.record.Name, err)
	}
	l.record.Originals = held
	return nil
}

// Restore puts back what the lease patched, the last first. What was put back already is left.
func (l *Lease) Restore(ctx context.Context) error {
	r, err := l.policies.kube.Resources()
	if err != nil {
		return err
	}
	var failed []error
	for _, original := range slices.Backward(l.record.Originals) {
		now := original.DeepCopy()
		err := r.Get(ctx, original.GetName(), original.GetNamespace(), now)
		if apierrors.IsNotFound(err) {
			continue
		}
		if restored := lease.Restored(now, original, l.record.UID); err == nil && restored != nil {
			err = r.Update(ctx, restored)
		}
		if err != nil {
			failed = append(failed, fmt.Errorf("put %s back: %w", kube.Name(original), err))
		}
	}
	return errors.Join(failed...)
}

// ErrExpired is returned, wrapped, by the end of a lease that the sweeper ended before.
var ErrExpired = errors.New("it expired, and the sweeper ended it")

// End puts back what the lease patched and deletes its record; with it goes whatever it still owns.
func (l *Lease) End(ctx context.Context) error {
	if err := l.Restore(ctx); err != nil {
		return fmt.Errorf("lease %s: %w", l.record.Name, err)
	}
	r, err := l.policies.kube.Resources()
	if err != nil {
		return err
	}
	err = r.Delete(ctx, l.record.Object(), resources.WithDeletePropagation(string(metav1.DeletePropagationBackground)))
	if apierrors.IsNotFound(err) {
		return fmt.Errorf("lease %s: %w", l.record.Name, ErrExpired)
	}
	if err != nil {
		return fmt.Errorf("lease %s: %w", l.record.Name, err)
	}
	return nil
}

// mergeWith is a change of an object by a part of one, as kubectl patch makes it: strategically where the kind is Kubernetes' own,
// so that lists merge by the names of their elements, else by RFC 7386.
func mergeWith(part *unstructured.Unstructured) func(*unstructured.Unstructured) error {
	return func(object *unstructured.Unstructured) error {
		now, err := object.MarshalJSON()
		if err != nil {
			return err
		}
		changes, err := part.MarshalJSON()
		if err != nil {
			return err
		}
		var merged []byte
		if known, unknown := scheme.Scheme.New(object.GroupVersionKind()); unknown == nil {
			merged, err = strategicpatch.StrategicMergePatch(now, changes, known)
		} else {
			merged, err = jsonpatch.MergePatch(now, changes)
		}
		if err != nil {
			return err
		}
		return object.UnmarshalJSON(merged)
	}
}
