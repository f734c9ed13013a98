package probing

import (
	"context"
	"net/netip"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"

	"mtls.test/conformance/e2e/live/observe"
)

// askInterval is how often the taps are asked: they keep more sightings than pass in that time.
const askInterval = 10 * time.Second

// sightings are what the taps saw of the session's tokens in the clear.
type sightings struct {
	taps *observe.Taps

	mu      sync.Mutex
	asked   time.Time           // when the taps were last
	scanned map[netip.Addr]bool // pods that the taps look at
	seen    []observe.Seen
	gaps    []observe.Gap
}

func newSightings(taps *observe.Taps) *sightings {
	return &sightings{taps: taps, scanned: map[netip.Addr]bool{}}
}

// look has the taps look at the pods that came. A pod is looked at as soon as it has an address, long before it is ready.
func (s *sightings) look(ctx context.Context, pods []corev1.Pod) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	came := false
	for _, pod := range pods {
		address, err := netip.ParseAddr(pod.Status.PodIP)
		if err == nil && !pod.Spec.HostNetwork && !s.scanned[address] {
			s.scanned[address], came = true, true
		}
	}
	if came {
		if err := s.taps.Scan(ctx); err != nil {
			return err
		}
	}
	if time.Since(s.asked) > askInterval {
		s.take(ctx)
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
