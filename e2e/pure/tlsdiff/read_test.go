package tlsdiff

import (
	"testing"

	"mtls.test/conformance/e2e/pure/envoy"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/tlscheck"
)

var plainNames = Names{
	Controller: func(pod string) string { return pod },
	Version:    func(pod string) Version { return Version{Istiod: "1.31.0 for " + pod} },
}

// readHop is what a snapshot keeps of a hop.
func readHop(t *testing.T, h tlscheck.Hop) Hop {
	t.Helper()
	all := Hops(tlscheck.Host{Host: "shop.example", Rows: []tlscheck.Row{{Hops: []tlscheck.Hop{h}}}}, plainNames)
	if len(all) != 1 {
		t.Fatalf("%d hops", len(all))
	}
	return all[0]
}

// gatewayWith is a hop to a gateway whose port has servers, by the chain of each.
func gatewayWith(t *testing.T, chains ...envoy.ChainFacts) Hop {
	t.Helper()
	for i := range chains {
		chains[i].Socket, chains[i].TransportProtocol, chains[i].HTTP = envoy.TLSSocket, "tls", true
	}
	return readHop(t, tlscheck.Hop{Client: "a", Endpoint: "b", Configured: &tlscheck.Configured{ServerEnd: &envoy.ServerFacts{Gateway: true, Chains: chains}}})
}

func server(name, lowest string, required bool) envoy.ChainFacts {
	return envoy.ChainFacts{ServerNames: []string{name}, RequireClientCertificate: required, TLSContext: envoy.TLSContext{MinTLS: lowest}}
}

func TestEachServerOfAGatewayIsComparedWithItself(t *testing.T) {
	before := gatewayWith(t, server("a", "TLSv1_2", true), server("b", "TLSv1_3", true))
	for name, c := range map[string]struct {
		after Hop
		field Field
		class Class
	}{
		"the second takes an older version":          {gatewayWith(t, server("a", "TLSv1_2", true), server("b", "TLSv1_1", true)), ServerMinVersion, Weaker},
		"the second wants no certificate":            {gatewayWith(t, server("a", "TLSv1_2", true), server("b", "TLSv1_3", false)), ServerCertificate, Weaker},
		"the same where they stand in another order": {gatewayWith(t, server("b", "TLSv1_3", false), server("a", "TLSv1_2", true)), ServerCertificate, Weaker},
	} {
		found := false
		for _, change := range compare(at(before), at(c.after)) {
			found = found || change.Field == c.field && change.Class == c.class && change.Chain == "b"
			if change.Chain == "a" {
				t.Errorf("%s: the first has not changed: %s", name, change.What())
			}
		}
		if !found {
			t.Errorf("%s: not told", name)
		}
	}
}

func TestChainsForOneNameThatAreNotAlikeAreAllCompared(t *testing.T) {
	before := gatewayWith(t, server("a", "TLSv1_2", true), server("a", "TLSv1_3", true))
	after := gatewayWith(t, server("a", "TLSv1_2", true), server("a", "TLSv1_0", true))
	if len(before.Chains) != 2 || len(gatewayWith(t, server("a", "TLSv1_2", true), server("a", "TLSv1_2", true)).Chains) != 1 {
		t.Errorf("chains that are alike stand once, others each: %+v", before.Chains)
	}
	changes := compare(at(before), at(after))
	if len(changes) == 0 {
		t.Error("nothing is told")
	}
	for _, change := range changes {
		if change.Field != ServerMinVersion || change.Class != Weaker {
			t.Errorf("%s is %s", change.What(), change.Class)
		}
	}
}

func TestAServerThatCameOrWentShows(t *testing.T) {
	one, two := gatewayWith(t, server("a", "TLSv1_2", true)), gatewayWith(t, server("a", "TLSv1_2", true), server("b", "TLSv1_0", false))
	for _, changes := range [][]Change{compare(at(one), at(two)), compare(at(two), at(one))} {
		if len(changes) != 1 || changes[0].Field != ServerChains || changes[0].Class != Unexplained {
			t.Errorf("%d changes", len(changes))
		}
	}
}

func TestAnEndWithoutChecksHasNoneAndIsNotLeftOut(t *testing.T) {
	h := readHop(t, tlscheck.Hop{Configured: &tlscheck.Configured{
		ClientEnd: &envoy.ClientFacts{Socket: envoy.TLSSocket}, ServerEnd: &envoy.ServerFacts{Chains: []envoy.ChainFacts{{Socket: envoy.TLSSocket}}},
	}})
	for name, sans := range map[string][]string{"client": h.Facts[ClientSANs], "server": h.Chains[0].Facts[ServerSANs]} {
		if sans == nil || len(sans) != 0 {
			t.Errorf("%s: %#v", name, sans)
		}
	}
}

func TestAHopKeepsWhereItLeadsAndWhoseVersionsItIs(t *testing.T) {
	h := readHop(t, tlscheck.Hop{Client: "a", Endpoint: "b", Ambient: true, Subset: "asked"})
	if !h.Ambient || h.Subset != "asked" || h.Missing == "" || h.Versions.Client.Istiod != "1.31.0 for a" || h.Versions.Server.Istiod != "1.31.0 for b" {
		t.Errorf("%+v %+v", h.Versions, h)
	}
	if h := readHop(t, tlscheck.Hop{Route: &hop.Route{Subset: "routed"}}); h.Subset != "routed" {
		t.Errorf("subset %q", h.Subset)
	}
	if h := gatewayWith(t); !h.Gateway {
		t.Error("no gateway")
	}
}

func TestPodsOfTwoVersionsAreTwoHopsThatAreAlike(t *testing.T) {
	old, renewed := subsetHop("1.30.5", nil), subsetHop("1.31.0", nil)
	mixed := at(old, renewed, old)
	if len(mixed.Hops) != 2 {
		t.Errorf("%d hops", len(mixed.Hops))
	}
	if changes := compare(mixed, at(renewed)); len(changes) != 0 {
		t.Errorf("%d changes", len(changes))
	}
}
