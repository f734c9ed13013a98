package page

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"mtls.test/conformance/e2e/pure/envoy"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/kiali"
	"mtls.test/conformance/e2e/pure/oracle"
	"mtls.test/conformance/e2e/pure/report"
	"mtls.test/conformance/e2e/pure/verdict"
)

func TestAnEdgeHasItsLocksAndWhoSaysOtherwise(t *testing.T) {
	check := func(from string, result hop.Result, want, wire, intent, config hop.Outcome) verdict.Check {
		return verdict.Check{
			Hop: over(from, "product-service"), Result: result, Want: want, Identities: verdict.Identities{Server: "spiffe://cluster.local/ns/default/sa/a"},
			Intent: verdict.Intent{Answer: oracle.Answer{Says: intent}}, Config: verdict.Config{Prediction: envoy.Prediction{Says: config}},
			Observers: verdict.Observers{Wire: &hop.Observation{Source: hop.Wire, Says: wire}},
		}
	}
	old := check("client", hop.Pass, hop.MTLS, hop.MTLS, hop.MTLS, hop.Plaintext)
	old.On = "kept"
	red := report.Case{Case: verdict.Case{ID: "red", Result: hop.Mismatch, Checks: []verdict.Check{
		check("client", hop.Mismatch, hop.MTLS, hop.Plaintext, hop.MTLS, hop.Plaintext), old,
	}}}
	green := report.Case{Kiali: []kiali.AtStep{{Statement: kiali.Statement{Namespace: "default", Differs: "it says otherwise"}}}, Case: verdict.Case{ID: "green", Result: hop.Pass, Checks: []verdict.Check{
		check("client", hop.Pass, hop.MTLS, hop.Encrypted, hop.MTLS, hop.MTLS), check("order-service", hop.Fail, hop.MTLS, hop.Cut, hop.Refused, hop.Refused), check("plain-client", hop.Pass, hop.Refused, hop.Cut, hop.Refused, hop.Refused),
	}}}
	var got []string
	for _, e := range meshOf("", green, red).Edges {
		line := fmt.Sprintf("%s -> %s %s first %s", e.From, e.To, e.Result, e.First)
		for _, lock := range e.Locks {
			line += fmt.Sprintf(" %s=%d", lock.Kind, lock.Checks)
		}
		got = append(got, line+" "+strings.Join(e.Marks, ", "))
	}
	want := []string{
		"client -> product-service MISMATCH first red closed=2 open=1 Kiali 1, intent 1",
		"order-service -> product-service FAIL first green broken=1 Kiali 1",
		"plain-client -> product-service PASS first green broken=1 Kiali 1",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// However many there are, no box lies on another, and every row in its own box.
func TestServersDoNotLieOnEachOther(t *testing.T) {
	for _, servers := range []int{1, 3, 12, 60} {
		var c report.Case
		for i := range servers {
			for _, from := range []string{"gateway", "client", "plain-client"} {
				c.Checks = append(c.Checks, verdict.Check{Hop: over(from, fmt.Sprintf("service-%d", i)), Result: hop.Pass, Want: hop.MTLS, Pairs: []verdict.Pair{{Server: "default/a"}, {Server: "default/b"}}})
			}
		}
		m := meshOf("", c)
		for i, a := range m.Servers {
			if a.X < 0 || a.X+a.W > m.Width || a.Y+a.H > m.Height || len(a.Pods) != 2 {
				t.Errorf("%d: %+v lies outside of %d x %d", servers, a, m.Width, m.Height)
			}
			for _, b := range m.Servers[i+1:] {
				if a.X == b.X && a.Y < b.Y+b.H && b.Y < a.Y+a.H {
					t.Errorf("%d: %s lies on %s", servers, a.Name, b.Name)
				}
			}
			for _, e := range m.Edges {
				if e.To == a.Name && (e.X != a.X || e.Y-rowHeight/2 < a.Y || e.Y+e.Height()-rowHeight/2 > a.Y+a.H) {
					t.Errorf("%d: the row of %s lies outside of %s", servers, e.From, e.To)
				}
			}
		}
	}
}
