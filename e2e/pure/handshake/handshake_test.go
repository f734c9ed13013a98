package handshake_test

import (
	"crypto/tls"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mtls.test/conformance/e2e/pure/hop"
)

var versionNames = map[uint16]string{tls.VersionTLS10: "TLSv1", tls.VersionTLS11: "TLSv1.1", tls.VersionTLS12: "TLSv1.2", tls.VersionTLS13: "TLSv1.3"}

// groupName spells crypto/tls's CurveP256 as Istio does.
func groupName(group tls.CurveID) string { return strings.Replace(group.String(), "CurveP", "P-", 1) }

// settings draws the settings of both ends of a handshake.
func settings(random *rand.Rand) (client, server *tls.Config) {
	groups := []tls.CurveID{tls.X25519, tls.CurveP256, tls.CurveP384, tls.CurveP521, tls.X25519MLKEM768}
	suites := []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256}
	protocols := []string{"istio", "h2", "http/1.1", "istio-peer-exchange"}
	pick := func(n int) []int { return random.Perm(n)[:1+random.IntN(n)] }
	end := func() *tls.Config {
		config := &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS10 + uint16(random.IntN(4))}
		if random.IntN(3) == 0 {
			config.MinVersion = config.MaxVersion
		}
		for _, i := range pick(len(groups)) {
			config.CurvePreferences = append(config.CurvePreferences, groups[i])
		}
		for _, i := range pick(len(suites)) {
			config.CipherSuites = append(config.CipherSuites, suites[i])
		}
		if random.IntN(2) == 0 {
			for _, i := range pick(len(protocols)) {
				config.NextProtos = append(config.NextProtos, protocols[i])
			}
		}
		return config
	}
	client, server = end(), end()
	if random.IntN(3) > 0 {
		client.ServerName = "outbound_.8080_._.product-service.default.svc.cluster.local"
	}
	if random.IntN(3) == 0 {
		server.ClientAuth = tls.RequireAnyClientCert
	}
	return client, server
}

// checkHandshake makes a handshake of drawn settings and reads it back from packets of drawn sizes.
func checkHandshake(t *testing.T, random *rand.Rand) {
	t.Helper()
	client, server := settings(random)
	made := shake(t, client, server)
	seen := captured(t, made.said, 1+random.IntN(1460)).Observation()
	if seen.Missing != "" && made.hello != nil {
		t.Fatalf("missing: %s (client %v, server %v)", seen.Missing, made.client, made.server)
	}
	if made.hello == nil {
		return // the client offered nothing at all: its settings contradict one another
	}
	if seen.TLS == nil {
		t.Fatal("no TLS facts")
	}
	var offered hop.TLSFacts
	offered.SNI, offered.Offered = made.hello.ServerName, made.hello.SupportedProtos
	for _, version := range slices.Backward(slices.Sorted(slices.Values(made.hello.SupportedVersions))) {
		offered.Versions = append(offered.Versions, versionNames[version])
	}
	for _, suite := range made.hello.CipherSuites {
		offered.Suites = append(offered.Suites, tls.CipherSuiteName(suite))
	}
	for _, group := range made.hello.SupportedCurves {
		offered.Groups = append(offered.Groups, groupName(group))
	}
	got := hop.TLSFacts{SNI: seen.TLS.SNI, Offered: seen.TLS.Offered, Versions: seen.TLS.Versions, Suites: seen.TLS.Suites, Groups: seen.TLS.Groups}
	if diff := cmp.Diff(offered, got); diff != "" {
		t.Errorf("offered (-made +read):\n%s", diff)
	}
	if made.state.Version == 0 || !made.state.HandshakeComplete {
		if seen.Says != hop.Refused && seen.Says != hop.Encrypted {
			t.Errorf("says %q of a handshake that failed: client %v, server %v", seen.Says, made.client, made.server)
		}
		return
	}
	agreed := hop.TLSFacts{
		Version: versionNames[made.state.Version], Cipher: tls.CipherSuiteName(made.state.CipherSuite), Group: groupName(made.state.CurveID),
		Retried: made.state.HelloRetryRequest, ALPN: made.state.NegotiatedProtocol,
	}
	if made.state.Version == tls.VersionTLS13 {
		agreed.ALPN = "" // it is encrypted
	}
	got = hop.TLSFacts{Version: seen.TLS.Version, Cipher: seen.TLS.Cipher, Group: seen.TLS.Group, Retried: seen.TLS.Retried, ALPN: seen.TLS.ALPN}
	if diff := cmp.Diff(agreed, got); diff != "" {
		t.Errorf("agreed (-made +read):\n%s", diff)
	}
	if made.client == nil && made.server == nil && seen.Says != hop.Encrypted {
		t.Errorf("says %q (%s)", seen.Says, seen.Symptom.Error)
	}
}

