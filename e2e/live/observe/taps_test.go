package observe

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	corev1 "k8s.io/api/core/v1"

	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/e2e/pure/clock"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/fixtures/agent/control"
	"mtls.test/conformance/fixtures/agent/tap"
)

// The tests' cluster has two nodes with a tap on each. Two servers run on the first, and one on the second.
var (
	tap1, tap2 = mesh.Proxy{Namespace: "tap", Pod: "tap-1"}, mesh.Proxy{Namespace: "tap", Pod: "tap-2"}
	product    = mesh.Place{Proxy: mesh.Proxy{Namespace: "default", Pod: "product"}, Address: netip.MustParseAddr("10.244.0.7")}
	billing    = mesh.Place{Proxy: mesh.Proxy{Namespace: "default", Pod: "billing"}, Address: netip.MustParseAddr("10.244.0.8")}
	legacy     = mesh.Place{Proxy: mesh.Proxy{Namespace: "legacy", Pod: "legacy"}, Address: netip.MustParseAddr("10.244.1.9")}
	began      = time.Date(2026, 5, 4, 3, 2, 1, 0, time.UTC)
)

// nodes is a cluster of pods and taps.
type nodes struct {
	pods    []corev1.Pod
	unread  error                           // why pods cannot be listed
	silent  map[mesh.Proxy]error            // why a tap does not answer
	clocks  map[mesh.Proxy]clock.Reading    // of the taps
	unset   error                           // why a clock cannot be measured
	watched map[mesh.Proxy][]netip.Addr     // by each tap
	asked   map[mesh.Proxy][]tap.Wanted     // of each tap, last
	found   map[mesh.Proxy][]tap.Connection // by each tap, for every question about their destination
	since   map[mesh.Proxy]time.Time        // from when on each tap's record is complete
	extra   map[mesh.Proxy]int              // answers to no question
	enough  map[mesh.Proxy][]time.Duration  // to how much each tap's clock was measured
}

func podOn(node string, of mesh.Proxy) corev1.Pod {
	var pod corev1.Pod
	pod.Namespace, pod.Name, pod.Spec.NodeName = of.Namespace, of.Pod, node
	return pod
}

func newNodes() *nodes {
	return &nodes{
		pods: []corev1.Pod{
			podOn("node-1", tap1), podOn("node-2", tap2),
			podOn("node-2", legacy.Proxy), podOn("node-1", billing.Proxy), podOn("node-1", product.Proxy),
		},
		silent: map[mesh.Proxy]error{}, clocks: map[mesh.Proxy]clock.Reading{}, watched: map[mesh.Proxy][]netip.Addr{}, asked: map[mesh.Proxy][]tap.Wanted{},
		found: map[mesh.Proxy][]tap.Connection{}, since: map[mesh.Proxy]time.Time{tap1: began, tap2: began}, extra: map[mesh.Proxy]int{}, enough: map[mesh.Proxy][]time.Duration{},
	}
}

// taps are those of the cluster, which watch nothing yet.
func (n *nodes) taps() *Taps {
	taps := NewTaps(nil, nil, "tap")
	taps.pods, taps.control, taps.clock = n.list, n.answer, n.measure
	return taps
}

// watching are taps that watch all servers.
func (n *nodes) watching(t *testing.T) *Taps {
	t.Helper()
	taps := n.taps()
	if err := taps.Watch(t.Context(), product, billing, legacy); err != nil {
		t.Fatal(err)
	}
	return taps
}

func (n *nodes) list(_ context.Context, namespace, selector string) ([]corev1.Pod, error) {
	return slices.DeleteFunc(slices.Clone(n.pods), func(pod corev1.Pod) bool {
		return pod.Namespace != namespace || (selector == tapSelector) != strings.HasPrefix(pod.Name, "tap-")
	}), n.unread
}

func (n *nodes) measure(_ context.Context, by mesh.Proxy, enough time.Duration) (clock.Reading, error) {
	n.enough[by] = append(n.enough[by], enough)
	return n.clocks[by], n.unset
}

