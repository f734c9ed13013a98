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
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
	"k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/e2e-framework/klient/k8s"

	"mtls.test/conformance/e2e/live/kube"
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
	taken := &Lease{policies: p, record: lease.Record{Name: strings.ToLower(name), Labels: p.Labels(), Owner: owner, For: limit}}
	object := taken.record.Object()
	if err := p.kube.Create(ctx, object, fieldOwner); err != nil {
		return nil, err
	}
	taken.record.UID, taken.record.Began = object.GetUID(), object.GetCreationTimestamp().Time
	return taken, nil
}

// Leases lists the leases that are on record, whoever took them, the oldest first.
func (p *Policies) Leases(ctx context.Context) ([]*Lease, error) {
	list := &unstructured.UnstructuredList{}
	list.SetGroupVersionKind(lease.Resource.GroupVersion().WithKind(lease.Kind + "List"))
	if err := p.kube.List(ctx, "", "", list); err != nil {
		return nil, err
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

// Conditions tell what is left of a lease that the sweeper has begun to end and could not end at once; none before that.
func (l *Lease) Conditions() []metav1.Condition { return l.record.Conditions }

// fieldOwner is the manager of the fields that a lease writes.
const fieldOwner = client.FieldOwner(lease.FieldManager)

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

// Patch changes an object that is there already, as the change tells, once its original and what the change makes of it are
// on record. Where the sweeper has ended the lease meanwhile, or begun to, the object is restored and the error is ErrExpired,
// wrapped.
func (l *Lease) Patch(ctx context.Context, object *unstructured.Unstructured, change func(*unstructured.Unstructured) error) error {
	// Others, such as the controller of a Deployment, may write the object between our reading and writing it.
	err := kube.RetryOnConflict(func() error { return l.patch(ctx, object, change) })
	if err != nil {
		return fmt.Errorf("patch %s: %w", kube.Name(object), err)
	}
	if err := l.stands(ctx); err != nil {
		return fmt.Errorf("patch %s: lease %s: %w", kube.Name(object), l.record.Name, errors.Join(err, l.Restore(ctx)))
	}
	return nil
}

func (l *Lease) patch(ctx context.Context, object *unstructured.Unstructured, change func(*unstructured.Unstructured) error) error {
	k := l.policies.kube
	now := object.DeepCopy()
	if err := k.Get(ctx, object.GetNamespace(), object.GetName(), now); err != nil {
		return err
	}
	if other := now.GetLabels()[lease.Label]; other != "" && other != string(l.record.UID) {
		return l.patchedBy(ctx, now, types.UID(other))
	}
	patched := now.DeepCopy()
	if err := change(patched); err != nil {
		return err
	}
	lease.Mark(patched, l.record.UID)
	// A dry run has the API server say what the update makes of the object, defaults and all.
	result := patched.DeepCopy()
	if err := k.Update(ctx, result, fieldOwner, client.DryRunAll); err != nil {
		return err
	}
	if err := l.hold(ctx, func(record lease.Record) (lease.Record, error) { return record.Hold(now, result) }); err != nil {
		return err
	}
	return k.Update(ctx, patched, fieldOwner)
}

// patchedBy is the error of an object that another lease has patched: it tells how to get rid of that patch.
func (l *Lease) patchedBy(ctx context.Context, object k8s.Object, other types.UID) error {
	all, err := l.policies.Leases(ctx)
	if err != nil {
		return err
	}
	for _, one := range all {
		if one.record.UID == other {
			return fmt.Errorf("lease %s of %s has patched it and not ended: end it (make lease-end, or wait until it expires)", one.Name(), one.Owner())
		}
	}
	return fmt.Errorf("a lease of UID %s has patched it, and its record is gone, with what the object was before: make it what it is to be, then take the label off (kubectl label %s -n %s %s %s-)",
		other, strings.ToLower(kube.Kind(object)), object.GetNamespace(), object.GetName(), lease.Label)
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

// SetPlaintext puts on record what lets the server take plaintext while the lease stands: the sweeper tells by it what it
// means that an object cannot be restored.
func (l *Lease) SetPlaintext(ctx context.Context, by lease.Plaintext) error {
	return l.hold(ctx, func(record lease.Record) (lease.Record, error) {
		record.Plaintext = by
		return record, nil
	})
}

// hold changes the record. The error is ErrExpired, wrapped, where it is gone, or the sweeper has begun to end the lease.
func (l *Lease) hold(ctx context.Context, change func(lease.Record) (lease.Record, error)) error {
	current, err := l.current(ctx)
	if err != nil {
		return fmt.Errorf("lease %s: %w", l.record.Name, err)
	}
	changed, err := change(l.record)
	if err != nil {
		return fmt.Errorf("lease %s: %w", l.record.Name, err)
	}
	object := changed.Object()
	object.SetResourceVersion(current.GetResourceVersion())
	if err := l.policies.kube.Update(ctx, object, fieldOwner); err != nil {
		return err
	}
	l.record = changed
	return nil
}

// stands returns ErrExpired where the record is gone, or the sweeper has begun to end the lease.
func (l *Lease) stands(ctx context.Context) error {
	_, err := l.current(ctx)
	return err
}

// current reads the record as the API server has it.
func (l *Lease) current(ctx context.Context) (*unstructured.Unstructured, error) {
	object := l.record.Object()
	if err := l.policies.kube.Get(ctx, "", l.record.Name, object); err != nil {
		if apierrors.IsNotFound(err) {
			return nil, ErrExpired
		}
		return nil, err
	}
	now, err := lease.Read(object)
	if err != nil {
		return nil, err
	}
	if now.UID != l.record.UID || now.Ending() {
		return nil, ErrExpired
	}
	return object, nil
}

// Restore takes the lease's changes out of what it patched, the last first; what others changed meanwhile stays
// (lease.Record.Restored). One object that cannot be restored does not keep the others.
func (l *Lease) Restore(ctx context.Context) error {
	var failed []error
	for _, original := range slices.Backward(l.record.Originals) {
		err := kube.RetryOnConflict(func() error { return l.restore(ctx, original) })
		if err != nil {
			failed = append(failed, fmt.Errorf("restore %s: %w", kube.Name(original), err))
		}
	}
	return errors.Join(failed...)
}

func (l *Lease) restore(ctx context.Context, original *unstructured.Unstructured) error {
	now := original.DeepCopy()
	err := l.policies.kube.Get(ctx, original.GetNamespace(), original.GetName(), now)
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	restored, _, err := l.record.Restored(now, original)
	if err != nil || restored == nil {
		return err
	}
	return l.policies.kube.Update(ctx, restored, fieldOwner)
}

// ErrExpired is returned, wrapped, by the end of a lease that the sweeper ended before, or began to end.
var ErrExpired = errors.New("it expired, and the sweeper ended it")

// ErrUnrestored is returned, wrapped, by the end of a lease that could not restore something: its record stays.
var ErrUnrestored = errors.New("not all that it patched is restored, so its record stays and the sweeper tries again")

// Ended tells by the error of End whether the lease is gone, whoever ended it.
func Ended(err error) bool {
	return err == nil || errors.Is(err, ErrExpired) && !errors.Is(err, ErrUnrestored)
}

// End deletes the policies that the lease owns, restores what it patched and deletes its record; with it goes whatever it
// still owns. Where something could not be restored the record stays, for it holds the originals, and the error is
// ErrUnrestored, wrapped.
func (l *Lease) End(ctx context.Context) error {
	expired := l.stands(ctx)
	if expired != nil && !errors.Is(expired, ErrExpired) {
		expired = nil // the deletion of the record tells
	}
	undeleted := l.withdraw(ctx)
	if err := l.Restore(ctx); err != nil {
		return fmt.Errorf("lease %s: %w", l.record.Name, errors.Join(ErrUnrestored, expired, undeleted, err))
	}
	// What could not be deleted goes with the record, by the garbage collector.
	err := l.policies.kube.Delete(ctx, l.record.Object(), client.PropagationPolicy(metav1.DeletePropagationBackground))
	if apierrors.IsNotFound(err) {
		err = ErrExpired
	}
	if err := errors.Join(expired, err); err != nil {
		return fmt.Errorf("lease %s: %w", l.record.Name, err)
	}
	return nil
}

// withdraw deletes the policies that the lease owns, before anything is restored that may be refused. Where nothing was
// patched the record's deletion takes them at once.
func (l *Lease) withdraw(ctx context.Context) error {
	if len(l.record.Originals) == 0 {
		return nil
	}
	left, err := l.policies.Leftovers(ctx)
	owned := slices.DeleteFunc(left, func(object k8s.Object) bool {
		return !l.record.Owns(object) || !strings.HasSuffix(object.GetObjectKind().GroupVersionKind().Group, ".istio.io")
	})
	return errors.Join(err, l.policies.Delete(ctx, owned))
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
