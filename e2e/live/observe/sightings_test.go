package observe

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/fixtures/agent/control"
	"mtls.test/conformance/fixtures/agent/tap"
	"mtls.test/conformance/fixtures/agent/token"
)

// telling are taps that tell what they saw, and note what they were asked.
type telling struct {
	told   map[mesh.Proxy]tap.Sightings
	silent map[mesh.Proxy]bool
	after  map[mesh.Proxy][]uint64
	scan   map[mesh.Proxy]control.WatchRequest
}

func tellingTaps(t *testing.T) (*telling, *Taps) {
	t.Helper()
	told := &telling{
		told: map[mesh.Proxy]tap.Sightings{tap1: {Tap: "a"}, tap2: {Tap: "b"}}, silent: map[mesh.Proxy]bool{},
		after: map[mesh.Proxy][]uint64{}, scan: map[mesh.Proxy]control.WatchRequest{},
	}
	taps := newNodes().taps()
	taps.control = func(_ context.Context, by mesh.Proxy, path string, question, answer any) error {
		switch path {
		case control.PathWatch:
			told.scan[by] = question.(control.WatchRequest)
		case control.PathSightings:
			told.after[by] = append(told.after[by], question.(control.SightingsRequest).After)
			if told.silent[by] {
				return errors.New("connection refused")
			}
			*answer.(*control.SightingsAnswer) = told.told[by]
		}
		return nil
	}
	if err := taps.Scan(t.Context()); err != nil {
		t.Fatal(err)
	}
	return told, taps
}

func gaps(of Sightings) string {
	var all []string
	for _, gap := range of.Gaps {
		all = append(all, gap.Why)
	}
	return strings.Join(all, "; ")
}

func TestEveryPodOfTheNodesIsScannedWhereNoneIsNamed(t *testing.T) {
	told, taps := tellingTaps(t)
	if !told.scan[tap1].All || !told.scan[tap2].All {
		t.Errorf("asked %+v", told.scan)
	}
	if err := taps.Scan(t.Context(), product, legacy); err != nil {
		t.Fatal(err)
	}
	for by, want := range map[mesh.Proxy]netip.Addr{tap1: product.Address, tap2: legacy.Address} {
		if asked := told.scan[by]; asked.All || !slices.Equal(asked.Scan, []netip.Addr{want}) {
			t.Errorf("%s was asked %+v", by, asked)
		}
	}
}

func TestSightingsAreToldOnce(t *testing.T) {
	told, taps := tellingTaps(t)
	hit := tap.Hit{Token: token.Token("t"), Pod: product.Address, Source: netip.MustParseAddrPort("10.244.0.7:8080"), Destination: netip.MustParseAddrPort("10.244.0.9:40000"), Offset: 7, At: began}
	told.told[tap1] = tap.Sightings{Tap: "a", Hits: []tap.Hit{hit}, Next: 4}
	seen := taps.Sightings(t.Context())
	if len(seen.Seen) != 1 || seen.Seen[0].Token != hit.Token || seen.Seen[0].Pod != hit.Pod || seen.Seen[0].Conn.Source != hit.Source || seen.Seen[0].Offset != 7 || len(seen.Gaps) > 0 {
		t.Errorf("got %+v", seen)
	}
	taps.Sightings(t.Context())
	if !slices.Equal(told.after[tap1], []uint64{0, 4}) {
		t.Errorf("asked for what is after %v", told.after[tap1])
	}
}

func TestWhatMayHavePassedUnseenIsAGap(t *testing.T) {
	for name, row := range map[string]struct {
		told tap.Sightings
		pod  netip.Addr
		want string
	}{
		"bytes that were not looked at": {tap.Sightings{Tap: "a", Unread: []tap.Unread{{Pod: product.Address, Bytes: 12}}}, product.Address, "did not look at 12 bytes"},
		"packets that were lost":        {tap.Sightings{Tap: "a", Lost: []tap.Loss{{Pod: product.Address, Packets: 3}}}, product.Address, "lost 3 packets"},
		"more than is kept":             {tap.Sightings{Tap: "a", Forgotten: true}, netip.Addr{}, "more than it keeps"},
		"a tap that began anew":         {tap.Sightings{Tap: "another"}, netip.Addr{}, "began anew"},
	} {
		told, taps := tellingTaps(t)
		taps.Sightings(t.Context())
		told.told[tap1] = row.told
		seen := taps.Sightings(t.Context())
		if len(seen.Gaps) != 1 || seen.Gaps[0].Pod != row.pod || !strings.Contains(gaps(seen), row.want) {
			t.Errorf("%s: got %+v", name, seen.Gaps)
		}
	}
	told, taps := tellingTaps(t)
	told.silent[tap2] = true
	if seen := taps.Sightings(t.Context()); len(seen.Gaps) != 1 || seen.Gaps[0].Pod.IsValid() || !strings.Contains(gaps(seen), "connection refused") {
		t.Errorf("a silent tap: got %+v", seen.Gaps)
	}
}