// answer is a tap's control API, whose questions and answers are JSON.
func (n *nodes) answer(_ context.Context, by mesh.Proxy, path string, question, answer any) error {
	if why := n.silent[by]; why != nil {
		return why
	}
	asked, err := json.Marshal(question)
	if err != nil {
		return err
	}
	var told any
	switch path {
	case control.PathWatch:
		var watch control.WatchRequest
		err = json.Unmarshal(asked, &watch)
		n.watched[by], told = append(n.watched[by], watch.Pods...), control.WatchAnswer{}
	case control.PathConnections:
		var of control.ConnectionsRequest
		err = json.Unmarshal(asked, &of)
		n.asked[by], told = of.Wanted, control.ConnectionsAnswer{Found: n.find(by, of.Wanted)}
	}
	content, wrong := json.Marshal(told)
	return errors.Join(err, wrong, json.Unmarshal(content, answer))
}

func (n *nodes) find(by mesh.Proxy, wanted []tap.Wanted) []tap.Found {
	all := make([]tap.Found, n.extra[by])
	for _, one := range wanted {
		found := tap.Found{Complete: n.since[by]}
		for _, connection := range n.found[by] {
			if connection.Destination == one.Destination {
				found.Connections = append(found.Connections, connection)
			}
		}
		all = append(all, found)
	}
	return all
}

func TestEachTapWatchesThePodsOfItsNode(t *testing.T) {
	n := newNodes()
	n.clocks[tap2] = clock.Reading{Offset: time.Second, Uncertainty: time.Millisecond}
	taps := n.watching(t)
	if first := n.watched[tap1]; len(first) != 2 || !slices.Contains(first, product.Address) || !slices.Contains(first, billing.Address) {
		t.Errorf("the tap of the first node watches %s", first)
	}
	if second := n.watched[tap2]; len(second) != 1 || second[0] != legacy.Address {
		t.Errorf("the tap of the second node watches %s", second)
	}
	clocks := taps.Clocks()
	if len(clocks) != 2 || clocks[0].Name != "tap/tap-1" || clocks[1].Name != "tap/tap-2" || clocks[1].Offset != time.Second {
		t.Errorf("their clocks are %+v", clocks)
	}
	if first := n.enough[tap1]; len(first) != 1 || first[0] != clock.Fine {
		t.Errorf("a clock is first measured to %s", first)
	}
}

func TestAPodThatNoTapCanWatchIsAnError(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*nodes)
		want   string
	}{
		"no tap on its node":      {func(n *nodes) { n.pods = n.pods[1:] }, "no tap runs on node node-1, where default/product does"},
		"it is gone":              {func(n *nodes) { n.pods = n.pods[:4] }, "default/product does not run any more"},
		"pods cannot be listed":   {func(n *nodes) { n.unread = errors.New("forbidden") }, "forbidden"},
		"the tap does not answer": {func(n *nodes) { n.silent[tap1] = errors.New("no socket") }, "tap: no socket"},
		"its clock is unknown":    {func(n *nodes) { n.unset = clock.ErrStepped }, clock.ErrStepped.Error()},
	} {
		n := newNodes()
		test.change(n)
		taps := n.taps()
		if err := taps.Watch(t.Context(), product); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v", name, err)
		}
		asked := tap.Wanted{Destination: netip.AddrPortFrom(product.Address, 8080)}
		if seen := taps.Connections(t.Context(), []tap.Wanted{asked})[tupleOf(asked)].Observation; !strings.Contains(seen.Missing, "no tap watches") {
			t.Errorf("%s: it counts as watched: %+v", name, seen)
		}
	}
	listed := newNodes()
	taps := listed.taps()
	taps.pods = func(ctx context.Context, namespace, selector string) ([]corev1.Pod, error) {
		if selector == tapSelector {
			return listed.list(ctx, namespace, selector)
		}
		return nil, errors.New("forbidden")
	}
	if err := taps.Watch(t.Context(), product); err == nil || err.Error() != "forbidden" {
		t.Errorf("the server's namespace cannot be listed: %v", err)
	}
}

