package runner

import (
	"context"
	"fmt"
	"strings"
	"time"

	"sigs.k8s.io/e2e-framework/klient/wait"

	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/e2e/pure/envoy"
)

// renewLimit bounds the wait for a renewal. The one workload whose certificate is short-lived has its renewed every half a
// minute (fixtures/base/order-service.yaml).
const renewLimit = time.Minute

const (
	ruleRenewed   = "each proxy holds another certificate than before"
	renewInterval = 250 * time.Millisecond
)

// renew waits until proxies hold another certificate than now.
func (p *play) renew(ctx context.Context, step int, names []string) error {
	before, err := p.serials(ctx, names)
	if err != nil {
		return err
	}
	return p.changed(ctx, step, "renew", names, ruleRenewed, func() error {
		var same []string
		err := wait.For(func(ctx context.Context) (bool, error) {
			now, err := p.serials(ctx, names)
			if err != nil {
				return false, err
			}
			same = nil
			for _, name := range names {
				if now[name] == before[name] {
					same = append(same, name)
				}
			}
			return len(same) == 0, nil
		}, wait.WithContext(ctx), wait.WithTimeout(renewLimit), wait.WithInterval(renewInterval), wait.WithImmediate())
		if err != nil && len(same) > 0 {
			return fmt.Errorf("after %s the certificate is the same as before: %s", renewLimit, strings.Join(same, ", "))
		}
		return err
	})
}

// serials reads the certificates that the proxies of clients and services hold for the mesh.
func (p *Player) serials(ctx context.Context, names []string) (map[string]string, error) {
	serials := map[string]string{}
	for _, name := range names {
		dump, err := p.Mesh.Dump(ctx, p.proxyOf(name), envoy.Wanted{})
		if err != nil {
			return nil, err
		}
		held, err := dump.Secret(envoy.WorkloadSecret)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		serials[name] = held.Serial
	}
	return serials, nil
}

// proxyOf is the proxy of a client or service of the world.
func (p *Player) proxyOf(name string) mesh.Proxy {
	if place, isClient := p.Places.Clients[name]; isClient {
		return place.Proxy
	}
	return p.Places.Services[name].Proxy
}