func TestHandshakesOfCryptoTLSReadBackEqual(t *testing.T) {
	for seed := range uint64(150) {
		checkHandshake(t, rand.New(rand.NewPCG(seed, 0)))
	}
}

func FuzzHandshakesOfCryptoTLSReadBackEqual(f *testing.F) {
	for seed := range uint64(20) {
		f.Add(seed, seed)
	}
	f.Fuzz(func(t *testing.T, a, b uint64) { checkHandshake(t, rand.New(rand.NewPCG(a, b))) })
}

func TestWhatAHandshakeShows(t *testing.T) {
	tests := map[string]struct {
		client, server *tls.Config
		says           hop.Outcome
		error          string
		facts          hop.TLSFacts // without what was offered
	}{
		"TLS 1.3": {
			client: &tls.Config{}, server: &tls.Config{},
			says: hop.Encrypted, facts: hop.TLSFacts{Version: "TLSv1.3", Cipher: "TLS_AES_128_GCM_SHA256", Group: "X25519MLKEM768"},
		},
		"TLS 1.2 shows the chosen ALPN": {
			client: &tls.Config{MaxVersion: tls.VersionTLS12, NextProtos: []string{"istio", "h2"}, CipherSuites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384}},
			server: &tls.Config{NextProtos: []string{"h2"}, CurvePreferences: []tls.CurveID{tls.CurveP256}},
			says:   hop.Encrypted, facts: hop.TLSFacts{Version: "TLSv1.2", Cipher: "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", Group: "P-256", ALPN: "h2"},
		},
		"a server that asks for another group": {
			client: &tls.Config{CurvePreferences: []tls.CurveID{tls.X25519, tls.CurveP256}},
			server: &tls.Config{CurvePreferences: []tls.CurveID{tls.CurveP256}},
			says:   hop.Encrypted, facts: hop.TLSFacts{Version: "TLSv1.3", Cipher: "TLS_AES_128_GCM_SHA256", Group: "P-256", Retried: true},
		},
		"TLS 1.3 hides that a client certificate is required": {
			client: &tls.Config{},
			server: &tls.Config{ClientAuth: tls.RequireAnyClientCert, CurvePreferences: []tls.CurveID{tls.X25519}},
			says:   hop.Encrypted, facts: hop.TLSFacts{Version: "TLSv1.3", Cipher: "TLS_AES_128_GCM_SHA256", Group: "X25519"},
		},
		"TLS 1.2 shows it": { // by the alert of RFC 5246 section 7.4.6
			client: &tls.Config{MaxVersion: tls.VersionTLS12},
			server: &tls.Config{ClientAuth: tls.RequireAnyClientCert, CurvePreferences: []tls.CurveID{tls.X25519}},
			says:   hop.Refused, error: "the server sent the alert handshake_failure",
			facts: hop.TLSFacts{Version: "TLSv1.2", Cipher: "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", Group: "X25519", Alert: "handshake_failure"},
		},
		"no shared version": {
			client: &tls.Config{MaxVersion: tls.VersionTLS12}, server: &tls.Config{MinVersion: tls.VersionTLS13},
			says: hop.Refused, error: "the server sent the alert protocol_version", facts: hop.TLSFacts{Alert: "protocol_version"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			seen := captured(t, shake(t, test.client, test.server).said, 1460).Observation()
			if seen.Says != test.says || seen.Symptom.Error != test.error || seen.Missing != "" {
				t.Errorf("says %q, error %q, missing %q", seen.Says, seen.Symptom.Error, seen.Missing)
			}
			got := *seen.TLS
			got.Offered, got.Versions, got.Suites, got.Groups = nil, nil, nil, nil
			if diff := cmp.Diff(test.facts, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