func TestEachTapIsAskedForTheConnectionsToItsPodsByItsClock(t *testing.T) {
	n := newNodes()
	n.clocks[tap1] = clock.Reading{Offset: 2 * time.Second, Uncertainty: time.Millisecond}
	n.clocks[tap2] = clock.Reading{Offset: -time.Second, Uncertainty: time.Millisecond}
	n.since = map[mesh.Proxy]time.Time{tap1: began, tap2: began.Add(-time.Minute)}
	taps := n.watching(t)
	toProduct, toBilling, toLegacy := netip.AddrPortFrom(product.Address, 8080), netip.AddrPortFrom(billing.Address, 8080), netip.AddrPortFrom(legacy.Address, 8080)
	one := tap.Connection{Source: netip.MustParseAddrPort("10.244.0.5:1"), Destination: toBilling, Opened: began.Add(2 * time.Second)}
	two := tap.Connection{Source: netip.MustParseAddrPort("10.244.0.5:2"), Destination: toBilling, Opened: began.Add(2 * time.Second)}
	n.found[tap1] = []tap.Connection{one, two}
	wires := taps.Connections(t.Context(), []tap.Wanted{{Destination: toProduct, Since: began}, {Destination: toLegacy, Since: began}, {Destination: toBilling}})
	if len(wires) != 4 {
		t.Fatalf("got %+v", wires)
	}
	for _, from := range []netip.AddrPort{one.Source, two.Source} {
		seen, found := wires[hop.FiveTuple{Source: from, Destination: toBilling}]
		if !found || seen.Observation.By != "tap/tap-1" || !seen.Observation.Packets.Opened.Equal(began) {
			t.Errorf("from %s: %+v", from, seen)
		}
	}
	for destination, by := range map[netip.AddrPort]string{toProduct: "tap/tap-1", toLegacy: "tap/tap-2"} {
		if seen := wires[hop.FiveTuple{Destination: destination}].Observation; seen.Says != hop.Absent || seen.By != by {
			t.Errorf("to %s: %+v", destination, seen)
		}
	}
	if asked := n.asked[tap1]; len(asked) != 2 || asked[0].Destination != toProduct || !asked[0].Since.Equal(began.Add(1999*time.Millisecond)) || asked[1].Destination != toBilling || !asked[1].Since.IsZero() {
		t.Errorf("the first tap is asked for %+v", asked)
	}
	if asked := n.asked[tap2]; len(asked) != 1 || asked[0].Destination != toLegacy || !asked[0].Since.Equal(began.Add(-1001*time.Millisecond)) {
		t.Errorf("the second tap is asked for %+v", asked)
	}
}

func TestOfATapThatDoesNotAnswerNothingIsClaimed(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*nodes)
		want   string
	}{
		"it is gone":             {func(n *nodes) { n.silent[tap1] = errors.New("connection refused") }, "connection refused"},
		"it gives other answers": {func(n *nodes) { n.extra[tap1] = 1 }, "the tap gave 2 answers to 1 questions"},
	} {
		n := newNodes()
		taps := n.watching(t)
		test.change(n)
		here, there := tap.Wanted{Destination: netip.AddrPortFrom(product.Address, 8080), Since: began}, tap.Wanted{Destination: netip.AddrPortFrom(legacy.Address, 8080), Since: began.Add(time.Second)}
		wires := taps.Connections(t.Context(), []tap.Wanted{here, there})
		if seen := wires[tupleOf(here)].Observation; seen.Missing != test.want || seen.Says != "" || seen.By != "tap/tap-1" || seen.Conn != tupleOf(here) {
			t.Errorf("%s: %+v", name, seen)
		}
		if seen := wires[tupleOf(there)].Observation; seen.Says != hop.Absent {
			t.Errorf("%s: of the other tap: %+v", name, seen)
		}
		if _, err := taps.Open(t.Context(), here.Destination, netip.MustParseAddr("10.244.0.5")); err == nil || err.Error() != test.want {
			t.Errorf("%s: which connections are open: %v", name, err)
		}
	}
}

