package runner

import (
	"context"

	"mtls.test/conformance/e2e/pure/kiali"
	"mtls.test/conformance/e2e/pure/verdict"
)

// askKiali records what a Kiali says of the namespaces of the checks' servers. Kiali knows neither probes nor clients without a
// proxy.
func (c *CaseRun) askKiali(ctx context.Context, step int, checks []verdict.Check) {
	if c.r.Kiali == nil {
		return
	}
	byNamespace := map[string][]verdict.Check{}
	for _, check := range checks {
		if service, _, found := c.r.World.Port(check.Reached()); found && c.r.Places.Clients[check.From].First().Proxied && check.Probe == nil {
			byNamespace[service.Namespace] = append(byNamespace[service.Namespace], check)
		}
	}
	for namespace, checks := range byNamespace {
		statement := c.r.Kiali(ctx, namespace).Against(verdict.Seen(checks))
		c.Evidence.Kiali = append(c.Evidence.Kiali, kiali.AtStep{Step: step, Statement: statement})
	}
}
