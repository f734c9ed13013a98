package hop_test

import (
	"testing"

	"mtls.test/conformance/e2e/pure/hop"
)

func TestAMatchHasOneText(t *testing.T) {
	user, userName := hop.OfHeader("X-User")
	method, methodName := hop.OfHeader(":method")
	for want, match := range map[string]hop.RouteMatch{
		"": {{Of: hop.OfPath, Kind: hop.MatchPrefix, Value: "/"}},
		"path segment-prefix /a; header x-user not exact jason; method exact GET": {
			{Of: method, Name: methodName, Kind: hop.MatchExact, Value: "GET"},
			{Of: user, Name: userName, Kind: hop.MatchExact, Value: "jason", Not: true},
			{Of: hop.OfPath, Kind: hop.MatchSegmentPrefix, Value: "/a"},
		},
		"grpc; header debug absent; query v exact 2": {
			{Of: hop.OfPath, Kind: hop.MatchPrefix, Value: "/"},
			{Of: hop.OfQuery, Name: "v", Kind: hop.MatchExact, Value: "2"},
			{Of: hop.OfHeaders, Name: "debug", Kind: hop.MatchPresent, Not: true},
			{Of: hop.OfGRPC}, {Of: hop.OfGRPC},
		},
		"path not prefix /":               {{Of: hop.OfPath, Kind: hop.MatchPrefix, Value: "/", Not: true}},
		"path exact /A ignoring case":     {{Of: hop.OfPath, Kind: hop.MatchExact, Value: "/A", IgnoreCase: true}},
		"authority suffix .shop.example":  {{Of: hop.OfAuthority, Kind: hop.MatchSuffix, Value: ".shop.example"}},
		"unread runtime_fraction":         {{Of: hop.Unread, Name: "runtime_fraction"}},
		"path exact /; path regex /[a-z]": {{Of: hop.OfPath, Kind: hop.MatchRegex, Value: "/[a-z]"}, {Of: hop.OfPath, Kind: hop.MatchExact, Value: "/"}},
	} {
		if got := match.String(); got != want {
			t.Errorf("%#v is %q, want %q", match, got, want)
		}
	}
}
