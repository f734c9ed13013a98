package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/mattn/go-isatty"
	"github.com/schollz/progressbar/v3"
)

// bar shows how far a check of many services is: a bar on a terminal, a line now and then elsewhere.
type bar struct {
	to   io.Writer
	bar  *progressbar.ProgressBar // nil where there is no terminal
	last time.Time
}

// manyHosts is from how many on progress is of interest.
const manyHosts = 20

// barInterval parts lines of progress that go to no terminal.
const barInterval = 5 * time.Second

func newBar(to io.Writer, hosts int) *bar {
	b := &bar{to: to, last: time.Now()}
	file, isFile := to.(*os.File)
	if isFile && isatty.IsTerminal(file.Fd()) && hosts >= manyHosts {
		b.bar = progressbar.NewOptions(hosts, progressbar.OptionSetWriter(to), progressbar.OptionSetDescription("services"),
			progressbar.OptionShowCount(), progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionClearOnFinish())
	}
	return b
}

func (b *bar) at(done, of int) {
	if b.bar != nil {
		_ = b.bar.Set(done)
		return
	}
	if done < of && time.Since(b.last) > barInterval {
		b.last = time.Now()
		_, _ = fmt.Fprintf(b.to, "%d of %d services checked\n", done, of)
	}
}

// clear makes room for a line of the result.
func (b *bar) clear() {
	if b.bar != nil {
		_ = b.bar.Clear()
	}
}
