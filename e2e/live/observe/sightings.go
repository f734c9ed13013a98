package observe

import (
	"context"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/e2e/pure/clock"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/join"
	"mtls.test/conformance/fixtures/agent/control"
	"mtls.test/conformance/fixtures/agent/tap"
	"mtls.test/conformance/fixtures/agent/token"
)

// Sightings are the tokens that the taps saw in clear since they were last asked, and what they did not look at.
type Sightings struct {
	Seen []Seen
	Gaps []Gap
}

// Seen is one token that a tap saw in clear. Which request it is of its issuer knows.
type Seen struct {
	Token token.Token
	Pod   netip.Addr // past whose device it went
	join.Sighting
}

// Gap tells why a token may have passed a pod unseen.
type Gap struct {
	Pod netip.Addr // not valid for every pod of a node
	Why string
}

// cursor is how far the sightings of a tap were read.
type cursor struct {
	tap   string // this start of it; empty before the first answer
	after uint64
}

// Scan has tokens looked for in what passes pods: those of places, or every pod of the nodes where there are none. It is called
// again for pods that came since.
func (t *Taps) Scan(ctx context.Context, places ...mesh.Place) error {
	taps, err := t.byNode(ctx)
	if err != nil {
		return err
	}
	wanted := map[mesh.Proxy]control.WatchRequest{}
	for _, by := range taps {
		wanted[by] = control.WatchRequest{All: len(places) == 0}
	}
	for _, place := range places {
		by, err := t.tapOf(ctx, taps, place)
		if err != nil {
			return err
		}
		request := wanted[by]
		request.Scan = append(request.Scan, place.Address)
		wanted[by] = request
	}
	for by, request := range wanted {
		var answer control.WatchAnswer
		if err := t.control(ctx, by, control.PathWatch, request, &answer); err != nil {
			return fmt.Errorf("tap: %w", err)
		}
		if _, known := t.read[by]; !known {
			t.read[by] = cursor{}
		}
	}
	// A tap that was replaced has nothing more to tell.
	maps.DeleteFunc(t.read, func(by mesh.Proxy, _ cursor) bool { _, there := wanted[by]; return !there })
	return nil
}

// Sightings returns what was seen since the last call. What an end of a connection has read by now is in it. A tap that does not
// answer is a gap of every pod.
func (t *Taps) Sightings(ctx context.Context) Sightings {
	var all Sightings
	for _, by := range slices.SortedFunc(maps.Keys(t.read), func(a, b mesh.Proxy) int { return strings.Compare(a.String(), b.String()) }) {
		reading, err := t.measure(ctx, by)
		var told tap.Sightings
		if err == nil {
			err = t.control(ctx, by, control.PathSightings, control.SightingsRequest{After: t.read[by].after}, &told)
		}
		if err != nil {
			all.Gaps = append(all.Gaps, Gap{Why: fmt.Sprintf("the tap %s does not tell what it saw: %v", by, err)})
			continue
		}
		if was := t.read[by].tap; was != "" && was != told.Tap {
			all.Gaps = append(all.Gaps, Gap{Why: fmt.Sprintf("the tap %s began anew", by)})
		}
		t.read[by] = cursor{tap: told.Tap, after: told.Next}
		all.add(by, reading, told)
	}
	return all
}

func (s *Sightings) add(by mesh.Proxy, reading clock.Reading, told tap.Sightings) {
	for _, hit := range told.Hits {
		s.Seen = append(s.Seen, Seen{Token: hit.Token, Pod: hit.Pod, Sighting: join.Sighting{
			Conn: hop.FiveTuple{Source: hit.Source, Destination: hit.Destination}, Offset: hit.Offset, At: reading.ToRunner(hit.At),
		}})
	}
	for _, unread := range told.Unread {
		why := fmt.Sprintf("the tap %s did not look at %d bytes from %s to %s", by, unread.Bytes, unread.Source, unread.Destination)
		s.Gaps = append(s.Gaps, Gap{Pod: unread.Pod, Why: why})
	}
	for _, lost := range told.Lost {
		s.Gaps = append(s.Gaps, Gap{Pod: lost.Pod, Why: fmt.Sprintf("the tap %s lost %d packets of %s", by, lost.Packets, lost.Pod)})
	}
	if told.Forgotten {
		s.Gaps = append(s.Gaps, Gap{Why: fmt.Sprintf("the tap %s saw more than it keeps", by)})
	}
}
