// Package existing runs the suite on a cluster that is another's: it finds out what is there and what may be done, keeps other
// runs away, makes the world in namespaces of its own and takes away all that it made.
package existing

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/go-logr/logr"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	coordinationv1 "k8s.io/client-go/kubernetes/typed/coordination/v1"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/leaderelection/resourcelock"

	"mtls.test/conformance/e2e/live/kube"
	"mtls.test/conformance/e2e/live/mesh"
)

// The lock that keeps two runs on one cluster apart: a Lease of coordination.k8s.io in a namespace that every cluster has.
const (
	lockNamespace = "default"
	lockName      = mesh.Suite
)

// The times of the lock. Nobody compares a time stamp of another machine with the own clock: who waits for the lock measures
// how long the holder has not renewed it (client-go tools/leaderelection).
const (
	lockDuration  = 60 * time.Second // without a renewal, until another run may take it
	renewDeadline = 40 * time.Second // without a renewal, until the holder gives up: before another run may take it
	renewInterval = 5 * time.Second
	callDeadline  = 10 * time.Second // for one call of the API server: one that hangs must not use up renewDeadline
)

// ErrLost is wrapped by what ends a run whose lock another run took, or that could not renew it.
var ErrLost = errors.New("the lock of this cluster is lost")

// HeldError says that another run holds the lock, and renews it.
type HeldError struct {
	Holder string
	Until  time.Time // by this machine's clock: when it would expire if it were renewed no more
}

// Error names the holder and how to see the lock.
func (e HeldError) Error() string {
	return fmt.Sprintf("run %s is on this cluster, and holds it until %s: wait for it (kubectl get lease -n %s %s)", e.Holder, e.Until.Format(time.TimeOnly), lockNamespace, lockName)
}

// Lock is the cluster's lock.
type Lock struct {
	leases coordinationv1.LeasesGetter
	holder string
	stop   context.CancelFunc // the renewing
	done   chan struct{}      // closed when it has stopped

	say    func(line string)
	lose   context.CancelCauseFunc
	refuse context.CancelCauseFunc

	mu    sync.Mutex
	held  bool
	other *resourcelock.LeaderElectionRecord // another's, as it was seen first; nil for none
}

// Acquire takes the lock for a run, also from one that has not renewed it for a minute, and renews it until Release. It says
// so where it has to wait to know. The context that it returns ends with the given one, and with a cause that wraps ErrLost
// when the lock is lost. The error is a HeldError where another run renews the lock.
func Acquire(ctx context.Context, leases coordinationv1.LeasesGetter, holder string, say func(line string)) (context.Context, *Lock, error) {
	held, lose := context.WithCancelCause(ctx)
	waiting, refuse := context.WithCancelCause(ctx)
	// The lock is held for as long as the clean-up takes, which goes on after an interrupt. What client-go logs of every try
	// is no line of a run's console.
	renewing, stop := context.WithCancel(logr.NewContext(context.WithoutCancel(ctx), logr.Discard()))
	l := &Lock{leases: leases, holder: holder, stop: stop, done: make(chan struct{}), say: say, lose: lose, refuse: refuse}
	acquired := make(chan struct{})
	elector, err := leaderelection.NewLeaderElector(leaderelection.LeaderElectionConfig{
		Lock: observed{lock: l, LeaseLock: &resourcelock.LeaseLock{
			LeaseMeta: metav1.ObjectMeta{Namespace: lockNamespace, Name: lockName}, Client: leases,
			LockConfig: resourcelock.ResourceLockConfig{Identity: holder}, Labels: map[string]string{mesh.PartOf: mesh.Suite},
		}},
		LeaseDuration: lockDuration, RenewDeadline: renewDeadline, RetryPeriod: renewInterval, Name: lockName,
		Callbacks: leaderelection.LeaderCallbacks{OnStartedLeading: func(context.Context) { close(acquired) }, OnStoppedLeading: func() {}},
		// Release deletes the Lease instead. ReleaseOnCancel reads it first and then empties it whoever holds it by now: it
		// would release the lock of a successor.
		ReleaseOnCancel: false,
	})
	if err != nil {
		stop()
		return nil, nil, err
	}
	go func() {
		defer close(l.done)
		elector.Run(renewing)
		if renewing.Err() == nil {
			l.lost(fmt.Errorf("it could not be renewed for %s", renewDeadline))
		}
	}()
	select {
	case <-acquired:
		refuse(nil)
		return held, l, nil
	case <-waiting.Done():
		err := context.Cause(waiting)
		return nil, nil, errors.Join(err, l.Release(context.WithoutCancel(ctx)))
	}
}

// observed is the Lease, of which the lock hears what client-go keeps to itself: that another run renews it, or has taken it.
type observed struct {
	*resourcelock.LeaseLock
	lock *Lock
}

