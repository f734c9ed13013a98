package existing

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes/fake"
	coordination "k8s.io/client-go/kubernetes/typed/coordination/v1"
	clienttesting "k8s.io/client-go/testing"
)

// api is a fake API server that checks resource versions and preconditions, which client-go's tracker does not.
type api struct {
	*fake.Clientset
	version  int
	timesOut int // updates that are made, and whose answer does not come
	refuses  bool
}

var leaseResource = schema.GroupResource{Group: "coordination.k8s.io", Resource: "leases"}

func newAPI() *api {
	a := &api{Clientset: fake.NewClientset()}
	a.PrependReactor("create", "leases", func(action clienttesting.Action) (bool, runtime.Object, error) {
		lease := action.(clienttesting.CreateAction).GetObject().(*coordinationv1.Lease)
		a.version++
		lease.ResourceVersion, lease.UID = strconv.Itoa(a.version), types.UID("uid-"+strconv.Itoa(a.version))
		return false, nil, nil
	})
	a.PrependReactor("update", "leases", func(action clienttesting.Action) (bool, runtime.Object, error) {
		if a.refuses {
			return true, nil, errors.New("connection refused")
		}
		lease := action.(clienttesting.UpdateAction).GetObject().(*coordinationv1.Lease).DeepCopy()
		if now := a.lease(); now == nil || now.ResourceVersion != lease.ResourceVersion {
			return true, nil, apierrors.NewConflict(leaseResource, lease.Name, errors.New("another version"))
		}
		a.version++
		lease.ResourceVersion = strconv.Itoa(a.version)
		if err := a.Tracker().Update(coordinationv1.SchemeGroupVersion.WithResource("leases"), lease, lease.Namespace); err != nil {
			return true, nil, err
		}
		if a.timesOut > 0 {
			a.timesOut--
			return true, nil, context.DeadlineExceeded
		}
		return true, lease, nil
	})
	a.PrependReactor("delete", "leases", func(action clienttesting.Action) (bool, runtime.Object, error) {
		wanted, now := action.(clienttesting.DeleteActionImpl).DeleteOptions.Preconditions, a.lease()
		if now != nil && wanted != nil && (*wanted.UID != now.UID || *wanted.ResourceVersion != now.ResourceVersion) {
			return true, nil, apierrors.NewConflict(leaseResource, lockName, errors.New("precondition failed"))
		}
		return false, nil, nil
	})
	return a
}

// lease is the Lease as it is now; nil where there is none.
func (a *api) lease() *coordinationv1.Lease {
	found, err := a.Tracker().Get(coordinationv1.SchemeGroupVersion.WithResource("leases"), lockNamespace, lockName)
	if err != nil {
		return nil
	}
	return found.(*coordinationv1.Lease)
}

func (a *api) holder() string {
	lease := a.lease()
	if lease == nil || lease.Spec.HolderIdentity == nil {
		return ""
	}
	return *lease.Spec.HolderIdentity
}

// take writes another run into the Lease.
func (a *api) take(t *testing.T, holder string) {
	t.Helper()
	lease := a.lease().DeepCopy()
	now := metav1.NewMicroTime(time.Now())
	lease.Spec.HolderIdentity, lease.Spec.RenewTime = &holder, &now
	a.version++
	lease.ResourceVersion = strconv.Itoa(a.version)
	if err := a.Tracker().Update(coordinationv1.SchemeGroupVersion.WithResource("leases"), lease, lease.Namespace); err != nil {
		t.Fatal(err)
	}
}

// acquire takes the lock for run A.
func acquire(t *testing.T, leases coordination.LeasesGetter) (context.Context, *Lock) {
	t.Helper()
	held, lock, err := Acquire(t.Context(), leases, "A", func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	synctest.Wait() // for the first renewal, which follows at once
	return held, lock
}

func TestALockIsHeldUntilItIsReleasedAndLeavesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAPI()
		held, lock := acquire(t, a.CoordinationV1())
		<-time.After(10 * time.Minute)
		if err := errors.Join(held.Err(), lock.Holds(t.Context())); err != nil || a.holder() != "A" {
			t.Errorf("after ten minutes run %q has it: %v", a.holder(), err)
		}
		if err := lock.Release(t.Context()); err != nil || a.lease() != nil {
			t.Errorf("released, run %q has it: %v", a.holder(), err)
		}
	})
}

