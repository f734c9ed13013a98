package upgrade

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"mtls.test/conformance/e2e/pure/upgrade"
)

func tell(t *testing.T, path string) {
	t.Helper()
	if err := os.WriteFile(path, []byte("istiod is up\n"), 0o600); err != nil {
		t.Error(err)
	}
}

func TestAStepIsToldOfByAFileWhichIsTakenAwayWithTheAnswer(t *testing.T) {
	for name, last := range map[string]bool{upgrade.NextFile: false, upgrade.DoneFile: true} {
		operator := Operator{Folder: t.TempDir()}
		path := filepath.Join(operator.Folder, name)
		time.AfterFunc(operatorInterval/5, func() { tell(t, path) })
		told, was, err := operator.Await(t.Context())
		if told != "istiod is up\n" || was != last || err != nil {
			t.Errorf("%s: %q, last %t, %v", name, told, was, err)
		}
		if _, err := os.Stat(path); err != nil {
			t.Errorf("%s is taken away before the mesh was judged: %v", name, err)
		}
		if err := operator.Answered(); err != nil {
			t.Error(err)
		}
		if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s is there still: %v", name, err)
		}
	}
}

func TestAStepThatIsToldOfBeforeItIsAskedForWasNotWatched(t *testing.T) {
	operator := Operator{Folder: t.TempDir()}
	tell(t, filepath.Join(operator.Folder, upgrade.NextFile))
	if _, _, err := operator.Await(t.Context()); !errors.Is(err, ErrEarly) {
		t.Errorf("%v", err)
	}
}

func TestWaitingForAStepEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := (Operator{Folder: t.TempDir()}).Await(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}
