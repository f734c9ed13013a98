package runner

import (
	"context"
	"fmt"
	"strings"
	"time"

	"sigs.k8s.io/e2e-framework/klient/wait"

	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/e2e/live/timeout"
	"mtls.test/conformance/e2e/pure/verdict"
)

const (
	ruleRenewed   = "each proxy holds another certificate than before"
	renewInterval = 250 * time.Millisecond
)

// renew waits until proxies hold another certificate than now.
func (c *CaseRun) renew(ctx context.Context, step int, names []string) error {
	before, err := c.r.serials(ctx, names)
	if err != nil {
		return err
	}
	return c.changed(ctx, step, "renew", names, ruleRenewed, func(*verdict.Change) error {
		var same []string
		err := wait.For(func(ctx context.Context) (bool, error) {
			now, err := c.r.serials(ctx, names)
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
		}, wait.WithContext(ctx), wait.WithTimeout(timeout.Renew.Duration()), wait.WithInterval(renewInterval), wait.WithImmediate())
		if err != nil && len(same) > 0 {
			return fmt.Errorf("after %s the certificate is the same as before: %s", timeout.Renew.Duration(), strings.Join(same, ", "))
		}
		return err
	})
}

// serials reads the serials of the certificates that the proxies of clients and services hold for the mesh, by name.
func (r *Runner) serials(ctx context.Context, names []string) (map[string]string, error) {
	serials := map[string]string{}
	for _, name := range names {
		var err error
		if serials[name], err = r.Config.Serial(ctx, r.proxyOf(name)); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return serials, nil
}

// proxyOf is the proxy of a client or service of the world.
func (r *Runner) proxyOf(name string) mesh.Proxy {
	if pods, isClient := r.Places.Clients[name]; isClient {
		return pods.First().Proxy
	}
	return r.Places.Services[name].First().Proxy
}
