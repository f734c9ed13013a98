package upgrade

import (
	"slices"
	"strings"
	"testing"

	"mtls.test/conformance/e2e/pure/istioversion"
)

var versions = Versions{From: "1.30.0", To: "1.31.0"}

// proxies are those of all namespaces that move, and the gateway's, as they should be on a side with the istiod of another.
func proxies(s Standing) []Proxy {
	var all []Proxy
	add := func(namespace string, side Side) {
		plane := side
		if !s.Planes[plane] {
			plane = other(side)
		}
		all = append(all, Proxy{Namespace: namespace, Pod: "pod", Istio: versions[side], Istiod: "istiod", IstiodVersion: versions[plane]})
	}
	for _, name := range Namespaces() {
		add(name, s.Namespaces[name])
	}
	add("istio-system", s.Gateway)
	return all
}

func TestEveryModeEndsWhereItsNameSays(t *testing.T) {
	for mode, ends := range map[Mode]Side{Canary: To, InPlace: To, Rollback: From, RollbackAfterTag: From} {
		plan := Plan(mode, StrictTraffic)
		end := After(mode, plan, len(plan)-1)
		for name, side := range end.Namespaces {
			if side != ends {
				t.Errorf("%s: namespace %s ends at %s", mode, name, side)
			}
		}
		if end.Gateway != ends || !end.Planes[ends] || end.Planes[other(ends)] {
			t.Errorf("%s ends with %+v", mode, end)
		}
	}
}

func TestAllFourPairsOfVersionsStandAtOnce(t *testing.T) {
	for _, mode := range Modes {
		plan := Plan(mode, StrictTraffic)
		at := slices.IndexFunc(plan, func(s Stage) bool { return s.Name == "mixed" })
		s := After(mode, plan, at)
		if s.Namespaces["clients-first"] != To || s.Namespaces["clients-last"] != From || s.Namespaces["servers-first"] != To || s.Namespaces["servers-last"] != From {
			t.Errorf("%s, mixed: %+v", mode, s.Namespaces)
		}
	}
}

func TestTheGatewayMovesLastAndBackFirst(t *testing.T) {
	order := func(mode Mode) (gateways []string) {
		for _, stage := range Plan(mode, StrictTraffic) {
			for _, move := range stage.Moves {
				if move.Act == Gateway || move.Act == Namespace {
					gateways = append(gateways, string(move.Act)+" "+string(move.To))
				}
			}
		}
		return slices.Compact(gateways)
	}
	for mode, want := range map[Mode]string{
		Canary: "namespace to, gateway to", InPlace: "namespace to, gateway to", Rollback: "namespace to, namespace from",
		RollbackAfterTag: "namespace to, gateway to, gateway from, namespace from",
	} {
		if got := strings.Join(order(mode), ", "); got != want {
			t.Errorf("%s: got %s, want %s", mode, got, want)
		}
	}
}

func TestNoPlanChangesAnother(t *testing.T) {
	before := len(Plan(Canary, StrictTraffic))
	Plan(Rollback, StrictTraffic)
	Plan(RollbackAfterTag, StrictTraffic)
	if now := Plan(Canary, StrictTraffic); len(now) != before || now[3].Name != "clients" {
		t.Errorf("the canary became %+v", now)
	}
}

func TestAProxyIsMisplacedByItsVersionItsIstiodOrNone(t *testing.T) {
	plan := Plan(Canary, StrictTraffic)
	for index := range plan {
		s := After(Canary, plan, index)
		if wrong := s.Misplaced(proxies(s), versions, "istio-system"); len(wrong) > 0 {
			t.Errorf("stage %s: %q", plan[index].Name, wrong)
		}
	}
	s := After(Canary, plan, len(plan)-1)
	for want, change := range map[string]func(*Proxy){
		"is of Istio 1.30.0, want 1.31.0":                func(p *Proxy) { p.Istio = "1.30.0" },
		"has istiod istiod of Istio 1.30.0, want 1.31.0": func(p *Proxy) { p.IstiodVersion = "1.30.0" },
		"holds no stream to an istiod":                   func(p *Proxy) { p.Istiod = "" },
	} {
		all := proxies(s)
		change(&all[0])
		if wrong := s.Misplaced(all, versions, "istio-system"); len(wrong) != 1 || !strings.Contains(wrong[0], want) {
			t.Errorf("got %q, want %s", wrong, want)
		}
	}
}

