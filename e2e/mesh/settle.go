package mesh

import (
	"context"
	"errors"
	"fmt"
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

// Settle waits until istiod has sent every push that is due after the state before the change, and each proxy has
// acknowledged it. It says what is outstanding when the limit passes, and what a proxy refused at once.
func (m *Mesh) Settle(ctx context.Context, before SyncState, due []Due, limit time.Duration) error {
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
