package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/mattn/go-isatty"
)

// console tells a person what goes on: one line per step, with the time since the start, and on a terminal a live line below them.
type console struct {
	mutex    sync.Mutex
	out      io.Writer // our stdout, for what children print there
	to       io.Writer // our stderr, for everything else
	together bool      // both are one place
	colour   bool
	began    time.Time
	live     *liveLine // nil where lines are all that there may be
	closing  chan struct{}
}

// newConsole tells on stderr. There is a live line where both are terminals: what a pipe has passed on could fall into it.
func newConsole(stdout, stderr *os.File) *console {
	c := &console{out: stdout, to: stderr, together: same(stdout, stderr), colour: colourful(stderr), began: time.Now(), closing: make(chan struct{})}
	if terminal(stdout) && terminal(stderr) {
		c.live = &liveLine{to: stderr, colour: c.colour, columns: func() int { return columns(stderr) }}
		go c.keepDrawing()
	}
	return c
}

// close takes the live line away for good.
func (c *console) close() {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if c.live == nil {
		return
	}
	close(c.closing)
	c.live.clear()
	c.live = nil
}

// terminal says whether lines there can be drawn anew.
func terminal(to *os.File) bool { return isatty.IsTerminal(to.Fd()) && os.Getenv("TERM") != "dumb" }

// colourful says whether colours are welcome: on a terminal, unless NO_COLOR is set (https://no-color.org).
func colourful(to *os.File) bool { return terminal(to) && os.Getenv("NO_COLOR") == "" }

// same says whether two files are one.
func same(one, other *os.File) bool {
	a, err := one.Stat()
	if err != nil {
		return false
	}
	b, err := other.Stat()
	return err == nil && os.SameFile(a, b)
}

func (c *console) step(format string, arguments ...any) {
	line := fmt.Sprintf(format, arguments...)
	stamp := fmt.Sprintf("%7.1fs", time.Since(c.began).Seconds())
	if c.colour {
		stamp = dim(stamp)
	}
	c.print(stamp + "  " + line)
}

func (c *console) fail(err error) {
	label := "error:"
	if c.colour {
		label = "\x1b[31m" + label + "\x1b[0m"
	}
	c.print(label + " " + strings.ReplaceAll(err.Error(), "\n", "\n       "))
}

func (c *console) print(text string) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.live.clear()
	_, _ = fmt.Fprintln(c.to, text) // nowhere is left to complain to
}

// lively says whether there is a live line.
func (c *console) lively() bool {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return c.live != nil
}

// show has the live line say something until the caller ends it. Where there is no live line it is not said.
func (c *console) show(says func(now time.Time) []piece) (end func()) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if c.live == nil {
		return func() {}
	}
	take := c.live.add(says)
	return func() {
		c.mutex.Lock()
		defer c.mutex.Unlock()
		take()
	}
}

// redrawInterval is the shortest time between two drawings of the live line.
const redrawInterval = 100 * time.Millisecond

func (c *console) keepDrawing() {
	ticks := time.NewTicker(redrawInterval)
	defer ticks.Stop()
	for {
		select {
		case <-c.closing:
			return
		case now := <-ticks.C:
			c.draw(now)
		}
	}
}

func (c *console) draw(now time.Time) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.live.draw(now, now.Sub(c.began))
}