func TestProxiesOfAnUpgradeInPlaceFollowTheNewControlPlaneBeforeTheyMove(t *testing.T) {
	plan := Plan(InPlace, StrictTraffic)
	s := After(InPlace, plan, 1)
	all := proxies(s)
	if all[0].Istio != "1.30.0" || all[0].IstiodVersion != "1.31.0" {
		t.Fatalf("got %+v", all[0])
	}
	if wrong := s.Misplaced(all, versions, "istio-system"); len(wrong) > 0 {
		t.Errorf("got %q", wrong)
	}
}

func TestAPairThatIstioDoesNotSupportIsRefused(t *testing.T) {
	for _, one := range []struct {
		mode     Mode
		from, to string
		says     string // empty where it is supported
	}{
		{Canary, "1.30.0", "1.31.0", ""}, {Canary, "1.29.2", "1.31.0", ""}, {InPlace, "1.30.0", "1.31.0", ""}, {Canary, "1.31.0", "1.31.1", ""},
		{Canary, "1.28.0", "1.31.0", "3 minors above, Istio supports 2"}, {InPlace, "1.29.0", "1.31.0", "2 minors above, Istio supports 1"},
		{Canary, "1.31.0", "1.30.0", "MODE=rollback FROM=1.30.0 TO=1.31.0"}, {Rollback, "1.31.0", "1.30.0", "it is older"},
		{Canary, "1.31.0", "2.0.0", "the majors differ"},
	} {
		from, err := istioversion.Parse(one.from, "")
		if err != nil {
			t.Fatal(err)
		}
		to, err := istioversion.Parse(one.to, "")
		if err != nil {
			t.Fatal(err)
		}
		err = one.mode.Supports(from, to)
		if one.says == "" && err != nil || one.says != "" && (err == nil || !strings.Contains(err.Error(), one.says)) {
			t.Errorf("%s from %s to %s: %v, want %q", one.mode, one.from, one.to, err, one.says)
		}
	}
}

func TestALeaseBeginsUnderTheOldControlPlaneAndEndsUnderTheNew(t *testing.T) {
	var names []string
	for _, stage := range Plan(Canary, LeaseTraffic) {
		names = append(names, stage.Name)
	}
	if got := strings.Join(names, " "); got != "before leased both mixed clients servers tag removed lease-ended mtls-again" {
		t.Error(got)
	}
}

func TestSkewIsTheTimeOfTheStagesAtWhichAProxyIsNewerThanItsIstiod(t *testing.T) {
	stages := []Judged{
		{Seconds: 1, Proxies: []Proxy{{Istio: "1.30.0", IstiodVersion: "1.31.0"}}},
		{Seconds: 2, Moves: []Made{{Seconds: 3}, {Seconds: 4}}, Proxies: []Proxy{{Istio: "1.31.0", IstiodVersion: "1.31.0"}, {Istio: "1.31.0", IstiodVersion: "1.30.0"}}},
	}
	if got := NewerThanIstiod(stages, versions); got != 9 {
		t.Errorf("%v seconds", got)
	}
}

func TestTheIstioOfAStageIsThatOfAllItsProxies(t *testing.T) {
	of := func(versions ...string) (all []Proxy) {
		for _, version := range versions {
			all = append(all, Proxy{IstiodVersion: version})
		}
		return all
	}
	if version, one := IstiodVersion(of("1.31.0", "1.31.0")); !one || version != "1.31.0" {
		t.Errorf("%s, %v", version, one)
	}
	for _, proxies := range [][]Proxy{nil, of(""), of("1.30.0", "1.31.0"), of("1.31.0", "")} {
		if version, one := IstiodVersion(proxies); one {
			t.Errorf("%+v: %s", proxies, version)
		}
	}
}
