package mesh

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"sigs.k8s.io/e2e-framework/klient/wait"
)

// settleInterval is how often istiod and the proxies are asked while the mesh settles.
const settleInterval = 25 * time.Millisecond

// detachedAfter is how long a proxy may be without a stream to an istiod before it counts as cut off. Envoy takes a stream
// up again within a second.
const detachedAfter = 3 * time.Second

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
	var attached, detached []Proxy
	err := wait.For(func(ctx context.Context) (bool, error) {
		now, err := m.Sync(ctx)
		attached, detached = nil, nil
		for _, proxy := range proxies {
			if _, streams := now[proxy.id()]; streams {
				attached = append(attached, proxy)
			} else {
				detached = append(detached, proxy)
			}
		}
		return len(detached) == 0, err
	}, wait.WithContext(ctx), wait.WithTimeout(detachedAfter), wait.WithInterval(settleInterval), wait.WithImmediate())
	if len(detached) > 0 {
		return attached, DetachedError{detached}
	}
	return attached, err
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
// The error says what is outstanding when the limit passes, or at once what a proxy refused, or of which kind it cannot be
// told. Of proxies that are cut off nothing is waited for; the error is a DetachedError then, if the others are settled.
func (m *Mesh) Settle(ctx context.Context, kinds []Kind, proxies []Proxy, limit time.Duration) error {
	if err := withoutMarker(kinds); err != nil {
		return err
	}
	attached, cutOff := m.Attached(ctx, proxies)
	if cutOff != nil && !errors.As(cutOff, new(DetachedError)) || len(attached) == 0 {
		return cutOff
	}
	var ended error
	err := wait.For(func(ctx context.Context) (bool, error) {
		ended = nil
		err := m.marked(ctx, kinds, attached)
		if errors.As(err, new(endedError)) {
			ended = err
			return false, nil
		}
		return true, err
	}, wait.WithContext(ctx), wait.WithTimeout(limit), wait.WithInterval(settleInterval), wait.WithImmediate())
	return errors.Join(err, ended, cutOff)
}

// endedError is of an istiod whose streams ended before it showed the markers: since which push it does is not known then.
type endedError struct{ error }

// marked raises the markers and waits until they are known everywhere.
func (m *Mesh) marked(ctx context.Context, kinds []Kind, proxies []Proxy) error {
	istiods, err := m.istiods(ctx)
	if err != nil {
		return err
	}
	views := map[string]*view{}
	for _, istiod := range istiods {
		if views[istiod], err = m.view(ctx, istiod); err != nil {
			return err
		}
	}
	if !slices.Contains(kinds, pushed) {
		kinds = append(slices.Clone(kinds), pushed)
	}
	numbers, err := m.raise(ctx, kinds)
	if err != nil {
		return err
	}
	since, err := m.shown(ctx, views, numbers)
	if err != nil {
		return err
	}
	return m.acknowledged(ctx, istiods, since, proxies)
}

// shown waits until every istiod shows the numbers, and returns by istiod the first push that has them. The push that has
// routes sent is not to be an earlier one: where it is, its marker is raised again.
func (m *Mesh) shown(ctx context.Context, views map[string]*view, numbers map[Kind]int) (since map[string]int, err error) {
	since = map[string]int{}
	early := false
	for istiod, v := range views {
		all, err := v.showing(ctx, numbers, askLimit)
		if err != nil {
			return nil, fmt.Errorf("istiod %s: %w", istiod, err)
		}
		routes, _, _ := v.shown(map[Kind]int{pushed: numbers[pushed]})
		early = early || routes < all
		since[istiod] = all
	}
	if !early {
		return since, nil
	}
	again, err := m.raise(ctx, []Kind{pushed})
	if err != nil {
		return nil, err
	}
	return m.shown(ctx, views, again)
}

// acknowledged waits until each proxy has acknowledged the push of a number of its istiod's, or a later one.
func (m *Mesh) acknowledged(ctx context.Context, istiods []string, since map[string]int, proxies []Proxy) error {
	var outstanding []string
	err := wait.For(func(ctx context.Context) (bool, error) {
		now, err := m.syncOf(ctx, istiods)
		if err != nil {
			return false, err
		}
		var refused []string
		outstanding, refused = compare(now, since, proxies)
		if len(refused) > 0 {
			return false, errors.New(strings.Join(refused, "; "))
		}
		return len(outstanding) == 0, nil
	}, wait.WithContext(ctx), wait.WithTimeout(askLimit), wait.WithInterval(settleInterval), wait.WithImmediate())
	if err != nil && len(outstanding) > 0 {
		return fmt.Errorf("%s: %w", strings.Join(outstanding, "; "), err)
	}
	return err
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

// compare lists what is outstanding at proxies of the pushes with these numbers, by istiod, and what a proxy refused.
func compare(now SyncState, since map[string]int, proxies []Proxy) (outstanding, refused []string) {
	for _, proxy := range proxies {
		to := now[proxy.id()]
		push, known := since[to.istiod]
		if !known {
			outstanding = append(outstanding, fmt.Sprintf("%s has no stream to an istiod that shows the markers", proxy))
			continue
		}
		if counter(to.pushes[RDS].sent) < push {
			outstanding = append(outstanding, fmt.Sprintf("istiod sent %s no %s since push %d", proxy, RDS, push))
		}
		for _, t := range pushOrder {
			switch is := to.pushes[t]; {
			case is.problem != "":
				refused = append(refused, fmt.Sprintf("%s refused its %s: %s", proxy, t, is.problem))
			case is.acked != is.sent:
				outstanding = append(outstanding, fmt.Sprintf("%s has not acknowledged its %s", proxy, t))
			}
		}
	}
	return outstanding, refused
}
