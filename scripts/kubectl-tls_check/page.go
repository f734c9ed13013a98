package main

import (
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"time"

	"mtls.test/conformance/e2e/live/artifact"
	"mtls.test/conformance/e2e/pure/clusterpage"
	"mtls.test/conformance/e2e/pure/tlscheck"
)

// asPage is the format that is a page, of -o.
const asPage = "html"

// webPage writes the hosts as a page once all are there.
type webPage struct {
	page *clusterpage.Page
	to   io.Writer
	asks *options
	look *look
}

func (w webPage) write(host tlscheck.Host) error {
	w.page.Add(host)
	return nil
}

func (w webPage) close(tlscheck.Tally) error {
	about := w.asks.about(w.look)
	if w.asks.page == "" {
		return w.page.Write(w.to, about)
	}
	return artifact.Write(w.asks.page, func(to io.Writer) error { return w.page.Write(to, about) })
}

// about is what a page says of its check. A page of a file has no time, so that the same file makes the same page.
func (o *options) about(l *look) clusterpage.About {
	about := clusterpage.About{Asked: "every service of the mesh", From: filepath.Base(o.objects), Notes: l.notes()}
	switch {
	case len(o.named) == 2:
		about.Asked = fmt.Sprintf("%s, called by %s", o.named[1], o.named[0])
	case len(o.named) == 1:
		about.Asked = o.named[0]
	case o.namespace != "":
		about.Asked = "every service of namespace " + o.namespace
	}
	about.Istio = slices.DeleteFunc(l.survey.Versions(), func(version string) bool { return version == "" })
	if l.kube == nil {
		return about
	}
	about.From, about.At = l.kube.Context(), time.Now().UTC().Truncate(time.Second)
	var err error
	if about.Kubernetes, err = l.kube.Version(); err != nil {
		about.Notes = append(about.Notes, "the version of Kubernetes could not be read: "+err.Error())
	}
	return about
}
