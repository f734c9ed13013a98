package runner

import (
	"slices"
	"testing"

	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/join"
)

func TestTheWayBackTakesNoRootThatSomebodyMayStillShow(t *testing.T) {
	both := []fixture.Root{fixture.FirstRoot, fixture.ForeignRoot}
	for name, test := range map[string]struct {
		from fixture.Authority
		want []fixture.Authority
	}{
		"nothing was changed": {began, nil},
		"a second root":       {fixture.Authority{Trusts: both, Signs: fixture.FirstRoot}, []fixture.Authority{began}},
		"that signs":          {fixture.Authority{Trusts: both, Signs: fixture.ForeignRoot}, []fixture.Authority{{Trusts: both, Signs: fixture.FirstRoot}, began}},
		"and is the only one": {fixture.Authority{Trusts: both[1:], Signs: fixture.ForeignRoot}, []fixture.Authority{
			{Trusts: []fixture.Root{fixture.ForeignRoot, fixture.FirstRoot}, Signs: fixture.ForeignRoot},
			{Trusts: []fixture.Root{fixture.ForeignRoot, fixture.FirstRoot}, Signs: fixture.FirstRoot}, began,
		}},
	} {
		if got := back(test.from); !slices.EqualFunc(got, test.want, equal) {
			t.Errorf("%s: got %v, want %v", name, got, test.want)
		}
	}
}

func TestWhatIsCountedIsTriedByItself(t *testing.T) {
	counted, together := join.Attempt{ID: "a", Want: fixture.Expect{Counted: true}}, join.Attempt{ID: "b"}
	got := batches([]join.Attempt{together, counted, together, counted})
	if len(got) != 3 || len(got[0]) != 1 || len(got[1]) != 1 || len(got[2]) != 2 {
		t.Errorf("got %v", got)
	}
}
