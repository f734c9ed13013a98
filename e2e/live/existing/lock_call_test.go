package existing

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	coordination "k8s.io/client-go/kubernetes/typed/coordination/v1"
	clienttesting "k8s.io/client-go/testing"
)

// unanswered is an API server that leaves a number of calls without an answer: they end with their context.
type unanswered struct {
	coordination.LeasesGetter
	calls int
}

func (u *unanswered) Leases(namespace string) coordination.LeaseInterface {
	return unansweredLeases{u.LeasesGetter.Leases(namespace), u}
}

type unansweredLeases struct {
	coordination.LeaseInterface
	of *unanswered
}

func (l unansweredLeases) wait(ctx context.Context) error {
	if l.of.calls > 0 {
		l.of.calls--
		<-ctx.Done()
	}
	return ctx.Err()
}

func (l unansweredLeases) Get(ctx context.Context, name string, options metav1.GetOptions) (*coordinationv1.Lease, error) {
	if err := l.wait(ctx); err != nil {
		return nil, err
	}
	return l.LeaseInterface.Get(ctx, name, options)
}

func (l unansweredLeases) Create(ctx context.Context, lease *coordinationv1.Lease, options metav1.CreateOptions) (*coordinationv1.Lease, error) {
	if err := l.wait(ctx); err != nil {
		return nil, err
	}
	return l.LeaseInterface.Create(ctx, lease, options)
}

func (l unansweredLeases) Update(ctx context.Context, lease *coordinationv1.Lease, options metav1.UpdateOptions) (*coordinationv1.Lease, error) {
	if err := l.wait(ctx); err != nil {
		return nil, err
	}
	return l.LeaseInterface.Update(ctx, lease, options)
}

func TestACallWithoutAnAnswerDoesNotLoseTheLock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAPI()
		leases := &unanswered{LeasesGetter: a.CoordinationV1()}
		held, lock := acquire(t, leases)
		leases.calls = 1
		before := a.lease().Spec.RenewTime.Time
		<-time.After(lockDuration)
		if renewed := a.lease().Spec.RenewTime.Sub(before); held.Err() != nil || renewed < lockDuration-2*renewInterval {
			t.Errorf("it was renewed for %s more: %v", renewed, context.Cause(held))
		}
		if err := lock.Release(t.Context()); err != nil || a.lease() != nil {
			t.Errorf("released, run %q has it: %v", a.holder(), err)
		}
	})
}

func TestAnAPIServerThatAnswersNoMoreLosesTheLockBeforeAnotherMayTakeIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAPI()
		leases := &unanswered{LeasesGetter: a.CoordinationV1()}
		held, lock := acquire(t, leases)
		leases.calls = 1000
		<-held.Done()
		if cause := context.Cause(held); !errors.Is(cause, ErrLost) || !strings.Contains(cause.Error(), "could not be renewed for 40s") {
			t.Errorf("it ended with %v", cause)
		}
		if unrenewed := time.Since(a.lease().Spec.RenewTime.Time); unrenewed < renewDeadline || unrenewed >= lockDuration {
			t.Errorf("it ended %s after the last renewal", unrenewed)
		}
		began := time.Now()
		if err := lock.Holds(t.Context()); err == nil || errors.Is(err, ErrLost) || time.Since(began) != callDeadline {
			t.Errorf("whether it holds is told after %s: %v", time.Since(began), err)
		}
		began = time.Now()
		err := lock.Release(t.Context())
		if err == nil || !strings.Contains(err.Error(), "can be taken in 1m0s: kubectl delete lease -n default mtls-conformance") || time.Since(began) != renewDeadline {
			t.Errorf("it gave up its release after %s: %v", time.Since(began), err)
		}
	})
}

func TestAnAPIServerThatDoesNotAnswerTheFirstCallIsAnError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		_, _, err := Acquire(t.Context(), &unanswered{LeasesGetter: newAPI().CoordinationV1(), calls: 1}, "A", func(string) {})
		if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "the lock of this cluster") || time.Since(began) != callDeadline {
			t.Errorf("after %s: %v", time.Since(began), err)
		}
	})
}

func TestALockThatMayNotBeWrittenIsAnErrorAtOnce(t *testing.T) {
	for _, verb := range []string{"create", "update"} {
		synctest.Test(t, func(t *testing.T) {
			a := newAPI()
			if verb == "update" {
				a.left(t, "")
			}
			a.PrependReactor(verb, "leases", func(clienttesting.Action) (bool, runtime.Object, error) {
				return true, nil, apierrors.NewForbidden(leaseResource, lockName, errors.New("no leave"))
			})
			began := time.Now()
			if _, _, err := Acquire(t.Context(), a.CoordinationV1(), "A", func(string) {}); !apierrors.IsForbidden(err) {
				t.Errorf("%s: %v", verb, err)
			}
			if waited := time.Since(began); waited > renewInterval {
				t.Errorf("%s: it waited %s", verb, waited)
			}
		})
	}
}

// The clean-up after an interrupt needs the lock still; what ends with a release is not lost.
func TestAnInterruptEndsTheRunAndNotItsLock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAPI()
		ctx, interrupt := context.WithCancel(t.Context())
		held, lock, err := Acquire(ctx, a.CoordinationV1(), "A", func(string) {})
		if err != nil {
			t.Fatal(err)
		}
		interrupt()
		<-held.Done()
		before := a.lease().Spec.RenewTime.Time
		<-time.After(2 * lockDuration)
		if renewed := a.lease().Spec.RenewTime.Sub(before); renewed < lockDuration || lock.Holds(t.Context()) != nil {
			t.Errorf("it was renewed for %s more, and holds: %v", renewed, lock.Holds(t.Context()))
		}
		if err := lock.Release(t.Context()); err != nil || a.lease() != nil || errors.Is(context.Cause(held), ErrLost) {
			t.Errorf("released, run %q has it: %v, %v", a.holder(), err, context.Cause(held))
		}
	})
}

func TestARefusedDeletionOfTheLockSaysHowToDeleteIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAPI()
		held, lock := acquire(t, a.CoordinationV1())
		a.PrependReactor("delete", "leases", func(clienttesting.Action) (bool, runtime.Object, error) {
			return true, nil, apierrors.NewForbidden(leaseResource, lockName, errors.New("no leave"))
		})
		err := lock.Release(t.Context())
		if !apierrors.IsForbidden(err) || !strings.Contains(err.Error(), "can be taken in 1m0s: kubectl delete lease -n default mtls-conformance") {
			t.Errorf("got %v", err)
		}
		if cause := context.Cause(held); !errors.Is(cause, context.Canceled) || errors.Is(cause, ErrLost) {
			t.Errorf("the run ended with %v", cause)
		}
	})
}

func TestWhetherTheLockIsHeldIsUnknownWhereItCannotBeRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAPI()
		_, lock := acquire(t, a.CoordinationV1())
		refused := true
		a.PrependReactor("get", "leases", func(clienttesting.Action) (bool, runtime.Object, error) {
			return refused, nil, apierrors.NewForbidden(leaseResource, lockName, errors.New("no leave"))
		})
		if err := lock.Holds(t.Context()); !apierrors.IsForbidden(err) || errors.Is(err, ErrLost) {
			t.Errorf("got %v", err)
		}
		refused = false
		if err := errors.Join(lock.Holds(t.Context()), lock.Release(t.Context())); err != nil {
			t.Error(err)
		}
		if err := lock.Holds(t.Context()); !errors.Is(err, ErrLost) {
			t.Errorf("released, got %v", err)
		}
	})
}
