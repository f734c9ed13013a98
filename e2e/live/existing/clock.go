package existing

import (
	"fmt"

	"mtls.test/conformance/e2e/pure/clock"
)

// ofClock says how well the API server's clock is known, which dates policies and leases. Those of the nodes are measured once
// taps run there.
func ofClock(measured clock.Reading, err error) Section {
	section := Section{Heading: "clocks"}
	hint := "kubectl get --raw /version, which must answer within %s: run from a machine nearer to the cluster, or when network and API server are less busy"
	hint = fmt.Sprintf(hint, 2*clock.Limit)
	if err == nil {
		err = clock.Clock{Name: "the API server", Reading: measured}.Fit()
	}
	if err != nil {
		section.Lines = append(section.Lines, Line{Says: err.Error(), Hint: hint})
		return section
	}
	section.Lines = append(section.Lines, Line{OK: true, Says: fmt.Sprintf("the API server's clock is %s beside this machine's", measured)})
	return section
}
