package mesh

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"sigs.k8s.io/e2e-framework/klient/wait"

	"mtls.test/conformance/e2e/live/timeout"
)

// settleInterval is how often istiod and the proxies are asked while the mesh settles.
const settleInterval = 25 * time.Millisecond

// DetachedError names proxies that hold no stream to an istiod, so that no change can reach them: they go by what they have.
type DetachedError struct{ Proxies []Proxy }

func (e DetachedError) Error() string {
	var names []string
	for _, proxy := range e.Proxies {
		names = append(names, proxy.String())
	}
	return strings.Join(names, ", ") + ": no stream to istiod"
}

// Attached waits a little until every one of the proxies holds a stream to an istiod, and returns those that do. The error
// is a DetachedError of the others.
func (m *Mesh) Attached(ctx context.Context, proxies []Proxy) ([]Proxy, error) {
	attached, _, err := m.attached(ctx, proxies, timeout.Reattach.Duration())
	return attached, err
}

// AwaitStreams waits until every one of the proxies holds a stream to an istiod, also where they were cut off for long. The error is
// a DetachedError of those that do not.
func (m *Mesh) AwaitStreams(ctx context.Context, proxies []Proxy) error {
	_, _, err := m.attached(ctx, proxies, timeout.Attach.Duration())
	return err
}

// attached also returns the istiods that the streams are to.
func (m *Mesh) attached(ctx context.Context, proxies []Proxy, within time.Duration) (attached []Proxy, istiods []string, err error) {
	var detached []Proxy
	err = wait.For(func(ctx context.Context) (bool, error) {
		now, err := m.Sync(ctx)
		if err != nil { // what was known before stands: an istiod that does not answer in time says nothing of its streams
			return false, err
		}
		attached, detached, istiods = nil, nil, nil
		for _, proxy := range proxies {
			stream, holds := now[proxy.id()]
			if !holds {
				detached = append(detached, proxy)
				continue
			}
			attached = append(attached, proxy)
			if !slices.Contains(istiods, stream.istiod) {
				istiods = append(istiods, stream.istiod)
			}
		}
		return len(detached) == 0, nil
	}, wait.WithContext(ctx), wait.WithTimeout(within), wait.WithInterval(settleInterval), wait.WithImmediate())
	if len(detached) > 0 {
		return attached, istiods, DetachedError{detached}
	}
	return attached, istiods, err
}

// Settle waits until a change of objects of the kinds, which the API server has, is settled at the proxies: until every istiod
// shows a later marker of each kind, and each proxy has acknowledged the push that made it known, or a later one, to its last
// type.
//
// istiod makes one push after the other (pilot/pkg/xds/discovery.go debounce), numbers them (NextVersion) and queues each for
// every proxy; what is queued for one proxy is merged, and the next is begun when the one before is sent
// (pilot/pkg/xds/pushqueue.go Enqueue, MarkDone). One push sends clusters, endpoints, listeners and routes in this order
// (pilot/pkg/xds/ads.go PushOrder), on one stream. So a proxy that was sent routes by the push that has the markers, or by a
// later one, was sent before whatever the change causes at it. Not every change causes routes: the marker of VirtualService
// does, at every proxy (rds.go rdsNeedsPush).
//
// It returns by when each proxy had acknowledged: when it was first seen to. Proxies are looked at once every istiod shows the markers.
// The error says what is outstanding when the limit passes, or at once what a proxy refused, or of which kind it cannot be
// told. Of proxies that are cut off nothing is waited for; the error is a DetachedError then, if the others are settled.
func (m *Mesh) Settle(ctx context.Context, kinds []Kind, proxies []Proxy, limit time.Duration) (map[Proxy]time.Time, error) {
	if err := withoutMarker(kinds); err != nil {
		return nil, err
	}
	var moved error
	var seen map[Proxy]time.Time
	err := wait.For(func(ctx context.Context) (bool, error) {
		moved = nil
		var err error
		seen, err = m.marked(ctx, kinds, proxies, limit)
		if errors.As(err, new(movedError)) {
			moved = err
			return false, nil
		}
		return true, err
	}, wait.WithContext(ctx), wait.WithTimeout(limit), wait.WithInterval(settleInterval), wait.WithImmediate())
	return seen, errors.Join(err, moved)
}

// movedError is of markers that must be raised again: an istiod's streams ended, or a proxy has its own to another istiod,
// before they were seen, and since which push they are is not known.
type movedError struct{ error }

// marked raises the markers and waits until they are known everywhere. They are raised at once, so that the change and they
// are in one push most of the time.
func (m *Mesh) marked(ctx context.Context, kinds []Kind, proxies []Proxy, limit time.Duration) (map[Proxy]time.Time, error) {
	if !slices.Contains(kinds, pushed) {
		kinds = append(slices.Clone(kinds), pushed)
	}
	before := m.opened()
	var numbers map[Kind]int
	var failed error
	var raising sync.WaitGroup
	raising.Go(func() { numbers, failed = m.raise(ctx, kinds) })
	attached, istiods, cutOff := m.attached(ctx, proxies, timeout.Reattach.Duration())
	raising.Wait()
	if cutOff != nil && !errors.As(cutOff, new(DetachedError)) || len(attached) == 0 {
		return nil, cutOff
	}
	if failed != nil {
		return nil, failed
	}
	for _, istiod := range istiods {
		v, err := m.view(ctx, istiod)
		if err != nil {
			return nil, err
		}
		if before[istiod] != v {
			return nil, movedError{fmt.Errorf("istiod %s was not asked before the markers were raised", istiod)}
		}
	}
	since, err := m.shown(ctx, before, istiods, numbers, limit)
	if err != nil {
		return nil, err
	}
	seen, err := m.acknowledged(ctx, istiods, since, attached, limit)
	return seen, errors.Join(err, cutOff)
}

