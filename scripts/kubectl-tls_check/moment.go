package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"mtls.test/conformance/e2e/live/artifact"
	"mtls.test/conformance/e2e/live/survey"
	"mtls.test/conformance/e2e/pure/tlscheck"
	"mtls.test/conformance/e2e/pure/tlsdiff"
	"mtls.test/conformance/fixtures"
)

// moment is how the hops are secured now, to be saved or laid beside an earlier one.
type moment struct {
	asked    tlsdiff.Asked
	file     string            // of --save; empty without
	before   *tlsdiff.Snapshot // nil without --before
	expected tlsdiff.Expected
	hops     []tlsdiff.Hop
}

func (o *options) moment() (*moment, error) {
	switch {
	case o.policies && (o.save != "" || o.before != ""):
		return nil, usage("--policies-only asks no proxy, and --save and --before tell of proxies alone")
	case len(o.accept) > 0 && o.before == "":
		return nil, usage("--accept is of changes, which --before tells")
	case o.before == "":
		return &moment{file: o.save}, nil
	}
	content, err := os.ReadFile(o.before)
	if err != nil {
		return nil, usageError{err}
	}
	before, err := tlsdiff.Read(content)
	if err != nil {
		return nil, usageError{fmt.Errorf("--before %s: %w", o.before, err)}
	}
	expected, err := tlsdiff.LoadExpected(fixtures.FS)
	if err != nil {
		return nil, err
	}
	for _, id := range o.accept {
		if _, known := expected.Find(id); !known {
			return nil, fmt.Errorf("--accept %s: there is no such row of expected changes: %s", id, strings.Join(expected.IDs(), ", "))
		}
	}
	return &moment{file: o.save, before: &before, expected: expected}, nil
}

// ask takes what is checked, and refuses what is not what was checked before: all that is in one only would be a change.
func (m *moment) ask(asked tlsdiff.Asked) error {
	m.asked = asked
	if m.before == nil {
		return nil
	}
	if differs := asked.Differs(m.before.Asked); differs != "" {
		return errors.New("what --before was saved of is not what is checked now: " + differs)
	}
	return nil
}

// add keeps a host's hops where they are saved or compared, for those of a large mesh take gigabytes.
func (m *moment) add(host tlscheck.Host, seen *survey.Survey) {
	if m.file == "" && m.before == nil {
		return
	}
	m.hops = append(m.hops, tlsdiff.Hops(host, seen.Names())...)
}

// save writes the moment to its file, where one is given.
func (m *moment) save(seen *survey.Survey) error {
	if m.file == "" {
		return nil
	}
	return artifact.WriteJSON(m.file, m.now(seen))
}

func (m *moment) now(seen *survey.Survey) tlsdiff.Snapshot {
	return tlsdiff.New(time.Now().UTC(), m.asked, seen.Versions(), m.hops)
}

// compare tells what is other than before. The exit code is that of the worst change, without those of ambient mode where they are
// left out.
func (o *options) compare(m *moment, seen *survey.Survey, to, complaints io.Writer) (code int, err error) {
	changes := tlsdiff.Compare(*m.before, m.now(seen), m.expected)
	for _, id := range tlsdiff.Accept(changes, o.accept) {
		_, _ = fmt.Fprintf(complaints, "warning: --accept %s: it explains no change\n", id)
	}
	for _, change := range changes {
		switch {
		case change.Ambient && o.ignoreAmbient:
		case change.Fails():
			code = tlscheck.ExitNotOK
		case change.Class == tlsdiff.Unknown && code == tlscheck.ExitOK:
			code = tlscheck.ExitUnknown
		}
	}
	return code, o.printChanges(to, changes, m.expected.Told(changes))
}
