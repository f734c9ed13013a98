package runner

import (
	"slices"
	"testing"

	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/e2e/live/runner/hopconfig"
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
	two := []hopconfig.Pair{{Client: mesh.Place{Proxy: mesh.Proxy{Pod: "one"}}}, {Client: mesh.Place{Proxy: mesh.Proxy{Pod: "two"}}}}
	counted := &spread{Attempt: join.Attempt{ID: "a", Want: fixture.Expect{Counted: true}}, pairs: two}
	together := &spread{Attempt: join.Attempt{ID: "b"}, pairs: two}
	var sizes []int
	for _, group := range nextOf([]*spread{together, counted, together}) {
		sizes = append(sizes, len(group))
	}
	if !slices.Equal(sizes, []int{1, 1, 4}) {
		t.Errorf("%v requests at once, of each of two pods of the client", sizes)
	}
}
