package tlscheck

import (
	"fmt"
	"time"

	"mtls.test/conformance/e2e/pure/envoy"
	"mtls.test/conformance/e2e/pure/hop"
)

// renewedBy is the part of its life that a certificate may have left: Istio's agent renews it at half of it
// (SECRET_GRACE_PERIOD_RATIO, https://istio.io/latest/docs/reference/commands/pilot-agent/).
const renewedBy = 4

// Troubles tells what is wrong with a proxy's own certificate at a time: beside its life, whether it leads to a root that
// the proxy trusts, and whether it is for the workload.
func Troubles(own, roots envoy.SecretFacts, want hop.Identity, at time.Time) []string {
	if len(own.Chain) == 0 {
		return []string{"the proxy holds no certificate " + envoy.WorkloadSecret}
	}
	var all []string
	life, left := own.NotAfter.Sub(own.NotBefore), own.NotAfter.Sub(at)
	switch {
	case at.Before(own.NotBefore):
		all = append(all, fmt.Sprintf("not valid before %s, in %s: a clock is wrong", own.NotBefore.Format(time.RFC3339), own.NotBefore.Sub(at).Round(time.Second)))
	case left < 0:
		all = append(all, fmt.Sprintf("expired since %s", (-left).Round(time.Second)))
	case left < life/renewedBy:
		all = append(all, fmt.Sprintf("near its end: %s of %s are left, and it is renewed at half", left.Round(time.Second), life))
	}
	if want != "" && own.Identity != want {
		all = append(all, fmt.Sprintf("it is for %q, and the workload is %s", own.Identity, want))
	}
	switch {
	case len(roots.Roots) == 0:
		all = append(all, "the proxy holds no "+envoy.RootSecret)
	case !own.SignedUnder(roots):
		all = append(all, fmt.Sprintf("its chain, by %s, does not reach %s", own.Issuer, envoy.RootSecret))
	}
	for _, root := range roots.Roots {
		if !root.ValidAt(at) {
			all = append(all, fmt.Sprintf("root %s is valid from %s to %s alone", root.Subject, root.NotBefore.Format(time.RFC3339), root.NotAfter.Format(time.RFC3339)))
		}
	}
	return all
}