func TestASecondRunLearnsWhoHoldsTheClustersLock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAPI()
		held, lock := acquire(t, a.CoordinationV1())
		began := time.Now()
		_, _, err := Acquire(t.Context(), a.CoordinationV1(), "B", func(string) {})
		var other HeldError
		if !errors.As(err, &other) || other.Holder != "A" || !strings.Contains(err.Error(), "run A is on this cluster") || !strings.Contains(err.Error(), "kubectl get lease -n default mtls-conformance") {
			t.Errorf("got %v", err)
		}
		if waited := time.Since(began); waited > lockDuration/2 {
			t.Errorf("it waited %s to learn that", waited)
		}
		if held.Err() != nil || a.holder() != "A" {
			t.Errorf("run %q has it", a.holder())
		}
		if err := lock.Release(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestTheLockOfADeadRunIsTakenWhateverItsClockSaid(t *testing.T) {
	for name, skew := range map[string]time.Duration{"alike": 0, "an hour ahead": time.Hour, "an hour behind": -time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			a := newAPI()
			holder, seconds, renewed := "dead", int32(lockDuration/time.Second), metav1.NewMicroTime(time.Now().Add(skew))
			dead := &coordinationv1.Lease{Spec: coordinationv1.LeaseSpec{HolderIdentity: &holder, LeaseDurationSeconds: &seconds, RenewTime: &renewed}}
			dead.Namespace, dead.Name = lockNamespace, lockName
			if _, err := a.CoordinationV1().Leases(lockNamespace).Create(t.Context(), dead, metav1.CreateOptions{}); err != nil {
				t.Fatal(err)
			}
			began := time.Now()
			var said []string
			_, lock, err := Acquire(t.Context(), a.CoordinationV1(), "B", func(line string) { said = append(said, line) })
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if waited := time.Since(began); waited < lockDuration || waited > lockDuration+5*renewInterval {
				t.Errorf("%s: it was taken after %s", name, waited)
			}
			if len(said) != 1 || !strings.Contains(said[0], "run dead has the lock") {
				t.Errorf("%s: said %q", name, said)
			}
			if err := lock.Release(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestARenewalWhoseAnswerIsLostDoesNotLoseTheLock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAPI()
		held, lock := acquire(t, a.CoordinationV1())
		a.timesOut = 1
		before := a.lease().Spec.RenewTime.Time
		<-time.After(5 * time.Minute)
		if renewed := a.lease().Spec.RenewTime.Sub(before); held.Err() != nil || renewed < 4*time.Minute {
			t.Errorf("it was renewed for %s more: %v", renewed, context.Cause(held))
		}
		if err := lock.Release(t.Context()); err != nil || a.lease() != nil {
			t.Errorf("released, run %q has it: %v", a.holder(), err)
		}
	})
}

func TestARunWhoseLockIsLostIsStoppedAndLeavesItToTheOther(t *testing.T) {
	for name, test := range map[string]struct {
		lose func(*testing.T, *api)
		says string
		left string
	}{
		"another took it":         {func(t *testing.T, a *api) { a.take(t, "B") }, "run B took it", "B"},
		"somebody emptied it":     {func(t *testing.T, a *api) { a.take(t, "") }, "somebody emptied it", ""},
		"it could not be renewed": {func(_ *testing.T, a *api) { a.refuses = true }, "could not be renewed for 40s", ""},
		"somebody deleted it": {func(t *testing.T, a *api) {
			if err := a.CoordinationV1().Leases(lockNamespace).Delete(t.Context(), lockName, metav1.DeleteOptions{}); err != nil {
				t.Fatal(err)
			}
		}, "somebody deleted it", ""},
	} {
		synctest.Test(t, func(t *testing.T) {
			a := newAPI()
			held, lock := acquire(t, a.CoordinationV1())
			began := time.Now()
			test.lose(t, a)
			<-held.Done()
			if cause := context.Cause(held); !errors.Is(cause, ErrLost) || !strings.Contains(cause.Error(), test.says) {
				t.Errorf("%s: it ended with %v", name, cause)
			}
			if waited := time.Since(began); waited >= lockDuration {
				t.Errorf("%s: it was noticed after %s, when another may have it already", name, waited)
			}
			if err := lock.Holds(t.Context()); a.holder() != "A" && !errors.Is(err, ErrLost) {
				t.Errorf("%s: it holds still: %v", name, err)
			}
			if err := lock.Release(t.Context()); err != nil || a.holder() != test.left {
				t.Errorf("%s: released, run %q has it: %v", name, a.holder(), err)
			}
		})
	}
}

func TestALockThatIsTakenDuringItsReleaseIsTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAPI()
		_, lock := acquire(t, a.CoordinationV1())
		taken := false
		a.PrependReactor("delete", "leases", func(clienttesting.Action) (bool, runtime.Object, error) {
			if !taken {
				taken = true
				a.take(t, "B")
			}
			return false, nil, nil
		})
		if err := lock.Release(t.Context()); err != nil || a.holder() != "B" {
			t.Errorf("released, run %q has it: %v", a.holder(), err)
		}
	})
}

func TestALockThatMayNotBeReadIsAnErrorAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAPI()
		a.PrependReactor("get", "leases", func(clienttesting.Action) (bool, runtime.Object, error) {
			return true, nil, apierrors.NewForbidden(leaseResource, lockName, errors.New("no leave"))
		})
		began := time.Now()
		if _, _, err := Acquire(t.Context(), a.CoordinationV1(), "A", func(string) {}); !apierrors.IsForbidden(err) {
			t.Errorf("got %v", err)
		}
		if waited := time.Since(began); waited > renewInterval {
			t.Errorf("it waited %s", waited)
		}
	})
}