// Get tells the lock what the Lease says.
func (o observed) Get(ctx context.Context) (*resourcelock.LeaderElectionRecord, []byte, error) {
	ctx, cancel := context.WithTimeout(ctx, callDeadline)
	defer cancel()
	record, raw, err := o.LeaseLock.Get(ctx)
	return record, raw, o.lock.read(record, err)
}

// Create tells the lock that it is held.
func (o observed) Create(ctx context.Context, record resourcelock.LeaderElectionRecord) error {
	ctx, cancel := context.WithTimeout(ctx, callDeadline)
	defer cancel()
	return o.lock.wrote(o.LeaseLock.Create(ctx, record))
}

// Update tells the lock that it is held.
func (o observed) Update(ctx context.Context, record resourcelock.LeaderElectionRecord) error {
	ctx, cancel := context.WithTimeout(ctx, callDeadline)
	defer cancel()
	return o.lock.wrote(o.LeaseLock.Update(ctx, record))
}

// read takes down what the Lease says, or that it could not be read. A Lease that is gone is free for a run that waits, and
// lost for the one that held it: another may have come and gone.
func (l *Lock) read(record *resourcelock.LeaderElectionRecord, err error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.held && apierrors.IsNotFound(err):
		err = fmt.Errorf("somebody deleted it (lease %s in namespace %s)", lockName, lockNamespace)
		l.lost(err)
		return err
	case apierrors.IsNotFound(err):
		return err
	case err != nil && !l.held:
		l.refuse(fmt.Errorf("the lock of this cluster: %w", err))
		return err
	case err != nil:
		return err // the next try may do
	case record.HolderIdentity == l.holder:
		return nil
	case l.held && record.HolderIdentity == "":
		err = fmt.Errorf("somebody emptied it (lease %s in namespace %s)", lockName, lockNamespace)
		l.lost(err)
		return err
	case l.held:
		err = fmt.Errorf("run %s took it", record.HolderIdentity)
		l.lost(err)
		return err
	case record.HolderIdentity == "":
		return nil
	case l.other == nil:
		l.other = record
		l.say(fmt.Sprintf("run %s has the lock of this cluster: waiting up to %s to see whether it renews it", record.HolderIdentity, lockDuration))
	case l.other.HolderIdentity != record.HolderIdentity, !l.other.RenewTime.Equal(&record.RenewTime):
		l.refuse(HeldError{Holder: record.HolderIdentity, Until: time.Now().Add(lockDuration)})
	}
	return nil
}

// wrote takes down that the Lease was written for this run, or could not be: another may have been first.
func (l *Lock) wrote(err error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case err == nil:
		l.held = true
	case !l.held && !apierrors.IsConflict(err) && !apierrors.IsAlreadyExists(err):
		l.refuse(fmt.Errorf("the lock of this cluster: %w", err))
	}
	return err
}

// lost ends the run.
func (l *Lock) lost(why error) {
	l.lose(fmt.Errorf("%w: %w: this run stops, and takes away only what it made itself", ErrLost, why))
	l.stop()
}

// Holds asks the API server whether the lock is held still; the error wraps ErrLost where it is not. What was read before it
// held is no successor's.
func (l *Lock) Holds(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, callDeadline)
	defer cancel()
	lease, err := l.leases.Leases(lockNamespace).Get(ctx, lockName, metav1.GetOptions{})
	if err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("the lock of this cluster: %w", err)
	}
	if err != nil || resourcelock.LeaseSpecToLeaderElectionRecord(&lease.Spec).HolderIdentity != l.holder {
		return fmt.Errorf("%w (kubectl get lease -n %s %s)", ErrLost, lockNamespace, lockName)
	}
	return nil
}

// Release stops the renewing, ends the lock's context and deletes the Lease, if it is this run's: of one that another run has
// taken the version is another than the one that was read here.
func (l *Lock) Release(ctx context.Context) error {
	l.stop()
	<-l.done
	l.refuse(nil)
	l.lose(nil)
	ctx, cancel := context.WithTimeout(ctx, renewDeadline)
	defer cancel()
	err := kube.RetryOnConflict(func() error {
		lease, err := l.leases.Leases(lockNamespace).Get(ctx, lockName, metav1.GetOptions{})
		if err != nil {
			return err
		}
		if resourcelock.LeaseSpecToLeaderElectionRecord(&lease.Spec).HolderIdentity != l.holder {
			return nil
		}
		return l.leases.Leases(lockNamespace).Delete(ctx, lockName, metav1.DeleteOptions{Preconditions: &metav1.Preconditions{
			UID: &lease.UID, ResourceVersion: &lease.ResourceVersion,
		}})
	})
	if err != nil && !apierrors.IsNotFound(err) {
		return errors.Join(fmt.Errorf("the lock of this cluster stays, and can be taken in %s: kubectl delete lease -n %s %s", lockDuration, lockNamespace, lockName), err)
	}
	return nil
}
