// Package guest runs the suite on a cluster that is another's: it finds out what is there and what may be done, keeps other
// runs away, makes the world in namespaces of its own and takes away all that it made.
package guest

import (
	"context"
	"errors"
	"fmt"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"mtls.test/conformance/e2e/kube"
	"mtls.test/conformance/e2e/mesh"
)

// The lock that keeps two runs on one cluster apart: a Lease of coordination.k8s.io in a namespace that every cluster has.
const (
	lockNamespace = "default"
	lockName      = mesh.Suite
	lockSeconds   = int32(60) // that it holds without being renewed
)

// Lock is the cluster's lock, held.
type Lock struct {
	kube *kube.Client
	held *coordinationv1.Lease
	stop context.CancelFunc
	done chan struct{}
}

// Acquire takes the lock, also from a run that has not renewed it, and renews it until Release. The error names who holds it.
func Acquire(ctx context.Context, client *kube.Client, holder string) (*Lock, error) {
	r, err := client.Resources()
	if err != nil {
		return nil, err
	}
	now, seconds := metav1.NewMicroTime(time.Now()), lockSeconds
	wanted := &coordinationv1.Lease{
		ObjectMeta: metav1.ObjectMeta{Namespace: lockNamespace, Name: lockName, Labels: map[string]string{mesh.PartOf: mesh.Suite}},
		Spec:       coordinationv1.LeaseSpec{HolderIdentity: &holder, AcquireTime: &now, RenewTime: &now, LeaseDurationSeconds: &seconds},
	}
	err = r.Create(ctx, wanted)
	if apierrors.IsAlreadyExists(err) {
		var there coordinationv1.Lease
		if err := r.Get(ctx, lockName, lockNamespace, &there); err != nil {
			return nil, fmt.Errorf("the lock of this cluster: %w", err)
		}
		if until := expiry(there); time.Now().Before(until) {
			return nil, fmt.Errorf("run %s is on this cluster, and holds it until %s: wait for it (kubectl get lease -n %s %s)", holderOf(there), until.Format(time.TimeOnly), lockNamespace, lockName)
		}
		// Nobody else can have taken it meanwhile: the update names the version that was read.
		there.Spec = wanted.Spec
		wanted, err = &there, r.Update(ctx, &there)
	}
	if err != nil {
		return nil, fmt.Errorf("the lock of this cluster: %w", err)
	}
	renewing, stop := context.WithCancel(context.WithoutCancel(ctx))
	lock := &Lock{kube: client, held: wanted, stop: stop, done: make(chan struct{})}
	go lock.renew(renewing)
	return lock, nil
}

func expiry(lease coordinationv1.Lease) time.Time {
	if lease.Spec.RenewTime == nil || lease.Spec.LeaseDurationSeconds == nil {
		return time.Time{}
	}
	return lease.Spec.RenewTime.Add(time.Duration(*lease.Spec.LeaseDurationSeconds) * time.Second)
}

func holderOf(lease coordinationv1.Lease) string {
	if lease.Spec.HolderIdentity == nil {
		return "of nobody"
	}
	return *lease.Spec.HolderIdentity
}

// renew renews the lock three times before it would expire; one renewal that fails is made up for by the next.
func (l *Lock) renew(ctx context.Context) {
	defer close(l.done)
	ticks := time.NewTicker(time.Duration(lockSeconds) * time.Second / 4)
	defer ticks.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticks.C:
			r, err := l.kube.Resources()
			if err != nil {
				continue
			}
			now := metav1.NewMicroTime(time.Now())
			l.held.Spec.RenewTime = &now
			_ = r.Update(ctx, l.held)
		}
	}
}

// Release gives the lock up.
func (l *Lock) Release(ctx context.Context) error {
	l.stop()
	<-l.done
	r, err := l.kube.Resources()
	if err != nil {
		return err
	}
	if err := r.Delete(ctx, l.held); err != nil && !apierrors.IsNotFound(err) {
		return errors.Join(fmt.Errorf("the lock of this cluster stays: kubectl delete lease -n %s %s", lockNamespace, lockName), err)
	}
	return nil
}
