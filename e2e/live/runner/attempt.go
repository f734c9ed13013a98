package runner

import (
	"fmt"
	"strconv"
	"strings"

	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/verdict"
)

// attempt is one hop of an expectation, as it is tried.
type attempt struct {
	hop.Hop
	want fixture.Expect
	id   string // x-hop-id

	expectedBy verdict.ExpectedBy
}

// attempts lists the hops of a step's expectations that hold for this proxy profile and version.
func (p *play) attempts(step int, expects []fixture.Expect) []attempt {
	var all []attempt
	for _, expect := range expects {
		if !p.holds(expect) {
			continue
		}
		for _, h := range expect.Hops() {
			all = append(all, attempt{Hop: h, want: expect, id: fmt.Sprintf("%s-%s-%d-%d", p.run, p.c.ID, step, len(all))})
		}
	}
	return all
}

// holds tells whether an expectation is about the proxies that run.
func (p *Player) holds(expect fixture.Expect) bool {
	return (expect.Profile == "" || expect.Profile == p.Profile) && !before(p.Istio, expect.Since)
}

// before tells whether a version of Istio is of a minor before another; one that names no minor is the newest.
func before(version, minor string) bool {
	if minor == "" {
		return false
	}
	is, known := minorOf(version)
	since, _ := minorOf(minor)
	return known && is < since
}

func minorOf(version string) (int, bool) {
	parts := strings.SplitN(strings.TrimPrefix(version, "v"), ".", 3)
	if len(parts) < 2 || parts[0] != "1" {
		return 0, false
	}
	minor, err := strconv.Atoi(parts[1])
	return minor, err == nil
}

// kind is what stands between the attempt's client and the network.
func (p *Player) kind(a attempt) hop.ClientKind {
	if a.want.Probe != nil {
		return hop.Prober
	}
	client, _ := p.World.Client(a.From)
	return client.Kind
}
