package runner

import (
	"context"

	"mtls.test/conformance/e2e/pure/verdict"
)

// witnessed lays beside a round's checks what a Kiali says of their servers' namespaces. A probe is no client that Kiali
// speaks of, nor is one without a proxy.
func (r *round) witnessed(ctx context.Context) {
	if r.Witness == nil {
		return
	}
	byNamespace := map[string][]verdict.Check{}
	for _, check := range r.checks {
		if service, _, found := r.World.Port(check.To); found && r.Places.Clients[check.From].Proxied && check.Probe == nil {
			byNamespace[service.Namespace] = append(byNamespace[service.Namespace], check)
		}
	}
	for namespace, checks := range byNamespace {
		said := r.Witness(ctx, namespace).Against(verdict.Seen(checks))
		r.verdict.Kiali = append(r.verdict.Kiali, verdict.Kiali{Step: r.step, Kiali: said})
	}
}
