package envoy

import (
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"
)

// Whatever the chains and the connection, the chain that is taken fits, and no other that fits names a narrower
// criterion before the two differ the other way.
func TestTheChainThatIsTakenFitsAndIsTheNarrowest(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	names := []string{"a.example.com", "*.example.com", "*.com", "b.example.com"}
	protocols := []string{"istio", "h2", "http/1.1", "h2c"}
	some := func(from []string) []string {
		return slices.DeleteFunc(slices.Clone(from), func(string) bool { return random.IntN(3) > 0 })
	}
	taken := 0
	for range 20000 {
		server := ServerFacts{DetectsTLS: random.IntN(4) > 0, DetectsHTTP: random.IntN(2) > 0}
		for range random.IntN(6) {
			server.Chains = append(server.Chains, ChainFacts{
				ServerNames: some(names), ApplicationProtocols: some(protocols),
				TransportProtocol: []string{"", TLSSocket, RawSocket}[random.IntN(3)],
			})
		}
		c := Connection{TLS: random.IntN(2) > 0, SNI: []string{"", "a.example.com", "b.example.com", "x.com", "A.Example.Com"}[random.IntN(5)], ALPN: some(protocols)}
		got, found := server.Match(c)
		seen := server.seen(c)
		if !found {
			continue
		}
		taken++
		if !fits(got, seen) {
			t.Fatalf("%+v was taken for %+v, which it does not fit", got, seen)
		}
		for _, other := range server.Chains {
			if fits(other, seen) && slices.Compare(rank(other, seen), rank(got, seen)) > 0 {
				t.Fatalf("%+v was taken for %+v, and %+v is narrower", got, seen, other)
			}
		}
	}
	if taken < 1000 {
		t.Errorf("only %d connections were taken: the property was hardly tried", taken)
	}
}

func fits(chain ChainFacts, c Connection) bool {
	return !slices.Contains(rank(chain, c), -1)
}

// rank tells how narrowly each criterion of a chain fits, the first most weighty; -1 is not at all.
func rank(chain ChainFacts, c Connection) []int {
	ranks := []int{0, 0, 0}
	if len(chain.ServerNames) > 0 {
		ranks[0] = -1
		for _, name := range chain.ServerNames {
			suffix, wild := strings.CutPrefix(name, "*")
			if name == c.SNI {
				ranks[0] = max(ranks[0], 1000)
			} else if wild && strings.HasSuffix(c.SNI, suffix) {
				ranks[0] = max(ranks[0], len(name))
			}
		}
	}
	if chain.TransportProtocol != "" {
		ranks[1] = -1
		if chain.TransportProtocol == transport(c) {
			ranks[1] = 1
		}
	}
	if len(chain.ApplicationProtocols) > 0 {
		ranks[2] = -1
		for i, protocol := range c.ALPN {
			if slices.Contains(chain.ApplicationProtocols, protocol) {
				// What the client names first weighs most.
				ranks[2] = 100 - i
				break
			}
		}
	}
	return ranks
}

func TestAChainOfANarrowerAddressIsTakenAndNotLeftAgain(t *testing.T) {
	prefix := func(name, address string, bits string, more string) string {
		return `{"name": "` + name + `", "filter_chain_match": {"prefix_ranges": [{"address_prefix": "` + address + `", "prefix_len": ` + bits + `}]` + more + `}}`
	}
	d := inbound(t,
		`{"name": "any"}`,
		prefix("all", "0.0.0.0", "0", ""),
		prefix("wide", "10.0.0.0", "8", ""),
		prefix("narrow", "10.1.0.0", "16", `, "transport_protocol": "tls"`),
	)
	tests := map[string]struct {
		address, want string
		tls           bool
	}{
		"outside all prefixes":                {"192.0.2.1:80", "any", false},
		"within the wide one":                 {"10.2.0.1:80", "wide", false},
		"within the narrow one":               {"10.1.0.1:80", "narrow", true},
		"the narrow one fails on the traffic": {"10.1.0.1:80", "default", false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			server, err := d.ServerAt(netip.MustParseAddrPort(test.address))
			if err != nil || server.Undecided != "" {
				t.Fatalf("%v, undecided %q", err, server.Undecided)
			}
			if got, found := server.Match(Connection{TLS: test.tls}); !found || got.Name != test.want {
				t.Errorf("got %q, %v; want %q", got.Name, found, test.want)
			}
		})
	}
	if server, err := d.Server(80); err != nil || !strings.Contains(server.Undecided, "the workload's was not given") {
		t.Errorf("without an address: undecided %q, %v", server.Undecided, err)
	}
}
