package attempt

import (
	"errors"
	"net/netip"
	"slices"
	"testing"

	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/e2e/pure/join"
	"mtls.test/conformance/e2e/pure/verdict"
	"mtls.test/conformance/fixtures/agent/seen"
)

var secondPod = mesh.Place{Proxy: mesh.Proxy{Namespace: "n", Pod: "product-2"}, Address: netip.MustParseAddr("10.0.0.17"), Proxied: true}

// ofReplicas is a batch of one attempt that may have come to either of two pods.
func ofReplicas(t *testing.T) (*scene, *join.Attempt) {
	t.Helper()
	s, a := sceneOf(t), overHop("r-1", 80)
	configs := map[mesh.Proxy]verdict.Config{serverPod.Proxy: {Missing: "of the first"}, secondPod.Proxy: {Missing: "of the second"}}
	s.Add(s.batch, a, Over{Client: clientPod, Servers: mesh.Pods{serverPod, secondPod}, Configs: configs})
	return s, a
}

func TestAnAttemptIsOfThePodThatReceivedIt(t *testing.T) {
	gone := errors.New("it does not answer")
	for name, test := range map[string]struct {
		received []mesh.Place
		logged   bool // by the second pod's proxy
		unasked  error
		pod      mesh.Place
		servedBy []string
		unplaced bool
	}{
		"the application has it":   {received: []mesh.Place{secondPod}, pod: secondPod},
		"the proxy's log has it":   {logged: true, pod: secondPod},
		"both applications":        {received: []mesh.Place{serverPod, secondPod}, pod: serverPod, servedBy: []string{"n/product", "n/product-2"}},
		"none":                     {pod: serverPod, unplaced: true},
		"none, and one is unknown": {unasked: gone, pod: secondPod, unplaced: true},
	} {
		s, a := ofReplicas(t)
		for _, place := range test.received {
			s.batch.servers[place.Proxy].received = map[string][]seen.Record{"r-1": {{ID: "r-1"}}}
		}
		s.batch.servers[secondPod.Proxy].unasked = test.unasked
		if test.logged {
			s.logs(secondPod, left, "10.0.0.17:8080", request("r-1")+downstreamMTLS)
		}
		s.decide(s.batch)
		made := s.batch.Made()[0]
		if made.Server != test.pod.String() || a.Destination.Addr() != test.pod.Address || (made.Requests == 0) != test.unplaced {
			t.Errorf("%s: %+v at %s", name, made.Pair, a.Destination)
		}
		if want := map[mesh.Place]string{serverPod: "of the first", secondPod: "of the second"}[test.pod]; a.Check.Config.Missing != want {
			t.Errorf("%s: its configuration is %q", name, a.Check.Config.Missing)
		}
		if !slices.Equal(a.Check.ServedBy, test.servedBy) {
			t.Errorf("%s: served by %q", name, a.Check.ServedBy)
		}
	}
}

func TestAServerThatLacksWhatCameToItIsOverdue(t *testing.T) {
	for name, test := range map[string]struct {
		answered, logged bool
		lost             error // why there is no watermark
		want             int
	}{
		"answered, and no line":            {answered: true, want: 1},
		"answered, and its line":           {answered: true, logged: true},
		"nothing came":                     {},
		"answered, and no first watermark": {answered: true, lost: errors.New("lost")},
	} {
		a := overHop("r-1", 90)
		s := sceneOf(t, a)
		a.Reply.Answered = test.answered
		s.batch.servers[serverPod.Proxy].watermark = join.Watermark{Missing: test.lost}
		if test.logged {
			s.logs(serverPod, left, "10.0.0.7:9000", request("r-1")+downstreamMTLS)
		}
		if got := s.overdue(s.batch); len(got) != test.want {
			t.Errorf("%s: %d servers are overdue", name, len(got))
		}
	}
}
