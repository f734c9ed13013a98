package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"mtls.test/conformance/e2e/live/artifact"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/report"
)

// suiteOf is a program whose suite is the test, and what the suite does: it tells how far it is, and lets time pass.
func suiteOf(t *testing.T, screen *console) (r *program, tell func(report.Progress), pass func(time.Duration)) {
	t.Helper()
	r = &program{home: filepath.Join(t.TempDir(), "clusters"), screen: screen}
	r.durations = durationsIn(r.home, "here")
	tell = func(at report.Progress) {
		if err := artifact.WriteJSON(r.progressFile(), at); err != nil {
			t.Error(err)
		}
	}
	return r, tell, func(long time.Duration) { <-time.After(long) }
}

func TestInALogTheSuiteMoves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		screen, to := plainConsole()
		r, tell, pass := suiteOf(t, screen)
		tell(report.Progress{Cases: 7, Running: "of a round before"})
		err := r.following(func() error {
			pass(4100 * time.Millisecond) // and so nothing happens at the moment of a look
			at := report.Progress{Cases: 3, Running: "a"}
			tell(at)
			pass(29 * time.Second)
			at.Ended, at.Running = []report.Ended{{Name: "a", Result: hop.Pass}}, "b"
			tell(at)
			pass(20 * time.Second)
			at.Ended, at.Running = append(at.Ended, report.Ended{Name: "b", Result: hop.Mismatch, Reason: "wire says plaintext"}), "c"
			tell(at)
			pass(time.Second)
			at.Ended, at.Running = append(at.Ended, report.Ended{Name: "c", Result: hop.Fail, Reason: "refused"}), ""
			tell(at)
			return errNotGreen
		})
		if !errors.Is(err, errNotGreen) {
			t.Errorf("the work's error became %v", err)
		}
		want := `
    0.0s  the suite looks at the mesh and readies its observers (a few seconds)
   34.2s  1 of 3 cases done, 1 PASS; running b
   53.2s  MISMATCH b: wire says plaintext
   54.1s  FAIL c: refused
`
		if got := to.String(); got != want[1:] {
			t.Errorf("the log is\n%s\nwant\n%s", got, want[1:])
		}
		if took := r.durations.last("first case"); took.Round(time.Second) != 4*time.Second {
			t.Errorf("the first case began after %s", took)
		}
	})
}

func TestOnATerminalTheLiveLineSaysIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		screen, to := terminalOf(100)
		go screen.keepDrawing()
		defer screen.close()
		r, tell, pass := suiteOf(t, screen)
		r.durations.keep("first case", 7*time.Second)
		shows := func(want string) {
			t.Helper()
			pass(time.Second)
			synctest.Wait()
			if last := to.lines()[len(to.lines())-1]; last != want {
				t.Errorf("it shows %q, want %q", last, want)
			}
		}
		err := r.following(func() error {
			shows("      1s  the suite looks at the mesh and readies its observers  (1 s so far, 7 s last time)")
			at := report.Progress{Cases: 2, Running: "a"}
			tell(at)
			shows("      2s  running a   0 done, 2 left   ✓ 0  ✗ 0  ≠ 0  ? 0")
			at.Running, at.Ended = strings.Repeat("long", 20), []report.Ended{{Name: "a", Result: hop.Fail, Reason: "refused"}}
			tell(at)
			shows("      3s  running longlonglonglonglonglonglonglon…   1 done, 1 left   ✓ 0  ✗ 1  ≠ 0  ? 0")
			at.Running, at.Ended = "", append(at.Ended, report.Ended{Name: at.Running, Result: hop.Skipped})
			tell(at)
			shows("      4s  ending the suite   2 done, 0 left   ✓ 0  ✗ 1  ≠ 0  ? 0  – 1")
			return nil
		})
		if err != nil {
			t.Error(err)
		}
		lines := to.lines()
		if last := lines[len(lines)-1]; last != "" || strings.Contains(strings.Join(lines, "\n"), "refused") {
			t.Errorf("after the round the screen shows\n%s", strings.Join(lines, "\n"))
		}
	})
}

func TestARoundInWhichNoCaseBeginsEnds(t *testing.T) {
	screen, _ := plainConsole()
	r, _, _ := suiteOf(t, screen)
	wrong := errors.New("no istiod")
	if err := r.following(func() error { return wrong }); !errors.Is(err, wrong) {
		t.Errorf("the work's error became %v", err)
	}
	if took := r.durations.last("first case"); took != 0 {
		t.Errorf("no case began, and it is said to have taken %s", took)
	}
	if _, err := os.Stat(r.durations.file); err == nil {
		t.Error("a duration was written down")
	}
}

func TestResultsAreColoured(t *testing.T) {
	at := report.Progress{Cases: 3, Running: "a", Ended: []report.Ended{{Result: hop.Pass}, {Result: hop.Mismatch}}}
	got := render(suitePieces(at), 100, true)
	if want := "running a   2 done, 1 left   \x1b[32m✓ 1\x1b[0m  ✗ 0  \x1b[31m≠ 1\x1b[0m  ? 0"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