// shown waits until every istiod shows the numbers, and returns by istiod the first push that has them. The push that has
// routes sent is not to be an earlier one: where it is, its marker is raised again.
func (m *Mesh) shown(ctx context.Context, views map[string]*view, istiods []string, numbers map[Kind]int, limit time.Duration) (since map[string]int, err error) {
	since = map[string]int{}
	early := false
	for _, istiod := range istiods {
		v := views[istiod]
		all, err := v.showing(ctx, numbers, limit)
		if err != nil {
			return nil, fmt.Errorf("istiod %s: %w", istiod, err)
		}
		early = early || v.routesBefore(all, numbers[pushed])
		since[istiod] = all
	}
	if !early {
		return since, nil
	}
	again, err := m.raise(ctx, []Kind{pushed})
	if err != nil {
		return nil, err
	}
	return m.shown(ctx, views, istiods, again, limit)
}

// routesAgain is how long a proxy may be without routes of a push before the marker that has them sent is raised again: an
// istiod that merges two pushes for us alone names the later one, which may have none for the proxy.
const routesAgain = time.Second

// acknowledged waits until each proxy has acknowledged the push of a number of its istiod's, or a later one, and returns when each was
// first seen to have done so.
func (m *Mesh) acknowledged(ctx context.Context, istiods []string, since map[string]int, proxies []Proxy, limit time.Duration) (map[Proxy]time.Time, error) {
	var late []lag
	seen := map[Proxy]time.Time{}
	raised := time.Now()
	err := wait.For(func(ctx context.Context) (bool, error) {
		now, err := m.syncOf(ctx, istiods)
		if err != nil {
			return false, err
		}
		var refused, moved []string
		late, refused, moved = compare(now, since, proxies)
		if len(moved) > 0 {
			return false, movedError{errors.New(strings.Join(moved, "; "))}
		}
		if len(refused) > 0 {
			return false, errors.New(strings.Join(refused, "; "))
		}
		note(seen, proxies, late, time.Now())
		if len(late) > 0 && time.Since(raised) > routesAgain {
			raised = time.Now()
			_, err = m.raise(ctx, []Kind{pushed})
		}
		return len(late) == 0, err
	}, wait.WithContext(ctx), wait.WithTimeout(limit), wait.WithInterval(settleInterval), wait.WithImmediate())
	if err != nil && len(late) > 0 {
		return seen, fmt.Errorf("%s: %w", told(late), err)
	}
	return seen, err
}

// note keeps the time for those of the proxies that lag no more, unless they have one.
func note(seen map[Proxy]time.Time, proxies []Proxy, late []lag, at time.Time) {
	for _, proxy := range proxies {
		_, known := seen[proxy]
		if !known && !slices.ContainsFunc(late, func(one lag) bool { return one.proxy == proxy }) {
			seen[proxy] = at
		}
	}
}

// Detached lists the proxies that an error of settling is about, if it is of nothing but proxies that are cut off.
func Detached(err error) ([]Proxy, bool) {
	var several interface{ Unwrap() []error }
	if errors.As(err, &several) {
		var all []Proxy
		for _, one := range several.Unwrap() {
			proxies, only := Detached(one)
			if !only {
				return nil, false
			}
			all = append(all, proxies...)
		}
		return all, true
	}
	var detached DetachedError
	if errors.As(err, &detached) {
		return detached.Proxies, true
	}
	return nil, false
}

// received tells whether a proxy has what was sent of a type though it has not acknowledged it. While a cluster warms, for a
// certificate file that the proxy's pod does not have or for endpoints, Envoy sends no acknowledgement of clusters
// (ClusterManagerImpl::updateClusterCounts), and goes by the cluster that it had. Routes come last on the same stream, so
// whoever has acknowledged those of a push has its clusters.
func (s stream) received(t ResourceType) bool {
	return t == CDS && counter(s.pushes[RDS].acked) >= counter(s.pushes[CDS].sent)
}

// lag is what is outstanding at a proxy.
type lag struct {
	proxy Proxy
	what  string
}

func told(late []lag) string {
	var each []string
	for _, one := range late {
		each = append(each, one.what)
	}
	return strings.Join(each, "; ")
}

// compare lists what is outstanding at proxies of the pushes with these numbers, by istiod, what a proxy refused, and the
// proxies whose stream is to none of these istiods.
func compare(now SyncState, since map[string]int, proxies []Proxy) (late []lag, refused, moved []string) {
	for _, proxy := range proxies {
		to := now[proxy.id()]
		push, known := since[to.istiod]
		if !known {
			moved = append(moved, fmt.Sprintf("%s has no stream to an istiod that shows the markers", proxy))
			continue
		}
		if counter(to.pushes[RDS].sent) < push {
			late = append(late, lag{proxy, fmt.Sprintf("istiod sent %s no %s since push %d", proxy, RDS, push)})
		}
		for _, t := range pushOrder {
			switch is := to.pushes[t]; {
			case is.problem != "":
				refused = append(refused, fmt.Sprintf("%s refused its %s: %s", proxy, t, is.problem))
			case is.acked != is.sent && !to.received(t):
				late = append(late, lag{proxy, fmt.Sprintf("%s has not acknowledged its %s", proxy, t)})
			}
		}
	}
	return late, refused, moved
}