func TestTheOpenConnectionsAreThoseOfOnePod(t *testing.T) {
	n := newNodes()
	taps := n.watching(t)
	server := netip.AddrPortFrom(product.Address, 8080)
	if open, err := taps.Open(t.Context(), server, netip.MustParseAddr("10.244.0.5")); err != nil || len(open) != 0 {
		t.Errorf("where there is none: %+v, %v", open, err)
	}
	n.found[tap1] = []tap.Connection{
		{Source: netip.MustParseAddrPort("10.244.0.5:1"), Destination: server, ClientBytes: 5, ServerBytes: 7},
		{Source: netip.MustParseAddrPort("10.244.0.6:1"), Destination: server},
	}
	open, err := taps.Open(t.Context(), server, netip.MustParseAddr("10.244.0.5"))
	packets, found := open[hop.FiveTuple{Source: netip.MustParseAddrPort("10.244.0.5:1"), Destination: server}]
	if err != nil || len(open) != 1 || !found || packets.ClientBytes != 5 || packets.ServerBytes != 7 {
		t.Errorf("got %+v, %v", open, err)
	}
	if asked := n.asked[tap1]; len(asked) != 1 || !asked[0].Open || !asked[0].Since.IsZero() {
		t.Errorf("asked for %+v", asked)
	}
	n.found, n.since[tap1] = map[mesh.Proxy][]tap.Connection{}, time.Time{}
	if _, err := taps.Open(t.Context(), server, netip.MustParseAddr("10.244.0.5")); err == nil || !strings.Contains(err.Error(), "does not watch the server's pod any more") {
		t.Errorf("by a tap that began anew: %v", err)
	}
}

func TestATapThatSeesPlaintextIsProvedByAConnectionInTheClear(t *testing.T) {
	n := newNodes()
	taps := n.watching(t)
	server := netip.AddrPortFrom(product.Address, 8080)
	known := tap.Wanted{Source: netip.MustParseAddrPort("10.244.0.5:1"), Destination: server, Since: began}
	plain := inClear(t, known.Source, server)
	n.found[tap1] = []tap.Connection{plain}
	if err := taps.SeesPlaintext(t.Context(), known); err != nil {
		t.Error(err)
	}
	wire := taps.Connections(t.Context(), []tap.Wanted{known})[tupleOf(known)]
	if len(wire.Slice) == 0 || wire.Observation.Says != hop.Plaintext {
		t.Errorf("says %q by a pcap of %d bytes", wire.Observation.Says, len(wire.Slice))
	}
	plain.Dropped = 1
	n.found[tap1] = []tap.Connection{plain}
	if err := taps.SeesPlaintext(t.Context(), known); err == nil || !strings.Contains(err.Error(), "does not see plaintext where there is some: of 10.244.0.5:1 -> 10.244.0.7:8080") {
		t.Errorf("by a tap that lost a packet: %v", err)
	}
	delete(n.found, tap1)
	if err := taps.SeesPlaintext(t.Context(), known); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("%q", hop.Absent)) {
		t.Errorf("by a tap that does not find it: %v", err)
	}
}

// inClear is a connection in which an HTTP request and its answer passed in the clear.
func inClear(t *testing.T, source, destination netip.AddrPort) tap.Connection {
	t.Helper()
	c := tap.Connection{Source: source, Destination: destination, Opened: began}
	packet := func(from, to netip.AddrPort, tcp layers.TCP, payload string) {
		tcp.SrcPort, tcp.DstPort, tcp.Window = layers.TCPPort(from.Port()), layers.TCPPort(to.Port()), 64240
		ethernet := &layers.Ethernet{SrcMAC: make([]byte, 6), DstMAC: make([]byte, 6), EthernetType: layers.EthernetTypeIPv4}
		ip := &layers.IPv4{Version: 4, TTL: 63, Protocol: layers.IPProtocolTCP, SrcIP: from.Addr().AsSlice(), DstIP: to.Addr().AsSlice()}
		buffer := gopacket.NewSerializeBuffer()
		if err := gopacket.SerializeLayers(buffer, gopacket.SerializeOptions{FixLengths: true}, ethernet, ip, &tcp, gopacket.Payload(payload)); err != nil {
			t.Fatal(err)
		}
		c.Frames = append(c.Frames, tap.Frame{At: began, Length: len(buffer.Bytes()), Data: buffer.Bytes()})
	}
	const request, answer = "GET / HTTP/1.1\r\nHost: product\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n"
	packet(source, destination, layers.TCP{SYN: true, Seq: 1}, "")
	packet(destination, source, layers.TCP{SYN: true, ACK: true, Seq: 1}, "")
	packet(source, destination, layers.TCP{ACK: true, PSH: true, Seq: 2}, request)
	packet(destination, source, layers.TCP{ACK: true, PSH: true, Seq: 2}, answer)
	c.ClientBytes, c.ServerBytes = int64(len(request)), int64(len(answer))
	return c
}
