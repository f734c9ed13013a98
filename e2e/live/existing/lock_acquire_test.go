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
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	clienttesting "k8s.io/client-go/testing"

	"mtls.test/conformance/e2e/live/mesh"
)

// left is the Lease of a run that renews it no more; nobody's where the holder is empty.
func (a *api) left(t *testing.T, holder string) {
	t.Helper()
	seconds, renewed := int32(lockDuration/time.Second), metav1.NewMicroTime(time.Now())
	lease := &coordinationv1.Lease{Spec: coordinationv1.LeaseSpec{HolderIdentity: &holder, LeaseDurationSeconds: &seconds, RenewTime: &renewed}}
	lease.Namespace, lease.Name = lockNamespace, lockName
	a.version++
	lease.ResourceVersion, lease.UID = strconv.Itoa(a.version), types.UID("uid-"+strconv.Itoa(a.version))
	if err := a.Tracker().Add(lease); err != nil {
		t.Fatal(err)
	}
}

// once calls what happens before the first call of a verb.
func (a *api) once(verb string, happens func()) {
	done := false
	a.PrependReactor(verb, "leases", func(clienttesting.Action) (bool, runtime.Object, error) {
		if !done {
			done = true
			happens()
		}
		return false, nil, nil
	})
}

func TestTheLockBearsTheRunAndTheSuitesLabel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAPI()
		_, lock := acquire(t, a.CoordinationV1())
		if lease := a.lease(); a.holder() != "A" || lease.Labels[mesh.PartOf] != mesh.Suite || *lease.Spec.LeaseDurationSeconds != 60 {
			t.Errorf("got %+v", lease)
		}
		if err := lock.Release(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestALockThatNobodyHoldsIsTakenAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAPI()
		a.left(t, "")
		began := time.Now()
		_, lock, err := Acquire(t.Context(), a.CoordinationV1(), "A", func(line string) { t.Errorf("said %q", line) })
		if err != nil {
			t.Fatal(err)
		}
		if waited := time.Since(began); waited > renewInterval || a.holder() != "A" {
			t.Errorf("after %s run %q has it", waited, a.holder())
		}
		if err := lock.Release(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestAnInterruptedRunWaitsNoLongerAndLeavesTheLockToTheOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAPI()
		a.left(t, "dead")
		ctx, interrupt := context.WithCancel(t.Context())
		defer interrupt()
		began := time.Now()
		_, _, err := Acquire(ctx, a.CoordinationV1(), "B", func(string) { interrupt() })
		if !errors.Is(err, context.Canceled) || errors.Is(err, ErrLost) || time.Since(began) > renewInterval {
			t.Errorf("after %s: %v", time.Since(began), err)
		}
		if a.holder() != "dead" {
			t.Errorf("run %q has it", a.holder())
		}
	})
}

// Two runs that find no Lease both create it; two that find an expired one both update it.
func TestTheSlowerOfTwoRunsLearnsThatItIsNotItsLock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAPI()
		a.once("create", func() { a.left(t, "C") })
		began := time.Now()
		var said []string
		_, lock, err := Acquire(t.Context(), a.CoordinationV1(), "B", func(line string) { said = append(said, line) })
		if err != nil {
			t.Fatal(err)
		}
		if waited := time.Since(began); waited < lockDuration || len(said) != 1 || !strings.Contains(said[0], "run C has the lock") {
			t.Errorf("after %s it took the lock of C, said %q", waited, said)
		}
		if err := lock.Release(t.Context()); err != nil {
			t.Error(err)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		a := newAPI()
		a.left(t, "dead")
		a.once("update", func() { a.take(t, "C") })
		_, _, err := Acquire(t.Context(), a.CoordinationV1(), "B", func(string) {})
		var other HeldError
		if !errors.As(err, &other) || other.Holder != "C" || other.Until.Before(time.Now()) || a.holder() != "C" {
			t.Errorf("run %q has it: %v", a.holder(), err)
		}
	})
}
