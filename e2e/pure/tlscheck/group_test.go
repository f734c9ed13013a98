package tlscheck

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"mtls.test/conformance/e2e/pure/envoy"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/oracle"
)

// inClear is a hop in the clear, for a reason with the names of its ends.
func inClear(client string, port uint16, endpoint string) Hop {
	h := Hop{Client: client, Port: port, Endpoint: endpoint}
	h.Asked = oracle.Answer{Says: hop.Plaintext, Why: fmt.Sprintf("Sidecar a/default keeps it from %s: the client sends plaintext, and %s is DISABLE", client, endpoint)}
	return h
}

// told writes groups: "2 hops by [80] from a/x, a/y to b/z".
func told(host Host) []string {
	var all []string
	for _, row := range host.Rows {
		for _, g := range row.Groups() {
			var clients []string
			for _, client := range g.Clients {
				clients = append(clients, client.Name)
			}
			all = append(all, fmt.Sprintf("%d hops by %d from %s to %s", g.Hops, g.Ports, strings.Join(clients, ", "), strings.Join(g.Endpoints, ", ")))
		}
	}
	return all
}

func TestHopsThatAreAlikeAreOneGroup(t *testing.T) {
	product := func(clients, endpoints []string, ports ...uint16) []Hop {
		var all []Hop
		for _, client := range clients {
			for _, endpoint := range endpoints {
				for _, port := range ports {
					if client != endpoint {
						all = append(all, inClear(client, port, endpoint))
					}
				}
			}
		}
		return all
	}
	otherReason := inClear("a/y", 80, "b/1")
	otherReason.Asked.Why = "for another reason"
	unreached := Hop{Client: "a/x", Port: 80, Asked: oracle.Answer{Why: "service b has no selector"}}
	byAddress := inClear("a/x", 80, "")
	byAddress.Address = netip.MustParseAddr("192.0.2.1")
	for name, row := range map[string]struct {
		hops []Hop
		want []string
	}{
		"each client to each endpoint":       {product([]string{"a/x", "a/y"}, []string{"b/1", "b/2"}, 80), []string{"4 hops by [80] from a/x, a/y to b/1, b/2"}},
		"every port":                         {product([]string{"a/x", "a/y"}, []string{"b/1"}, 80, 90), []string{"4 hops by [80 90] from a/x, a/y to b/1"}},
		"a pod does not call itself":         {product([]string{"a/x", "b/1", "b/2"}, []string{"b/1", "b/2"}, 80), []string{"4 hops by [80] from a/x, b/1, b/2 to b/1, b/2"}},
		"an endpoint that one does not have": {product([]string{"a/x", "a/y"}, []string{"b/1", "b/2"}, 80)[:3], []string{"2 hops by [80] from a/x to b/1, b/2", "1 hops by [80] from a/y to b/1"}},
		"another reason":                     {append(product([]string{"a/x"}, []string{"b/1"}, 80), otherReason), []string{"1 hops by [80] from a/x to b/1", "1 hops by [80] from a/y to b/1"}},
		"no endpoint":                        {[]Hop{unreached}, []string{"1 hops by [80] from a/x to "}},
		"an address":                         {[]Hop{byAddress}, []string{"1 hops by [80] from a/x to 192.0.2.1"}},
	} {
		if got := told(Of("b", row.hops)); !slices.Equal(got, row.want) {
			t.Errorf("%s:\n%q, want\n%q", name, got, row.want)
		}
	}
}

func TestAGroupSaysWhoDoesOtherwise(t *testing.T) {
	at := func(change func(h *Hop)) Answer {
		h := Hop{Client: "a/x", Port: 80, Endpoint: "b/1", Asked: oracle.Answer{Says: hop.MTLS, Server: oracle.Server{Mode: oracle.Strict}}, Configured: &Configured{Prediction: envoy.Prediction{Says: hop.MTLS}}}
		change(&h)
		return Of("b", []Hop{h}).Rows[0].Groups()[0].Answer
	}
	plain := Answer{Asked: "mtls", Configured: "mtls", Observed: NotVerified, Outcome: hop.MTLS}
	other := func(change func(a *Answer)) Answer {
		a := plain
		change(&a)
		return a
	}
	for name, row := range map[string]struct{ got, want Answer }{
		"all agree":         {at(func(*Hop) {}), plain},
		"no proxy was read": {at(func(h *Hop) { h.Configured = nil }), other(func(a *Answer) { a.Configured = none })},
		"the proxies": {at(func(h *Hop) { h.Configured.Says, h.Configured.Refusal = hop.Refused, hop.NotTLS }), other(func(a *Answer) {
			a.Configured, a.StandsOut, a.Outcome, a.Refusal = "refused (not-tls)", Proxies, hop.Refused, hop.NotTLS
		})},
		"the proxies' routes": {at(func(h *Hop) { h.Differs = []string{"another route"} }), other(func(a *Answer) { a.StandsOut = Proxies })},
		"the probe": {at(func(h *Hop) { h.Observed = &Observed{Plaintext: hop.Plaintext, MTLS: hop.MTLS} }), other(func(a *Answer) {
			a.Observed, a.StandsOut = "plaintext taken, mTLS taken", Probe
		})},
		"nobody, for it is not known": {at(func(h *Hop) { h.Unknown = "a kind may not be listed" }), other(func(a *Answer) { a.Outcome = "" })},
	} {
		if row.got != row.want {
			t.Errorf("%s: %+v, want %+v", name, row.got, row.want)
		}
	}
}

func TestAReasonOfAGroupNamesNoEnd(t *testing.T) {
	for text, want := range map[string]string{
		"a/x sends plaintext, and b/1 is STRICT":                   "the client sends plaintext, and the endpoint is STRICT",
		"of a/x; (b/1), \"a/x\".":                                  "of the client; (the endpoint), \"the client\".",
		"Sidecar a/x keeps it from a/x":                            "Sidecar a/x keeps it from the client",
		"a/x2 is not a/x.b, and b/1 not b/1/2":                     "a/x2 is not a/x.b, and the endpoint not b/1/2",
		"the client proves spiffe://c/ns/a/sa/x, and b/1 takes it": "the client proves the client's identity, and the endpoint takes it",
		"its proxy proves spiffe://c/ns/a/sa/x2":                   "its proxy proves spiffe://c/ns/a/sa/x2",
		"nothing of either":                                        "nothing of either",
	} {
		h := Hop{Client: "a/x", Endpoint: "b/1", Reason: text, Asked: oracle.Answer{Identities: oracle.Identities{Client: "spiffe://c/ns/a/sa/x"}}}
		if got := h.anyReason(); got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
}
