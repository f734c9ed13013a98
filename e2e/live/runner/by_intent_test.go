package runner

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/join"
	"mtls.test/conformance/e2e/pure/oracle"
	"mtls.test/conformance/e2e/pure/verdict"
)

const foreignPolicy = "PeerAuthentication istio-system/theirs"

func runOn(byIntent string) *CaseRun {
	return &CaseRun{r: &Runner{World: fixture.World{Placement: fixture.Placement{ByIntent: byIntent}}}}
}

func answer(says hop.Outcome, cause hop.Refusal, identities oracle.Identities) verdict.Intent {
	return verdict.Intent{Answer: oracle.Answer{Says: says, Refusal: cause, Identities: identities}}
}

func TestExpectationsFollowTheOracleOnAMeshWithPoliciesOfItsOwn(t *testing.T) {
	proved := oracle.Identities{Client: "spiffe://theirs/ns/c/sa/c", Server: "spiffe://theirs/ns/s/sa/s"}
	own := fixture.Expect{
		Want: hop.MTLS, Wire: &fixture.Wire{Version: "TLSv1.3"}, Shown: &fixture.Shown{Lifetime: time.Hour},
		Identity: fixture.Identity{Client: "spiffe://cluster.local/ns/c/sa/c", Server: "spiffe://cluster.local/ns/s/sa/s"},
	}
	documented := fixture.Expect{Want: hop.Plaintext, Documented: hop.MTLS}
	for name, row := range map[string]struct {
		want  fixture.Expect
		asked verdict.Intent
		is    fixture.Expect
		by    verdict.ExpectedBy
	}{
		"another outcome": {own, answer(hop.Plaintext, "", oracle.Identities{}), fixture.Expect{Want: hop.Plaintext}, verdict.ByOracle},
		"a refusal":       {own, answer(hop.Refused, hop.NotTLS, oracle.Identities{}), fixture.Expect{Want: hop.Refused, Cause: hop.NotTLS}, verdict.ByOracle},
		"the same outcome": {own, answer(hop.MTLS, "", proved),
			fixture.Expect{Want: hop.MTLS, Identity: fixture.Identity{Client: proved.Client, Server: proved.Server}}, verdict.ByOracle},
		"documented, as the oracle asks":      {documented, answer(hop.MTLS, "", oracle.Identities{}), documented, verdict.ByCase},
		"documented, and the oracle asks not": {documented, answer(hop.Refused, hop.NoFilterChain, oracle.Identities{}), fixture.Expect{Want: hop.Refused, Cause: hop.NoFilterChain}, verdict.ByOracle},
	} {
		attempts := []join.Attempt{{ID: "1", Want: row.want}}
		got, err := runOn(foreignPolicy).byIntent(attempts, map[string]verdict.Intent{"1": row.asked})
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got[0].Want, row.is) || got[0].ExpectedBy != row.by {
			t.Errorf("%s: %+v by %q, want %+v by %q", name, got[0].Want, got[0].ExpectedBy, row.is, row.by)
		}
		if !reflect.DeepEqual(attempts[0].Want, row.want) {
			t.Errorf("%s: the case's own expectation was changed", name)
		}
	}
}

func TestExpectationsAreTheCasesOnAMeshWithoutOtherPolicies(t *testing.T) {
	attempts := []join.Attempt{{ID: "1", Want: fixture.Expect{Want: hop.MTLS, Wire: &fixture.Wire{Version: "TLSv1.3"}}}}
	p := runOn("")
	got, err := p.byIntent(attempts, map[string]verdict.Intent{"1": answer(hop.Plaintext, "", oracle.Identities{})})
	if err != nil || !reflect.DeepEqual(got, attempts) || p.Verdict.ByIntent != "" {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestWhatTheOracleCannotTellIsNotExpected(t *testing.T) {
	for reason, want := range map[string]fixture.Expect{"no route": {Want: hop.MTLS}, "from before": {Want: hop.MTLS, On: "stream"}} {
		asked := verdict.Intent{Missing: reason}
		if want.On != "" {
			asked = answer(hop.MTLS, "", oracle.Identities{})
		}
		if _, err := runOn(foreignPolicy).byIntent([]join.Attempt{{ID: "1", Want: want}}, map[string]verdict.Intent{"1": asked}); err == nil || !strings.Contains(err.Error(), reason) {
			t.Errorf("%v, want an error that says %q", err, reason)
		}
	}
}
