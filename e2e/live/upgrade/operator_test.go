package upgrade

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"mtls.test/conformance/e2e/pure/upgrade"
)

func TestAStepIsToldOfByAFileWhichIsTakenAway(t *testing.T) {
	for name, last := range map[string]bool{upgrade.NextFile: false, upgrade.DoneFile: true} {
		folder := t.TempDir()
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte("istiod is up\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		told, was, err := Operator{Folder: folder}.Await(t.Context())
		if told != "istiod is up\n" || was != last || err != nil {
			t.Errorf("%s: %q, last %t, %v", name, told, was, err)
		}
		if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s is there still: %v", name, err)
		}
	}
}

func TestWaitingForAStepEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := (Operator{Folder: t.TempDir()}).Await(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}
