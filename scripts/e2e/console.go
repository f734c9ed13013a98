package main

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/mattn/go-isatty"
)

// console tells a person what goes on: one line per step, with the time since the start.
type console struct {
	mutex  sync.Mutex
	to     *os.File
	colour bool
	began  time.Time
}

func newConsole(to *os.File) *console {
	return &console{to: to, colour: colourful(to), began: time.Now()}
}

// colourful says whether colours are welcome: on a terminal, unless NO_COLOR is set (https://no-color.org).
func colourful(to *os.File) bool {
	return isatty.IsTerminal(to.Fd()) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}

func (c *console) step(format string, arguments ...any) {
	line := fmt.Sprintf(format, arguments...)
	stamp := fmt.Sprintf("%7.1fs", time.Since(c.began).Seconds())
	if c.colour {
		stamp = "\x1b[2m" + stamp + "\x1b[0m"
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
	_, _ = fmt.Fprintln(c.to, text) // nowhere is left to complain to
}
