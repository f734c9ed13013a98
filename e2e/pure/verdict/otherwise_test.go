package verdict_test

import (
	"slices"
	"strings"
	"testing"

	"mtls.test/conformance/e2e/pure/hop"
)

func TestARequestThatWentTheOtherWayOfItsRouteIsExplainedByTheConfiguration(t *testing.T) {
	check := mtlsCheck()
	check.Config.Otherwise = []string{"10 % of its requests go to legacy"}
	for _, source := range []*hop.Observation{check.Observers.Server, check.Observers.Application, check.Observers.Wire} {
		*source = hop.Observation{Source: source.Source, Says: hop.Absent}
	}
	check.Observers.Client.Says = hop.Plaintext
	check.Judge()
	if check.Result != hop.Mismatch || !strings.Contains(check.Reason, "10 % of its requests go to legacy") || !slices.Equal(check.StandsOut, []string{"config"}) {
		t.Errorf("%s, %v: %s", check.Result, check.StandsOut, check.Reason)
	}
}
