package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/report"
)

const (
	lookInterval = 250 * time.Millisecond // between two looks at how far the suite is
	tellInterval = 30 * time.Second       // between two lines that tell it, where there is no live line
)

// follower says how far a round of the suite is: on the live line, or where there is none in lines of their own.
type follower struct {
	file   string // into which the suite tells it
	screen *console
	over   chan struct{} // closed when the round has ended

	mutex sync.Mutex
	at    report.Progress
}

// progressFile is where the suite tells how far it is; it goes with the run's work.
func (r *program) progressFile() string { return filepath.Join(r.work(), "progress.json") }

// following works while it says how far the suite is.
func (r *program) following(work func() error) error {
	// What another round told is not of this one.
	if err := os.RemoveAll(r.progressFile()); err != nil {
		return err
	}
	f := &follower{file: r.progressFile(), screen: r.screen, over: make(chan struct{})}
	told := make(chan struct{})
	go func() {
		defer close(told)
		// That no case began is for the report to say.
		_ = r.during(step{name: "first case", says: "the suite looks at the mesh and readies its observers", usual: "a few seconds"}, f.untilItBegins)
		f.tell()
	}()
	end := r.screen.show(f.pieces)
	err := work()
	close(f.over)
	<-told
	end()
	return err
}

var errNotBegun = errors.New("no case began")

// untilItBegins waits for the first case.
func (f *follower) untilItBegins() error {
	looks := time.NewTicker(lookInterval)
	defer looks.Stop()
	for {
		f.look()
		if f.at.Running != "" || len(f.at.Ended) > 0 {
			return nil
		}
		select {
		case <-f.over:
			return errNotBegun
		case <-looks.C:
		}
	}
}

// tell says what happens until the round has ended. It looks once more then: the last case may have ended just before.
func (f *follower) tell() {
	looks, tells := time.NewTicker(lookInterval), time.NewTicker(tellInterval)
	defer looks.Stop()
	defer tells.Stop()
	for {
		select {
		case <-f.over:
			f.look()
			return
		case <-looks.C:
			f.look()
		case <-tells.C:
			f.line("%s", f.at)
		}
	}
}

// look reads how far the suite is, and says which cases ended that are not PASS.
func (f *follower) look() {
	content, err := os.ReadFile(f.file)
	var at report.Progress
	if err != nil || json.Unmarshal(content, &at) != nil {
		return // it has told nothing yet
	}
	for _, ended := range at.Since(f.at) {
		f.line("%s %s: %s", ended.Result, ended.Name, ended.Reason)
	}
	f.mutex.Lock()
	defer f.mutex.Unlock()
	f.at = at
}

// line prints a line where there is no live line. Where there is one, it and what Ginkgo prints of a failure say the same.
func (f *follower) line(format string, arguments ...any) {
	if !f.screen.lively() {
		f.screen.step(format, arguments...)
	}
}

// pieces are what the live line says.
func (f *follower) pieces(time.Time) []piece {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	return suitePieces(f.at)
}

// longestName is how much of a name the live line shows: what follows matters more.
const longestName = 40

func suitePieces(at report.Progress) []piece {
	if at.Running == "" && len(at.Ended) == 0 {
		return nil
	}
	var pieces []piece
	switch {
	case at.Running != "":
		pieces = append(cut([]piece{{text: "running " + at.Running}}, longestName), piece{text: "   "})
	case at.Left() <= 0:
		pieces = []piece{{text: "ending the suite   "}}
	}
	pieces = append(pieces, piece{text: fmt.Sprintf("%d done, %d left ", len(at.Ended), at.Left())})
	for _, result := range []hop.Result{hop.Pass, hop.Fail, hop.Mismatch, hop.Inconclusive, hop.Skipped} {
		count := at.Count(result)
		if count == 0 && result == hop.Skipped {
			continue
		}
		one := piece{text: fmt.Sprintf("%s %d", report.Symbol(result), count)}
		if count > 0 {
			one.paint = func(text string) string { return report.ANSI(result, text) }
		}
		pieces = append(pieces, piece{text: "  "}, one)
	}
	return pieces
}
