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

// clear is what the taps saw of the session's tokens in the clear.
type clear struct {
	taps *observe.Taps

	mu      sync.Mutex
	asked   time.Time           // when the taps were last
	scanned map[netip.Addr]bool // pods that the taps look at
	seen    []observe.Seen
	gaps    []observe.Gap
}

func newClear(taps *observe.Taps) *clear {
	return &clear{taps: taps, scanned: map[netip.Addr]bool{}}
}

// look has the taps look at the pods that came. A pod is looked at as soon as it has an address, long before it is ready.
func (c *clear) look(ctx context.Context, pods []corev1.Pod) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	came := false
	for _, pod := range pods {
		address, err := netip.ParseAddr(pod.Status.PodIP)
		if err == nil && !pod.Spec.HostNetwork && !c.scanned[address] {
			c.scanned[address], came = true, true
		}
	}
	if came {
		if err := c.taps.Scan(ctx); err != nil {
			return err
		}
	}
	if time.Since(c.asked) > askInterval {
		c.take(ctx)
	}
	return nil
}

// take takes what the taps saw since it was taken last.
func (c *clear) take(ctx context.Context) {
	c.asked = time.Now()
	told := c.taps.Sightings(ctx)
	c.seen, c.gaps = append(c.seen, told.Seen...), append(c.gaps, told.Gaps...)
}

// all returns everything that was seen, and why something may not have been.
func (c *clear) all(ctx context.Context) (seen []observe.Seen, gaps []observe.Gap) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.take(ctx)
	return c.seen, c.gaps
}
