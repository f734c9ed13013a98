//go:build browser

// Package browser opens pages in Chromium for tests: from disk, without a network, and with whatever a page must not do being an
// error of the test.
package browser

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"mtls.test/conformance/e2e/live/artifact"
	"mtls.test/conformance/e2e/live/timeout"
)

// Page is a page in a browser. As a context it is the browser's tab, which timeout.Browser bounds.
type Page struct {
	context.Context
	t     *testing.T
	mu    sync.Mutex
	wrong []string // requests that left the disk, and what the console complained of
}

// given is a variable that make test-report sets.
func given(t *testing.T, name string) string {
	t.Helper()
	value := os.Getenv(name)
	if value == "" {
		t.Fatalf("%s is not set: use make test-report", name)
	}
	return value
}

// Open opens the page that is written. The test fails where the page asks for anything, or the console has a line.
func Open(t *testing.T, write func(io.Writer) error) *Page {
	t.Helper()
	file := filepath.Join(t.TempDir(), "page.html")
	if err := artifact.Write(file, write); err != nil {
		t.Fatal(err)
	}
	p := &Page{t: t}
	tab, stop := chromedp.NewContext(t.Context(), chromedp.WithListener(p.hear),
		chromedp.WithAllocatorOptions(chromedp.ExecPath(given(t, "CHROMIUM")), chromedp.NoSandbox, chromedp.WindowSize(1400, 1000)))
	t.Cleanup(stop)
	limited, cancel := context.WithTimeout(tab, timeout.Browser.Duration())
	t.Cleanup(cancel)
	p.Context = limited
	p.Do(chromedp.Navigate("about:blank"))
	if _, err := chromedp.Call(p, network.Enable, network.EnableParams{}); err != nil {
		t.Fatal(err)
	}
	if _, err := chromedp.Call(p, log.Enable, cdp.Empty{}); err != nil {
		t.Fatal(err)
	}
	p.Do(chromedp.Navigate("file://" + file))
	t.Cleanup(p.fail)
	return p
}

// hear takes the browser's events.
func (p *Page) hear(event any) {
	said := ""
	switch event := event.(type) {
	case *network.EventRequestWillBeSent:
		if !strings.HasPrefix(event.Request.URL, "file://") {
			said = "it asks for " + event.Request.URL
		}
	case *runtime.EventExceptionThrown:
		said = event.ExceptionDetails.Text
	case *runtime.EventConsoleAPICalled:
		said = fmt.Sprintf("the console has a line of %v", event.Type)
	case *log.EventEntryAdded:
		said = event.Entry.Text
	}
	if said != "" {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.wrong = append(p.wrong, said)
	}
}

func (p *Page) fail() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.wrong) > 0 {
		p.t.Errorf("%s", strings.Join(p.wrong, "\n"))
	}
}

// Do does as a person does. The test ends where it cannot.
func (p *Page) Do(actions ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	if err := chromedp.Do(p, actions...); err != nil {
		p.t.Fatal(err)
	}
}

// Value is what an expression of JavaScript comes to.
func Value[Of any](p *Page, expression string) Of {
	p.t.Helper()
	of, err := chromedp.Run(p, chromedp.Evaluate[Of](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		p.t.Fatal(err)
	}
	return of
}

// Home leads back to the first screen, where all that opens is closed.
func (p *Page) Home() {
	p.t.Helper()
	Value[any](p, `location.hash = ""; document.querySelectorAll("details").forEach((one) => { one.open = false; }); scrollTo(0, 0); true`)
}

// Picture keeps a screenshot in the folder that PICTURES names.
func (p *Page) Picture(name string) {
	p.t.Helper()
	png, err := chromedp.Run(p, chromedp.CaptureScreenshot())
	if err != nil {
		p.t.Fatal(err)
	}
	if err := artifact.WriteText(filepath.Join(given(p.t, "PICTURES"), name+".png"), string(png)); err != nil {
		p.t.Fatal(err)
	}
}
