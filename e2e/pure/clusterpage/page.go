// Package clusterpage renders what tls-check has found as one page that needs no other file, no network, and no script to say all
// that it has to say: the mesh as a picture of its namespaces, and each namespace with its services and their hops, the worst
// first.
package clusterpage

import (
	"embed"
	"html/template"
	"io"
	"maps"
	"slices"
	"time"

	"mtls.test/conformance/e2e/pure/document"
	"mtls.test/conformance/e2e/pure/explain"
	"mtls.test/conformance/e2e/pure/tlscheck"
)

var (
	//go:embed *.html
	templates embed.FS
	//go:embed page.css
	style string
	//go:embed page.js
	script string
)

var pageTemplate = document.Parse("page.html", templates, template.FuncMap{
	"lower": class, "symbol": symbol, "words": func() []word { return words },
	"number": number, "plural": plural, "short": short,
	"names": func(all []string, what string) names { return namesOf(all, what, listed) },
})

// About is what was checked, and how.
type About struct {
	Asked      string    // what was checked: "every service of the mesh"
	From       string    // the context of the kubeconfig, or the file of the objects
	Istio      []string  // versions of the control planes; none where they are not known
	Kubernetes string    // version of the API server; empty where there was none
	At         time.Time // when; zero where objects came from a file, whose page is the same every time
	Notes      []string  // what the answers leave out, and what was assumed
}

// Page gathers the services of a mesh as they are checked. Hops that are alike it keeps as one.
type Page struct {
	services     []*service
	withoutProxy map[string]bool
}

// New is a page without services.
func New() *Page { return &Page{withoutProxy: map[string]bool{}} }

// Add adds a service with its hops.
func (p *Page) Add(host tlscheck.Host) {
	p.services = append(p.services, serviceOf(host))
	for _, pod := range host.WithoutProxy {
		p.withoutProxy[pod] = true
	}
}

// fewServices is how many services that are not OK have place on a page that is read from its begin to its end: they are open.
const fewServices = 10

// view is what the page is made of.
type view struct {
	About
	Frame        document.Frame
	Total        totals
	Headline     string
	Picture      picture
	Callers      []*callers
	Namespaces   []*namespace
	Services     int
	Idle         int             // services without a client
	Few          bool            // all that is not OK is open
	Causes       []explain.Cause // of what is not OK
	WithoutProxy []string        // pods that can send plaintext to endpoints that take it beside mTLS

	directory directory
}

// Write writes the page. The same services, in whatever order, and the same About give the same page, byte for byte.
func (p *Page) Write(out io.Writer, about About) error {
	namespaces := namespacesOf(p.services)
	v := view{
		About: about, Frame: document.NewFrame("tls-check: "+about.Asked, style, script),
		Picture: pictureOf(edgesOf(p.services), namespaces), Namespaces: namespaces, Services: len(p.services), Total: newTotals(),
		WithoutProxy: slices.Sorted(maps.Keys(p.withoutProxy)), directory: directoryOf(p.services),
	}
	v.Callers = v.directory.sorted()
	used := map[string]bool{}
	notOK := 0
	for _, s := range p.services {
		v.Total.add(s.totals)
		for _, cause := range s.Hints() {
			used[cause.ID] = true
		}
		switch {
		case s.Hops == 0:
			v.Idle++
		case s.NotOK() > 0:
			notOK++
		}
	}
	v.Few = notOK <= fewServices
	v.Headline = headline(v.Total)
	v.Causes = slices.DeleteFunc(slices.Clone(explain.Causes), func(cause explain.Cause) bool { return !used[cause.ID] })
	return document.Write(out, pageTemplate, v)
}

// Places are those of the namespaces of a line's clients: "3 17".
func (v view) Places(line tlscheck.Group) string { return v.directory.places(line) }

// Clients are those of a line.
func (v view) Clients(line tlscheck.Group) names { return v.directory.names(line) }

// Open is true of what a reader sees without a click.
func (v view) Open(notOK int) bool { return v.Few && notOK > 0 }
