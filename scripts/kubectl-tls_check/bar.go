package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/mattn/go-isatty"
	"github.com/schollz/progressbar/v3"
)

// bar shows how far a check of many proxies or services is: a bar on a terminal, a line now and then elsewhere.
type bar struct {
	to       io.Writer
	terminal bool
	bar      *progressbar.ProgressBar // of what is under way; nil before that, and where there is no terminal
	what     string
	last     time.Time
}

// many is from how many on progress is of interest.
const many = 20

// barInterval parts lines of progress that go to no terminal.
const barInterval = 5 * time.Second

func newBar(to io.Writer) *bar {
	file, isFile := to.(*os.File)
	return &bar{to: to, terminal: isFile && isatty.IsTerminal(file.Fd()), last: time.Now()}
}

func (b *bar) at(done, of int, what string) {
	switch {
	case b.terminal && of >= many:
		if b.what != what {
			b.clear()
			b.what = what
			b.bar = progressbar.NewOptions(of, progressbar.OptionSetWriter(b.to), progressbar.OptionSetDescription(what),
				progressbar.OptionShowCount(), progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionClearOnFinish())
		}
		_ = b.bar.Set(done)
	case done < of && time.Since(b.last) > barInterval:
		b.last = time.Now()
		_, _ = fmt.Fprintf(b.to, "%d of %d %s\n", done, of, what)
	}
}

// clear makes room for a line of the result.
func (b *bar) clear() {
	if b.bar != nil {
		_ = b.bar.Clear()
	}
}
