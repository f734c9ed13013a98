package cluster

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"
)

func TestASecondRunLearnsWhoHoldsTheName(t *testing.T) {
	home := t.TempDir()
	first := Holder{PID: 42, RunID: "one", Command: "make e2e", Directory: "/src", Started: time.Now().UTC()}
	lock, killed, err := Acquire(home, "mtls", first)
	if err != nil || killed != nil {
		t.Fatalf("Acquire = %v, %v", killed, err)
	}
	_, _, err = Acquire(home, "mtls", Holder{RunID: "two"})
	var held HeldError
	if !errors.As(err, &held) {
		t.Fatalf("Acquire of a held lock: %v", err)
	}
	for _, part := range []string{"42", "make e2e", "/src", "CLUSTER_NAME"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q does not say %s", err, part)
		}
	}
	other, _, err := Acquire(home, "other", Holder{})
	if err != nil {
		t.Errorf("another name: %v", err)
	}
	if err := errors.Join(other.Release(), lock.Release()); err != nil {
		t.Fatal(err)
	}
}

func TestAReleasedLockLeavesNoTrace(t *testing.T) {
	home := t.TempDir()
	for range 2 {
		lock, killed, err := Acquire(home, "mtls", Holder{RunID: "one"})
		if err != nil || killed != nil {
			t.Fatalf("Acquire = %v, %v", killed, err)
		}
		if err := lock.Release(); err != nil {
			t.Fatal(err)
		}
	}
	if left, err := os.ReadDir(home); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestARemovedLockFileIsNotHeld(t *testing.T) {
	lock, _, err := Acquire(t.TempDir(), "mtls", Holder{})
	if err != nil || !lock.stands() {
		t.Fatalf("Acquire: %v", err)
	}
	if err := lock.Release(); err != nil {
		t.Fatal(err)
	}
	if lock.stands() {
		t.Error("a released lock stands")
	}
}

func TestAKilledRunIsNamedToTheNext(t *testing.T) {
	home := t.TempDir()
	lock, _, err := Acquire(home, "mtls", Holder{RunID: "one"})
	if err != nil {
		t.Fatal(err)
	}
	// The kernel closes the file of a killed process and leaves its content.
	if err := lock.file.Close(); err != nil {
		t.Fatal(err)
	}
	next, killed, err := Acquire(home, "mtls", Holder{RunID: "two"})
	if err != nil || killed == nil || killed.RunID != "one" {
		t.Fatalf("Acquire = %v, %v", killed, err)
	}
	if err := next.Release(); err != nil {
		t.Fatal(err)
	}
}

func TestTheLockOfASuccessorIsNotRemoved(t *testing.T) {
	home := t.TempDir()
	first, _, err := Acquire(home, "mtls", Holder{RunID: "one"})
	if err != nil {
		t.Fatal(err)
	}
	// A person who removes the file lets a second run in.
	if err := os.Remove(first.file.Name()); err != nil {
		t.Fatal(err)
	}
	second, _, err := Acquire(home, "mtls", Holder{RunID: "two"})
	if err != nil {
		t.Fatal(err)
	}
	if err := first.Release(); err != nil {
		t.Fatal(err)
	}
	var held HeldError
	if _, _, err := Acquire(home, "mtls", Holder{RunID: "three"}); !errors.As(err, &held) || held.By.RunID != "two" {
		t.Errorf("a third run is let in beside the second: %v", err)
	}
	if err := second.Release(); err != nil {
		t.Fatal(err)
	}
}
