package runner

import (
	"strings"
	"testing"

	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/istioversion"
)

// on is a run on proxies of a profile, under an Istio that states a version and, after a space, the date of its commit.
func on(profile, istio string) *CaseRun {
	text, date, _ := strings.Cut(istio, " ")
	version, _ := istioversion.Parse(text, date)
	return &CaseRun{Case: fixture.Case{ID: "c"}, r: &Runner{Profile: profile, Istio: version}}
}

func TestExpectationsHoldByProfileAndVersion(t *testing.T) {
	expects := []fixture.Expect{
		{From: fixture.Names{"client"}, To: fixture.Names{"a:1"}, Want: hop.MTLS},
		{From: fixture.Names{"client"}, To: fixture.Names{"b:1"}, Want: hop.MTLS, Profile: fixture.ProfileDefault},
		{From: fixture.Names{"client"}, To: fixture.Names{"c:1"}, Want: hop.MTLS, Until: fixture.Names{"1.30.2 2026-06-20", "1.31"}},
		{From: fixture.Names{"client"}, To: fixture.Names{"d:1"}, Want: hop.Plaintext, Since: fixture.Names{"1.30.2 2026-06-20", "1.31"}},
		{From: fixture.Names{"client"}, To: fixture.Names{"e:1"}, Want: hop.Plaintext, Since: fixture.Names{"1.30"}, Until: fixture.Names{"1.31"}},
	}
	for _, test := range []struct{ profile, istio, want string }{
		{fixture.ProfileVanilla, "1.29.9", "a c"},
		{fixture.ProfileDefault, "1.29.9", "a b c"},
		{fixture.ProfileVanilla, "1.30.1", "a c e"},
		{fixture.ProfileVanilla, "1.30.0-9739e10eb9d7 2026-06-19", "a c e"},
		{fixture.ProfileVanilla, "1.30.0-9739e10eb9d7 2026-08-26", "a d e"},
		{fixture.ProfileVanilla, "1.31.0-eed52ebb66ad", "a d"},
	} {
		attempts, err := on(test.profile, test.istio).Attempts(0, expects)
		var got []string
		for _, a := range attempts {
			got = append(got, a.To.Service)
		}
		if err != nil || strings.Join(got, " ") != test.want {
			t.Errorf("Istio %s, %s: got %s, %v; want %s", test.istio, test.profile, got, err, test.want)
		}
	}
}

func TestAnExpectationThatCannotBePlacedIsNotPassedOver(t *testing.T) {
	expects := []fixture.Expect{
		{From: fixture.Names{"client"}, To: fixture.Names{"a:1"}, Want: hop.MTLS},
		{From: fixture.Names{"client", "gateway"}, To: fixture.Names{"d:1"}, Want: hop.Plaintext, Since: fixture.Names{"1.30.2 2026-06-20", "1.31"}},
	}
	for _, istio := range []string{"latest", "1.30.0-9739e10eb9d7"} {
		attempts, err := on(fixture.ProfileVanilla, istio).Attempts(0, expects)
		if err == nil {
			t.Errorf("Istio %s: got %v", istio, attempts)
			continue
		}
		for _, want := range []string{"case c, client, gateway -> d:1 want plaintext", "since 1.30.2 2026-06-20, 1.31", istio} {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("Istio %s: %v does not say %s", istio, err, want)
			}
		}
	}
	if attempts, err := on(fixture.ProfileVanilla, "latest").Attempts(0, expects[:1]); err != nil || len(attempts) != 1 {
		t.Errorf("one that is for every version: got %v, %v", attempts, err)
	}
}
