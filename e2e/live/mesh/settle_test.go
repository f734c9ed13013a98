package mesh

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestANonceTellsTheNumberOfItsPush(t *testing.T) {
	for nonce, want := range map[string]int{
		"2026-11-24T01:09:43Z/8b899f2c9-2428-4c73-b318-7b705947bf9e":   8,
		"2026-11-24T01:09:43Z/123b899f2c9-2428-4c73-b318-7b705947bf9e": 123,
		"":                                     0,
		"b899f2c9-2428-4c73-b318-7b705947bf9e": 0,
	} {
		if got := counter(nonce); got != want {
			t.Errorf("%q: got %d, want %d", nonce, got, want)
		}
	}
}

func nonceOf(push string) string {
	return "2026-11-24T01:09:43Z/" + push + "b899f2c9-2428-4c73-b318-7b705947bf9e"
}

func TestAProxyIsSettledWhenItAcknowledgedThePushThatHasTheMarkersToItsLastType(t *testing.T) {
	proxy := Proxy{Namespace: "default", Pod: "p"}
	all := func(sent, acked string) map[ResourceType]push {
		pushes := map[ResourceType]push{}
		for _, t := range pushOrder {
			pushes[t] = push{sent: nonceOf(sent), acked: nonceOf(acked)}
		}
		return pushes
	}
	with := func(pushes map[ResourceType]push, t ResourceType, p push) map[ResourceType]push {
		pushes[t] = p
		return pushes
	}
	for name, test := range map[string]struct {
		istiod               string
		pushes               map[ResourceType]push
		outstanding, refused string
	}{
		"that push":                  {"a", all("9", "9"), "", ""},
		"a later one":                {"a", all("12", "12"), "", ""},
		"an earlier one":             {"a", all("8", "8"), "istiod sent default/p no RDS since push 9", ""},
		"routes alone are older":     {"a", with(all("9", "9"), RDS, push{nonceOf("8"), nonceOf("8"), ""}), "no RDS since push 9", ""},
		"nothing else was due":       {"a", with(all("8", "8"), RDS, push{nonceOf("9"), nonceOf("9"), ""}), "", ""},
		"listeners unacknowledged":   {"a", with(all("9", "9"), LDS, push{nonceOf("9"), nonceOf("8"), ""}), "has not acknowledged its LDS", ""},
		"a cluster warms":            {"a", with(all("9", "9"), CDS, push{nonceOf("9"), nonceOf("8"), ""}), "", ""},
		"later clusters on the way":  {"a", with(all("9", "9"), CDS, push{nonceOf("10"), nonceOf("8"), ""}), "has not acknowledged its CDS", ""},
		"warming, routes on the way": {"a", with(with(all("9", "9"), CDS, push{nonceOf("9"), nonceOf("8"), ""}), RDS, push{nonceOf("9"), nonceOf("8"), ""}), "CDS", ""},
		"endpoints unacknowledged":   {"a", with(all("9", "9"), EDS, push{nonceOf("9"), nonceOf("8"), ""}), "has not acknowledged its EDS", ""},
		"listeners refused":          {"a", with(all("9", "9"), LDS, push{nonceOf("9"), nonceOf("8"), "bad listener"}), "", "default/p refused its LDS: bad listener"},
		"another istiod's number":    {"b", all("9", "9"), "no RDS since push 30", ""},
	} {
		now := SyncState{"p.default": {test.istiod, test.pushes}}
		late, refused, moved := compare(now, map[string]int{"a": 9, "b": 30}, []Proxy{proxy})
		if got := told(late); !fits(got, test.outstanding) {
			t.Errorf("%s: outstanding %q, want %q", name, got, test.outstanding)
		}
		if got := strings.Join(refused, ";"); !fits(got, test.refused) || len(moved) > 0 {
			t.Errorf("%s: refused %q, want %q, moved %q", name, got, test.refused, moved)
		}
	}
	for name, now := range map[string]SyncState{"another istiod": {"p.default": {"c", all("40", "40")}}, "none": {}} {
		if late, refused, moved := compare(now, map[string]int{"a": 9}, []Proxy{proxy}); len(moved) != 1 || len(late)+len(refused) > 0 {
			t.Errorf("a stream to %s: outstanding %q, refused %q, moved %q", name, told(late), refused, moved)
		}
	}
}

func TestTheFirstTimeThatAProxyLagsNoMoreIsKept(t *testing.T) {
	a, b := Proxy{Namespace: "default", Pod: "a"}, Proxy{Namespace: "default", Pod: "b"}
	seen := map[Proxy]time.Time{}
	began := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for i, late := range [][]lag{{{a, "x"}, {b, "x"}}, {{b, "x"}}, {{b, "x"}, {b, "y"}}, nil} {
		note(seen, []Proxy{a, b}, late, began.Add(time.Duration(i)*time.Second))
	}
	if want := map[Proxy]time.Time{a: began.Add(time.Second), b: began.Add(3 * time.Second)}; !maps.Equal(seen, want) {
		t.Errorf("seen %v, want %v", seen, want)
	}
}

func fits(got, want string) bool { return strings.Contains(got, want) && (got == "") == (want == "") }

func TestThatProxiesAreCutOffIsToldApartFromAllElse(t *testing.T) {
	a, b := Proxy{Namespace: "default", Pod: "a"}, Proxy{Namespace: "default", Pod: "b"}
	cutOff := func(proxies ...Proxy) error { return DetachedError{Proxies: proxies} }
	for name, test := range map[string]struct {
		err  error
		want []Proxy
		only bool
	}{
		"one":               {cutOff(a), []Proxy{a}, true},
		"by two rules":      {errors.Join(cutOff(a), cutOff(a, b)), []Proxy{a, a, b}, true},
		"wrapped":           {fmt.Errorf("settle: %w", cutOff(b)), []Proxy{b}, true},
		"and another cause": {errors.Join(cutOff(a), errors.New("not acknowledged")), nil, false},
		"another cause":     {errors.New("not acknowledged"), nil, false},
	} {
		got, only := Detached(test.err)
		if only != test.only || !slices.Equal(got, test.want) {
			t.Errorf("%s: %v %t", name, got, only)
		}
	}
}
