package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"mtls.test/conformance/e2e/live/artifact"
	"mtls.test/conformance/e2e/live/survey"
	"mtls.test/conformance/e2e/pure/tlscheck"
	"mtls.test/conformance/e2e/pure/tlsdiff"
)

// moment is how the hops are secured now, to be saved or laid beside an earlier one.
type moment struct {
	before *tlsdiff.Snapshot // nil without --before
	hops   []tlsdiff.Hop
}

func (o *options) moment() (*moment, error) {
	if o.policies && (o.save != "" || o.before != "") {
		return nil, usage("--policies-only asks no proxy, and --save and --before tell of proxies alone")
	}
	if o.before == "" {
		return &moment{}, nil
	}
	content, err := os.ReadFile(o.before)
	if err != nil {
		return nil, usageError{err}
	}
	before, err := tlsdiff.Read(content)
	if err != nil {
		return nil, usageError{fmt.Errorf("--before %s: %w", o.before, err)}
	}
	return &moment{before: &before}, nil
}

func (m *moment) add(host tlscheck.Host, seen *survey.Survey) {
	m.hops = append(m.hops, tlsdiff.Hops(host, seen.Controller)...)
}

// end saves the moment, and tells what is other than before. The exit code is that of the worst change.
func (o *options) end(m *moment, seen *survey.Survey, to io.Writer) (code int, err error) {
	now := tlsdiff.New(time.Now().UTC(), seen.Versions(), m.hops)
	if o.save != "" {
		if err := artifact.WriteJSON(o.save, now); err != nil {
			return 0, err
		}
	}
	if m.before == nil {
		return tlscheck.ExitOK, nil
	}
	changes := tlsdiff.Compare(*m.before, now)
	has := func(class tlsdiff.Class) bool {
		return slices.ContainsFunc(changes, func(one tlsdiff.Change) bool { return one.Class == class })
	}
	switch {
	case has(tlsdiff.Weaker), has(tlsdiff.Unexplained):
		code = tlscheck.ExitNotOK
	case has(tlsdiff.Unknown):
		code = tlscheck.ExitUnknown
	}
	return code, o.printChanges(to, changes)
}
