package observe

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"

	"mtls.test/conformance/e2e/live/kube"
	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/e2e/pure/clock"
	"mtls.test/conformance/e2e/pure/handshake"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/fixtures/agent/control"
	"mtls.test/conformance/fixtures/agent/tap"
)

// tapSelector finds the pods of the tap in fixtures/base.
const tapSelector = "app=tap"

// Taps are the taps of the nodes on which watched pods run. They are safe for concurrent use once they watch.
type Taps struct {
	namespace string                    // of the taps
	nodes     map[netip.Addr]mesh.Proxy // the tap that watches a pod
	read      map[mesh.Proxy]cursor     // of the taps that look for tokens

	pods      func(ctx context.Context, namespace, selector string) ([]corev1.Pod, error)           // lists those that run
	control   func(ctx context.Context, by mesh.Proxy, path string, question, answer any) error     // asks a tap
	clock     func(ctx context.Context, by mesh.Proxy, enough time.Duration) (clock.Reading, error) // measures a tap's
	measuring sync.Mutex
	clocks    map[mesh.Proxy]*clock.Clock // by tap
}

// Wire is what the wire shows of one connection, and the packets that show it as a pcap file.
type Wire struct {
	Observation hop.Observation
	Slice       []byte // empty when there are no packets
}

// NewTaps returns taps that watch nothing yet.
func NewTaps(k *kube.Client, m *mesh.Mesh, namespace string) *Taps {
	return &Taps{
		namespace: namespace, nodes: map[netip.Addr]mesh.Proxy{}, read: map[mesh.Proxy]cursor{}, clocks: map[mesh.Proxy]*clock.Clock{},
		pods: k.Pods, control: m.Control, clock: m.Clock,
	}
}

// Watch has the pods' connections recorded from now on. It is called again for pods that came since; for others
// nothing changes.
func (t *Taps) Watch(ctx context.Context, places ...mesh.Place) error {
	taps, err := t.byNode(ctx)
	if err != nil {
		return err
	}
	pods := map[mesh.Proxy][]netip.Addr{}
	for _, place := range places {
		by, err := t.tapOf(ctx, taps, place)
		if err != nil {
			return err
		}
		pods[by] = append(pods[by], place.Address)
	}
	for by, addresses := range pods {
		var answer control.WatchAnswer
		if err := t.control(ctx, by, control.PathWatch, control.WatchRequest{Pods: addresses}, &answer); err != nil {
			return fmt.Errorf("tap: %w", err)
		}
		if _, err := t.measure(ctx, by); err != nil {
			return fmt.Errorf("tap: %w", err)
		}
		for _, address := range addresses {
			t.nodes[address] = by
		}
	}
	return nil
}

func (t *Taps) byNode(ctx context.Context) (map[string]mesh.Proxy, error) {
	pods, err := t.pods(ctx, t.namespace, tapSelector)
	if err != nil {
		return nil, err
	}
	taps := map[string]mesh.Proxy{}
	for _, pod := range pods {
		taps[pod.Spec.NodeName] = mesh.Proxy{Namespace: pod.Namespace, Pod: pod.Name}
	}
	return taps, nil
}

// tapOf is the tap, of those by their nodes, that runs where a pod does.
func (t *Taps) tapOf(ctx context.Context, taps map[string]mesh.Proxy, place mesh.Place) (mesh.Proxy, error) {
	node, err := t.nodeOf(ctx, place)
	if err != nil {
		return mesh.Proxy{}, err
	}
	by, found := taps[node]
	if !found {
		return mesh.Proxy{}, fmt.Errorf("no tap runs on node %s, where %s does (kubectl get pods -n %s -o wide)", node, place.Proxy, t.namespace)
	}
	return by, nil
}

func (t *Taps) nodeOf(ctx context.Context, place mesh.Place) (string, error) {
	pods, err := t.pods(ctx, place.Namespace, "")
	if err != nil {
		return "", err
	}
	for _, pod := range pods {
		if pod.Name == place.Pod {
			return pod.Spec.NodeName, nil
		}
	}
	return "", fmt.Errorf("%s does not run any more: it cannot be watched", place.Proxy)
}

// Connections returns what the wire shows of the connections asked for. One without a source is asked for by its
// server address and port alone, and answered by every connection to it. A connection that is not found stands under
// the name it was asked by: as absent when its absence is certain, which needs no time to pass, because a tap has
// read each packet before the pod it is for.
//
// Times are the runner's, in questions and answers. Each tap's clock is measured anew, and what passed since it was measured
// last is dated by both measurements.
func (t *Taps) Connections(ctx context.Context, wanted []tap.Wanted) map[hop.FiveTuple]Wire {
	wires := map[hop.FiveTuple]Wire{}
	asked := map[mesh.Proxy][]tap.Wanted{}
	for _, one := range wanted {
		by, watched := t.nodes[one.Destination.Addr()]
		if !watched {
			wires[tupleOf(one)] = unseen("", one, errors.New("no tap watches the server's pod"))
			continue
		}
		asked[by] = append(asked[by], one)
	}
	for by, wanted := range asked {
		reading, found, err := t.find(ctx, by, wanted)
		for i, one := range wanted {
			if err != nil {
				wires[tupleOf(one)] = unseen(by.String(), one, err)
				continue
			}
			read(wires, by, reading, one, found[i])
		}
	}
	return wires
}

