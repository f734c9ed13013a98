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

func TestAStepIsToldOfByAFileWhichStandsUntilTheNextIsAskedFor(t *testing.T) {
	operator := &Operator{Folder: t.TempDir()}
	for _, name := range []string{upgrade.NextFile, upgrade.NextFile, upgrade.DoneFile} {
		path := filepath.Join(operator.Folder, name)
		told, last, err := operator.Await(t.Context(), func() { tell(t, path) })
		if told != "istiod is up\n" || last != (name == upgrade.DoneFile) || err != nil {
			t.Errorf("%s: %q, last %t, %v", name, told, last, err)
		}
		if _, err := os.Stat(path); err != nil {
			t.Errorf("%s is taken away before the mesh was judged: %v", name, err)
		}
	}
	if early, err := operator.Clear(); early != "" || err != nil {
		t.Errorf("%q, %v", early, err)
	}
	if _, err := os.Stat(filepath.Join(operator.Folder, upgrade.DoneFile)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the file is there still: %v", err)
	}
}

func TestAStepThatIsToldOfBeforeItIsAskedForWasNotWatched(t *testing.T) {
	for name, last := range map[string]bool{upgrade.NextFile: false, upgrade.DoneFile: true} {
		operator := &Operator{Folder: t.TempDir()}
		first := filepath.Join(operator.Folder, upgrade.NextFile)
		if _, _, err := operator.Await(t.Context(), func() { tell(t, first) }); err != nil {
			t.Fatal(err)
		}
		// While the mesh is judged.
		path := filepath.Join(operator.Folder, name)
		tell(t, path)
		if err := os.Chtimes(path, time.Time{}, time.Now().Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
		if _, was, err := operator.Await(t.Context(), func() { t.Error("it is asked for one more") }); was != last || !errors.Is(err, ErrEarly) {
			t.Errorf("%s: last %t, %v", name, was, err)
		}
		if file, err := operator.stands(); file != nil || err != nil {
			t.Errorf("%s is there still: %v", name, err)
		}
	}
}

func TestWaitingForAStepEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := (&Operator{Folder: t.TempDir()}).Await(ctx, func() {}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}
