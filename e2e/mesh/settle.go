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

// Due is a push that a change must cause: a resource type at a proxy.
type Due struct {
	Proxy Proxy
	Type  ResourceType
}

// settleInterval is how often istiod and the proxies are asked while the mesh settles.
const settleInterval = 25 * time.Millisecond

// RulePush is the rule by which Settle holds a mesh to be settled.
const RulePush = "istiod sent each proxy concerned a push newer than the change, and it was acknowledged"

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
			if now[proxy.id()] == nil {
				detached = append(detached, proxy)
			} else {
				attached = append(attached, proxy)
			}
		}
		return len(detached) == 0, err
	}, wait.WithContext(ctx), wait.WithTimeout(detachedAfter), wait.WithInterval(settleInterval), wait.WithImmediate())
	if len(detached) > 0 {
		return attached, DetachedError{detached}
	}
	return attached, err
}

// Settle waits until istiod has sent every push that is due after the state before the change, and each proxy has
// acknowledged it. It says what is outstanding when the limit passes, and what a proxy refused at once. Of proxies that are
// cut off it waits for nothing; the error is a DetachedError then, if the others have what is due.
func (m *Mesh) Settle(ctx context.Context, before SyncState, due []Due, limit time.Duration) error {
	attached, cutOff := m.Attached(ctx, proxiesOf(due))
	if cutOff != nil && !errors.As(cutOff, new(DetachedError)) {
		return cutOff
	}
	due = slices.DeleteFunc(slices.Clone(due), func(d Due) bool { return !slices.Contains(attached, d.Proxy) })
	return errors.Join(m.acknowledged(ctx, before, due, limit), cutOff)
}

func proxiesOf(due []Due) []Proxy {
	var all []Proxy
	for _, d := range due {
		if !slices.Contains(all, d.Proxy) {
			all = append(all, d.Proxy)
		}
	}
	return all
}

func (m *Mesh) acknowledged(ctx context.Context, before SyncState, due []Due, limit time.Duration) error {
	var outstanding []string
	err := wait.For(func(ctx context.Context) (bool, error) {
		now, err := m.Sync(ctx)
		if err != nil {
			return false, err
		}
		var refused []string
		outstanding, refused = compare(before, now, due)
		if len(refused) > 0 {
			return false, errors.New(strings.Join(refused, "; "))
		}
		return len(outstanding) == 0, nil
	}, wait.WithContext(ctx), wait.WithTimeout(limit), wait.WithInterval(settleInterval), wait.WithImmediate())
	if err != nil && len(outstanding) > 0 {
		return fmt.Errorf("after %s: %s", limit, strings.Join(outstanding, "; "))
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

// compare lists the pushes that are due and not there, and those that a proxy refused.
func compare(before, now SyncState, due []Due) (outstanding, refused []string) {
	for _, d := range due {
		was, is := before[d.Proxy.id()][d.Type], now[d.Proxy.id()][d.Type]
		switch {
		case counter(is.sent) <= counter(was.sent):
			outstanding = append(outstanding, fmt.Sprintf("istiod sent %s no %s", d.Proxy, d.Type))
		case is.problem != "" && is.problem != was.problem:
			refused = append(refused, fmt.Sprintf("%s refused its %s: %s", d.Proxy, d.Type, is.problem))
		case is.acked != is.sent:
			outstanding = append(outstanding, fmt.Sprintf("%s has not acknowledged its %s", d.Proxy, d.Type))
		}
	}
	return outstanding, refused
}
