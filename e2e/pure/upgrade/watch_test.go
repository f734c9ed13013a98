package upgrade

import "testing"

func proxy(pod, istio, istiod string) Proxy {
	return Proxy{Namespace: "mtls-clients", Pod: pod, Istio: istio, IstiodVersion: istiod}
}

func TestAProxyMovesWithItsPodOrItsControlPlane(t *testing.T) {
	before := []Proxy{proxy("a-1", "1.30.0", "1.30.0"), proxy("b-1", "1.30.0", "1.30.0")}
	for name, row := range map[string]struct {
		after []Proxy
		stood bool
	}{
		"nothing moved":            {before, true},
		"a pod is new":             {[]Proxy{before[0], proxy("b-2", "1.30.0", "1.30.0")}, false},
		"the control plane is new": {[]Proxy{before[0], proxy("b-1", "1.30.0", "1.31.0")}, false},
		"a pod has gone":           {before[:1], false},
	} {
		if Stood(before, row.after) != row.stood {
			t.Errorf("%s: stood %t", name, !row.stood)
		}
	}
}

func TestProxiesOfTwoVersionsArePaired(t *testing.T) {
	if Paired(nil) || Paired([]Proxy{proxy("a", "1.30.0", ""), proxy("b", "1.30.0", "")}) {
		t.Error("of one version")
	}
	if !Paired([]Proxy{proxy("a", "1.30.0", ""), proxy("b", "1.31.0", "")}) {
		t.Error("of two versions")
	}
}

func TestTheVersionsOfAWatchedUpgradeAreThoseThatProxiesFollow(t *testing.T) {
	old, later := proxy("a", "1.30.0", "1.30.0"), proxy("b", "1.31.0", "1.31.0")
	for name, row := range map[string]struct {
		stages   []Judged
		from, to string
	}{
		"moved":         {[]Judged{{Proxies: []Proxy{old, old}}, {Proxies: []Proxy{old, later}}, {Proxies: []Proxy{later, later}}}, "1.30.0", "1.31.0"},
		"turned back":   {[]Judged{{Proxies: []Proxy{old}}, {Proxies: []Proxy{later}}, {Proxies: []Proxy{old}}}, "1.30.0", "1.31.0"},
		"nothing moved": {[]Judged{{Proxies: []Proxy{old}}, {Proxies: []Proxy{old}}}, "1.30.0", "1.30.0"},
		"not reached":   {[]Judged{{Proxies: []Proxy{old}}, {Proxies: []Proxy{later}}, {}}, "1.30.0", "1.31.0"},
	} {
		if got := Between(row.stages); got[From] != row.from || got[To] != row.to {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestAStepIsNamedByWhatWasTold(t *testing.T) {
	if stage := Step(2, "istiod 1.31 is up\n"); stage.Name != "step-2" || stage.Title != "istiod 1.31 is up" {
		t.Errorf("%+v", stage)
	}
	if stage := Step(3, ""); stage.Title != "step 3" {
		t.Errorf("%+v", stage)
	}
}
