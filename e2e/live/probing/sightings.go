package probing

import (
	"context"
	"net/netip"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"

	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/e2e/live/observe"
	"mtls.test/conformance/e2e/pure/fixture"
)

// askInterval is how often the taps are asked: they keep more sightings than pass in that time.
const askInterval = 10 * time.Second

// sightings are what the taps saw of the session's tokens in the clear.
type sightings struct {
	taps *observe.Taps

	mu      sync.Mutex
	asked   time.Time           // when the taps were last
	scanned map[mesh.Place]bool // pods that the taps look at
	seen    []observe.Seen
	gaps    []observe.Gap
}

func newSightings(taps *observe.Taps) *sightings {
	return &sightings{taps: taps, scanned: map[mesh.Place]bool{}}
}

// look has the taps look at the pods that came: all of a cluster of the suite's own, and the suite's and the ingress gateway's on
// another's. A pod is looked at as soon as it has an address, long before it is ready.
func (s *sightings) look(ctx context.Context, pods []corev1.Pod, at fixture.Placement) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var came []mesh.Place
	for _, pod := range pods {
		address, err := netip.ParseAddr(pod.Status.PodIP)
		place := mesh.Place{Proxy: mesh.Proxy{Namespace: pod.Namespace, Pod: pod.Name}, Address: address}
		// Where pods are named they must run, for their nodes' taps are looked up.
		ready := !at.Existing || pod.Status.Phase == corev1.PodRunning
		if err == nil && ready && !pod.Spec.HostNetwork && pod.DeletionTimestamp == nil && at.Scans(pod.Namespace, pod.Labels) && !s.scanned[place] {
			came = append(came, place)
		}
	}
	if len(came) > 0 {
		if err := s.scan(ctx, came, at); err != nil {
			return err
		}
	}
	if time.Since(s.asked) > askInterval {
		s.take(ctx)
	}
	return nil
}

// scan has the taps look at places. Where all pods are looked at none is named, so that the taps find those that nobody knows of.
func (s *sightings) scan(ctx context.Context, came []mesh.Place, at fixture.Placement) error {
	named := came
	if !at.Existing {
		named = nil
	}
	if err := s.taps.Scan(ctx, named...); err != nil {
		return err
	}
	for _, place := range came {
		s.scanned[place] = true
	}
	return nil
}

// take takes what the taps saw since it was taken last.
func (s *sightings) take(ctx context.Context) {
	s.asked = time.Now()
	told := s.taps.Sightings(ctx)
	s.seen, s.gaps = append(s.seen, told.Seen...), append(s.gaps, told.Gaps...)
}

// all returns everything that was seen, and why something may not have been.
func (s *sightings) all(ctx context.Context) (seen []observe.Seen, gaps []observe.Gap) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.take(ctx)
	return s.seen, s.gaps
}