// find asks one tap, in the order of the questions.
func (t *Taps) find(ctx context.Context, by mesh.Proxy, wanted []tap.Wanted) (clock.Reading, []tap.Found, error) {
	reading, err := t.measure(ctx, by)
	if err != nil {
		return reading, nil, err
	}
	var questions []tap.Wanted
	for _, one := range wanted {
		one.Since = since(reading, one.Since)
		questions = append(questions, one)
	}
	var answer control.ConnectionsAnswer
	err = t.control(ctx, by, control.PathConnections, control.ConnectionsRequest{Wanted: questions}, &answer)
	if err == nil && len(answer.Found) != len(wanted) {
		err = fmt.Errorf("the tap gave %d answers to %d questions", len(answer.Found), len(wanted))
	}
	return reading, answer.Found, err
}

// since is the earliest that a time of the runner's may be by a tap's clock; zero stays zero.
func since(reading clock.Reading, at time.Time) time.Time {
	if at.IsZero() {
		return at
	}
	return reading.FromRunner(at).Add(-reading.Uncertainty)
}

// measure measures a tap's clock, and returns the reading for what passed since it was measured last.
func (t *Taps) measure(ctx context.Context, by mesh.Proxy) (clock.Reading, error) {
	t.measuring.Lock()
	defer t.measuring.Unlock()
	known, found := t.clocks[by]
	enough := clock.Fine
	if found {
		enough = known.Enough()
	}
	now, err := t.clock(ctx, by, enough)
	switch {
	case err != nil:
		return clock.Reading{}, err
	case !found:
		t.clocks[by] = clock.New(by.String(), now)
		return now, nil
	}
	return known.Follow(now), nil
}

// Clocks are those of the taps, as they were measured last, by name.
func (t *Taps) Clocks() []clock.Clock {
	t.measuring.Lock()
	defer t.measuring.Unlock()
	var all []clock.Clock
	for _, known := range t.clocks {
		copied := *known
		copied.Steps = slices.Clone(known.Steps)
		all = append(all, copied)
	}
	slices.SortFunc(all, func(a, b clock.Clock) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// Open returns what the connections to a server's port have carried so far that come from an address and have not ended.
func (t *Taps) Open(ctx context.Context, destination netip.AddrPort, from netip.Addr) (map[hop.FiveTuple]hop.Packets, error) {
	open := map[hop.FiveTuple]hop.Packets{}
	for conn, wire := range t.Connections(ctx, []tap.Wanted{{Destination: destination, Open: true}}) {
		switch {
		case wire.Observation.Packets == nil:
			return nil, errors.New(wire.Observation.Missing)
		case conn.Source.Addr() == from:
			open[conn] = *wire.Observation.Packets
		}
	}
	return open, nil
}

// read adds what a tap found of one question, by a reading of its clock.
func read(wires map[hop.FiveTuple]Wire, by mesh.Proxy, reading clock.Reading, asked tap.Wanted, found tap.Found) {
	for _, connection := range found.Connections {
		// A later connection of the same name replaces an earlier one.
		wire := wireOf(by, reading, connection)
		wires[wire.Observation.Conn] = wire
	}
	if len(found.Connections) > 0 {
		return
	}
	switch {
	case asked.Open && !found.Complete.IsZero():
		return
	case found.Complete.IsZero():
		wires[tupleOf(asked)] = unseen(by.String(), asked, errors.New("the tap does not watch the server's pod any more"))
	case found.Complete.After(since(reading, asked.Since)):
		wires[tupleOf(asked)] = unseen(by.String(), asked, fmt.Errorf("the tap has a gap before %s, so its absence is not certain", reading.ToRunner(found.Complete)))
	default:
		wires[tupleOf(asked)] = Wire{Observation: hop.Observation{Source: hop.Wire, By: by.String(), Conn: tupleOf(asked), Says: hop.Absent}}
	}
}

func wireOf(by mesh.Proxy, reading clock.Reading, c tap.Connection) Wire {
	capture := handshake.Capture{
		Conn: hop.FiveTuple{Source: c.Source, Destination: c.Destination},
		Packets: hop.Packets{
			Opened: reading.ToRunner(c.Opened), Clock: reading, ClientBytes: c.ClientBytes, ServerBytes: c.ServerBytes,
			Dropped: c.Dropped, Closed: c.Closed, Reset: c.Reset,
		},
	}
	for _, frame := range c.Frames {
		frame.At = reading.ToRunner(frame.At)
		capture.Frames = append(capture.Frames, handshake.Frame(frame))
	}
	wire := Wire{Observation: capture.Observation()}
	wire.Observation.By = by.String()
	slice, err := capture.Slice()
	if err != nil {
		wire.Observation.Missing = err.Error()
	}
	wire.Slice = slice
	return wire
}

func unseen(by string, asked tap.Wanted, err error) Wire {
	observation := missing(hop.Wire, "", err)
	observation.By, observation.Conn = by, tupleOf(asked)
	return Wire{Observation: *observation}
}

func tupleOf(asked tap.Wanted) hop.FiveTuple {
	return hop.FiveTuple{Source: asked.Source, Destination: asked.Destination}
}

// SeesPlaintext proves that the tap of a server sees plaintext where there is some: it must say so of a connection
// that is known to be in the clear. Without it, that no plaintext was seen would mean nothing.
func (t *Taps) SeesPlaintext(ctx context.Context, known tap.Wanted) error {
	wires := t.Connections(ctx, []tap.Wanted{known})
	for conn, wire := range wires {
		if seen := wire.Observation; seen.Says != hop.Plaintext {
			return fmt.Errorf("the tap does not see plaintext where there is some: of %s it says %q %s%s", conn, seen.Says, seen.Symptom.Error, seen.Missing)
		}
	}
	return nil
}
