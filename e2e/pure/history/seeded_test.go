package history

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"mtls.test/conformance/e2e/pure/hop"
)

// seeded is a history with things wrong in it that are known.
type seeded struct {
	lines                     []Line
	fresh, again, flaky, slow string // the case of each; empty where there is none
	missing                   string
}

// seed makes a history of twelve runs of three cells with eight cases; with nothing wrong where sound is true.
func seed(number uint64, sound bool) seeded {
	random := rand.New(rand.NewPCG(number, 0))
	order := random.Perm(8)
	id := func(place int) string { return fmt.Sprintf("case-%d", order[place]) }
	s := seeded{}
	if !sound {
		s = seeded{fresh: id(0), again: id(1), flaky: id(2), slow: id(3), missing: fmt.Sprintf("cell-%d", 1+random.IntN(2))}
	}
	const runs = 12
	for r := range runs {
		for c := range 3 {
			cell := fmt.Sprintf("cell-%d", c)
			if r == runs-1 && cell == s.missing {
				continue
			}
			whole := Line{Run: fmt.Sprintf("run-%02d", r), Cell: cell, Attempt: 1, Began: time.Date(2026, 1, 1+r, 3, 0, 0, 0, time.UTC), Verdict: hop.Pass, Seconds: 300, On: Ground{Suite: fmt.Sprintf("commit-%d", r)}}
			all := []Line{whole}
			for number := range 8 {
				line := whole
				line.Case, line.Seconds = fmt.Sprintf("case-%d", number), 5+random.Float64()
				fail := func(reason string) { line.Verdict, line.Reason = hop.Fail, reason }
				switch {
				case c != 0:
				case r == runs-1 && line.Case == s.fresh:
					fail("client -> server:80: served in plaintext")
				case r == runs-2 && line.Case == s.again:
					fail("client -> server:80: refused")
				case r == 4 && line.Case == s.flaky:
					second := line
					second.Attempt = 2
					all = append(all, second)
					fail("client -> server:80: timeout")
				case r == runs-1 && line.Case == s.slow:
					line.Seconds *= 3
				}
				all = append(all, line)
			}
			s.lines = append(s.lines, all...)
		}
	}
	random.Shuffle(len(s.lines), func(i, j int) { s.lines[i], s.lines[j] = s.lines[j], s.lines[i] })
	return s
}

func TestWhatIsWrongInASeededHistoryIsFoundAndNothingElse(t *testing.T) {
	for _, number := range []uint64{1, 2} {
		s := seed(number, false)
		m, _ := Look(s.lines, "", nil)
		only := func(what string, got []Subject, want string) {
			if !slices.Equal(got, []Subject{{"cell-0", want}}) {
				t.Errorf("seed %d: %s: %v, want %s", number, what, got, want)
			}
		}
		if len(m.Red) != 1 || m.Red[0].FirstSeen != "run-11" || m.Red[0].LastGreen != "commit-10" {
			t.Fatalf("seed %d: red: %+v", number, m.Red)
		}
		only("red", m.Red[0].Cases, s.fresh)
		only("green again", m.GreenAgain, s.again)
		only("flaky", m.Flaky, s.flaky)
		if len(m.Slower) != 1 {
			t.Fatalf("seed %d: slower: %+v", number, m.Slower)
		}
		only("slower", []Subject{m.Slower[0].Subject}, s.slow)
		if !slices.Equal(m.Missing, []string{s.missing}) {
			t.Errorf("seed %d: missing: %v, want %s", number, m.Missing, s.missing)
		}
	}
}

func TestASoundHistoryHasNothingToTell(t *testing.T) {
	m, _ := Look(seed(3, true).lines, "", nil)
	m.Changed = nil // each run has a commit of its own
	if text, want := m.Markdown(), "GREEN: 24 cases in 3 cells; nothing is another than in the run before\n"; text != want {
		t.Errorf("got %q, want %q", text, want)
	}
}
