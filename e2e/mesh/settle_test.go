package mesh

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
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

func TestAMeshIsSettledWhenEveryDuePushIsNewAndAcknowledged(t *testing.T) {
	proxy := Proxy{Namespace: "default", Pod: "p"}
	due := []Due{{proxy, LDS}}
	state := func(sent, acked, problem string) SyncState {
		return SyncState{"p.default": {LDS: {nonceOf(sent), nonceOf(acked), problem}}}
	}
	for name, test := range map[string]struct {
		before, now          SyncState
		outstanding, refused string
	}{
		"sent and acknowledged":     {state("8", "8", ""), state("9", "9", ""), "", ""},
		"sent, not acknowledged":    {state("8", "8", ""), state("9", "8", ""), "has not acknowledged its LDS", ""},
		"not sent":                  {state("8", "8", ""), state("8", "8", ""), "istiod sent default/p no LDS", ""},
		"refused":                   {state("8", "8", ""), state("9", "8", "bad listener"), "", "default/p refused its LDS: bad listener"},
		"a proxy that istiod lost":  {state("8", "8", ""), SyncState{}, "istiod sent default/p no LDS", ""},
		"a proxy that is just here": {SyncState{}, state("9", "9", ""), "", ""},
	} {
		outstanding, refused := compare(test.before, test.now, due)
		if got := strings.Join(outstanding, ";"); !fits(got, test.outstanding) {
			t.Errorf("%s: outstanding %q, want %q", name, got, test.outstanding)
		}
		if got := strings.Join(refused, ";"); !fits(got, test.refused) {
			t.Errorf("%s: refused %q, want %q", name, got, test.refused)
		}
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
