package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

// liveLine is the last line of a terminal, which is drawn anew while something goes on. It is for one goroutine at a time. A nil
// one is that of an output where there is none.
type liveLine struct {
	to      io.Writer
	colour  bool
	columns func() int // of the terminal, as wide as it is now
	shown   []*shown   // the oldest first
	drawn   string     // what stands there; empty: nothing does
}

// shown is one thing that goes on.
type shown struct {
	says func(now time.Time) []piece
}

// add has the line say something beside what it says, until the caller takes it away.
func (l *liveLine) add(says func(now time.Time) []piece) (take func()) {
	one := &shown{says}
	l.shown = append(l.shown, one)
	return func() {
		l.clear()
		l.shown = slices.DeleteFunc(l.shown, func(other *shown) bool { return other == one })
	}
}

// draw draws the line unless it stands there as it should.
func (l *liveLine) draw(now time.Time, since time.Duration) {
	if l == nil {
		return
	}
	pieces := []piece{{fmt.Sprintf("%8s  ", clock(since)), dim}}
	for _, one := range l.shown {
		if said := one.says(now); len(said) > 0 {
			if len(pieces) > 1 {
				pieces = append(pieces, piece{text: "   "})
			}
			pieces = append(pieces, said...)
		}
	}
	if len(pieces) == 1 {
		l.clear()
		return
	}
	// A line as wide as the terminal would leave its end to the terminal.
	line := render(pieces, l.columns()-1, l.colour)
	if line == l.drawn {
		return
	}
	_, _ = fmt.Fprintf(l.to, "\r%s\x1b[K", line)
	l.drawn = line
}

// clear takes away what stands there, and leaves the cursor where the next line begins.
func (l *liveLine) clear() {
	if l == nil || l.drawn == "" {
		return
	}
	_, _ = io.WriteString(l.to, "\r\x1b[K")
	l.drawn = ""
}

// columns is the width of a terminal; 80 where it does not tell.
func columns(of *os.File) int {
	size, err := unix.IoctlGetWinsize(int(of.Fd()), unix.TIOCGWINSZ)
	if err != nil || size.Col == 0 {
		return 80
	}
	return int(size.Col)
}
