package tlsdiff

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"
)

var edge = Key{Client: "shop/cart", Host: "reviews.shop.svc.cluster.local", Port: 80, Server: "shop/reviews", Behind: 8080}

// mutual are the facts of a hop of mTLS under STRICT, changed as the test wants them.
func mutual(change Facts) Facts {
	facts := Facts{
		Outcome: {"mtls"}, EndpointMark: {"tlsMode-istio"}, ClientSocket: {"tls"}, ClientSNI: {"outbound_.80_._.reviews"},
		ClientALPN: {"istio-peer-exchange", "istio"}, ClientSANs: {"exact:spiffe://cluster.local/ns/shop/sa/reviews"}, ClientRoots: {"aa"},
		ClientUntrusted: {no}, ClientMinVersion: {"TLSv1_2"}, ClientMaxVersion: {"TLSv1_3"}, ClientCiphers: {}, ClientGroups: {},
		ClientKey: {"RSA 2048"}, ClientLifetime: {"24h0m0s"},
		ServerChains: {"tls: tls, HTTP"}, ServerPlaintext: {"refused (no-filter-chain)"}, ServerCertificate: {"required"},
		ServerSANs: {"prefix:spiffe://cluster.local/"}, ServerCiphers: {"ECDHE-RSA-AES128-GCM-SHA256", "AES128-GCM-SHA256"},
	}
	for field, value := range change {
		if value == nil {
			delete(facts, field)
		} else {
			facts[field] = value
		}
	}
	return facts
}

func at(hops ...Hop) Snapshot { return New(time.Time{}, Asked{All: true}, []string{"1.30.5"}, hops) }

func of(facts ...Facts) Snapshot {
	var hops []Hop
	for _, one := range facts {
		hops = append(hops, hopOf(one))
	}
	return at(hops...)
}

// hopOf has one chain that terminates TLS, with the facts of a server that are a chain's.
func hopOf(facts Facts) Hop {
	h := Hop{Key: edge, Facts: Facts{}, Chains: []Chain{{Facts: Facts{}}}}
	for field, value := range facts {
		if strings.HasPrefix(string(field), "server: ") && field != ServerChains && field != ServerPlaintext {
			h.Chains[0].Facts[field] = value
		} else {
			h.Facts[field] = value
		}
	}
	return h
}

func compare(before, after Snapshot) []Change { return Compare(before, after, nil) }

func TestEachChangeHasItsClass(t *testing.T) {
	for name, c := range map[string]struct {
		field         Field
		before, after []string
		want          Class
	}{
		"mTLS becomes plaintext":           {Outcome, []string{"mtls"}, []string{"plaintext"}, Weaker},
		"mTLS becomes one-way TLS":         {Outcome, []string{"mtls"}, []string{"tls"}, Weaker},
		"plaintext becomes mTLS":           {Outcome, []string{"plaintext"}, []string{"mtls"}, Stronger},
		"a refusal becomes plaintext":      {Outcome, []string{"refused (not-tls)"}, []string{"plaintext"}, Weaker},
		"mTLS becomes a refusal":           {Outcome, []string{"mtls"}, []string{"refused (wrong-san)"}, Unexplained},
		"another refusal":                  {Outcome, []string{"refused (not-tls)"}, []string{"refused (wrong-san)"}, Unexplained},
		"another endpoint mark":            {EndpointMark, []string{"tlsMode-istio"}, []string{"tlsMode-disabled"}, Unexplained},
		"ALPN in another order":            {ClientALPN, []string{"istio", "h2"}, []string{"h2", "istio"}, Unexplained},
		"a SAN more":                       {ClientSANs, []string{"exact:a"}, []string{"exact:a", "exact:b"}, Weaker},
		"no SAN any more":                  {ClientSANs, []string{"exact:a"}, []string{}, Weaker},
		"a SAN less":                       {ServerSANs, []string{"exact:a", "exact:b"}, []string{"exact:a"}, Stronger},
		"SANs where there were none":       {ServerSANs, []string{}, []string{"exact:a"}, Stronger},
		"another SAN":                      {ServerSANs, []string{"exact:a"}, []string{"exact:b"}, Unexplained},
		"a root more":                      {ServerRoots, []string{"aa"}, []string{"aa", "bb"}, Weaker},
		"a root less":                      {ClientRoots, []string{"aa", "bb"}, []string{"bb"}, Stronger},
		"no root any more":                 {ServerRoots, []string{"aa"}, []string{}, Weaker},
		"roots where there were none":      {ServerRoots, []string{}, []string{"aa"}, Stronger},
		"roots that were not read":         {ServerRoots, []string{unreadRoots}, []string{"aa"}, Unexplained},
		"another root":                     {ClientRoots, []string{"aa"}, []string{"bb"}, Unexplained},
		"untrusted certificates are taken": {ServerUntrusted, []string{no}, []string{yes}, Weaker},
		"a lower TLS version is taken":     {ServerMinVersion, []string{"TLSv1_3"}, []string{"TLSv1_1"}, Weaker},
		"Envoy's own lowest is lower":      {ServerMinVersion, []string{"TLSv1_3"}, []string{}, Weaker},
		"a higher TLS version is wanted":   {ClientMinVersion, []string{}, []string{"TLSv1_3"}, Stronger},
		"what Envoy takes is written down": {ClientMinVersion, []string{}, []string{"TLSv1_2"}, Unexplained},
		"a server's highest goes down":     {ServerMaxVersion, []string{}, []string{"TLSv1_2"}, Weaker},
		"a client's own highest is 1.2":    {ClientMaxVersion, []string{}, []string{"TLSv1_2"}, Unexplained},
		"a client offers a higher one":     {ClientMaxVersion, []string{}, []string{"TLSv1_3"}, Stronger},
		"a client offers no higher one":    {ClientMaxVersion, []string{"TLSv1_3"}, []string{}, Weaker},
		"a cipher without forward secrecy": {ServerCiphers, []string{"ECDHE-RSA-AES128-GCM-SHA256"}, []string{"ECDHE-RSA-AES128-GCM-SHA256", "AES128-GCM-SHA256"}, Weaker},
		"such a cipher goes":               {ServerCiphers, []string{"ECDHE-RSA-AES128-GCM-SHA256", "AES128-GCM-SHA256"}, []string{"ECDHE-RSA-AES128-GCM-SHA256"}, Stronger},
		"ciphers in another order":         {ServerCiphers, []string{"ECDHE-a-GCM", "ECDHE-b-GCM"}, []string{"ECDHE-b-GCM", "ECDHE-a-GCM"}, Unexplained},
		"a hybrid group goes":              {ClientGroups, []string{"X25519MLKEM768", "X25519"}, []string{"X25519"}, Weaker},
		"a hybrid group comes":             {ClientGroups, []string{"X25519"}, []string{"X25519MLKEM768", "X25519"}, Stronger},
		"a smaller key":                    {ClientKey, []string{"RSA 4096"}, []string{"RSA 2048"}, Weaker},
		"a larger key":                     {ServerKey, []string{"ECDSA P-256"}, []string{"ECDSA P-384"}, Stronger},
		"a key of another type":            {ServerKey, []string{"RSA 2048"}, []string{"ECDSA P-256"}, Unexplained},
		"certificates live longer":         {ServerLifetime, []string{"24h0m0s"}, []string{"720h0m0s"}, Weaker},
		"certificates live shorter":        {ServerLifetime, []string{"24h0m0s"}, []string{"45m0s"}, Stronger},
		"plaintext is taken":               {ServerPlaintext, []string{"refused (no-filter-chain)"}, []string{"plaintext"}, Weaker},
		"plaintext is refused":             {ServerPlaintext, []string{"plaintext"}, []string{"refused (no-filter-chain)"}, Stronger},
		"no client certificate is wanted":  {ServerCertificate, []string{"required"}, []string{"not required"}, Weaker},
	} {
		changes := compare(of(mutual(Facts{c.field: c.before})), of(mutual(Facts{c.field: c.after})))
		if len(changes) != 1 || changes[0].Field != c.field || changes[0].Class != c.want || changes[0].Key != edge {
			t.Errorf("%s: %+v, want %s", name, changes, c.want)
		}
	}
}

func TestNothingChangesWhereOnlyPodsAreReplaced(t *testing.T) {
	before := of(mutual(nil), mutual(nil))
	if len(before.Hops) != 1 {
		t.Errorf("two pods that are alike are %d hops", len(before.Hops))
	}
	if changes := compare(before, of(mutual(nil))); len(changes) != 0 {
		t.Errorf("%+v", changes)
	}
}

func TestAPodThatIsOtherThanTheRestShows(t *testing.T) {
	changes := compare(of(mutual(nil)), of(mutual(nil), mutual(Facts{ClientSANs: {}})))
	if len(changes) != 1 || changes[0].Field != ClientSANs || changes[0].Class != Weaker {
		t.Errorf("%+v", changes)
	}
}

func TestAKindOfPodThatIsGoneShows(t *testing.T) {
	open := mutual(Facts{ServerPlaintext: {"plaintext"}})
	changes := compare(of(mutual(nil), open), of(open))
	if len(changes) != 1 || changes[0].Field != ServerPlaintext || changes[0].Class != Weaker {
		t.Errorf("%+v", changes)
	}
}

func TestAPodThatWasNotReadHidesNoChangeOfTheOthers(t *testing.T) {
	before := at(hopOf(mutual(nil)), Hop{Key: edge, Missing: "it does not answer"})
	changes := compare(before, of(mutual(Facts{ServerPlaintext: {"plaintext"}, ServerCertificate: {"not required"}})))
	if len(changes) != 2 || changes[0].Class != Weaker || changes[1].Class != Weaker {
		t.Errorf("%+v", changes)
	}
}

// A pod is compared with what it has most in common with, and not with one of another kind.
func TestAPodIsComparedWithItsLike(t *testing.T) {
	old := mutual(Facts{ClientMinVersion: {"TLSv1_3"}, ClientKey: {"RSA 4096"}})
	changes := compare(of(mutual(nil), old), of(mutual(nil), mutual(Facts{ClientMinVersion: {"TLSv1_3"}, ClientKey: {"RSA 3072"}})))
	if len(changes) != 1 || changes[0].Field != ClientKey || changes[0].Before[0] != "RSA 4096" {
		t.Errorf("%+v", changes)
	}
}

func TestATLSThatGoesIsOneChangeOfItsEnd(t *testing.T) {
	plain := mutual(Facts{
		Outcome: {"plaintext"}, ClientSocket: {"raw_buffer"}, ClientSNI: nil, ClientALPN: nil, ClientSANs: nil, ClientRoots: nil, ClientUntrusted: nil,
		ClientMinVersion: nil, ClientMaxVersion: nil, ClientCiphers: nil, ClientGroups: nil, ClientKey: nil, ClientLifetime: nil,
	})
	var fields []string
	for _, change := range compare(of(mutual(nil)), of(plain)) {
		fields = append(fields, string(change.Field)+" "+string(change.Class))
	}
	if got := strings.Join(fields, ", "); got != "outcome weaker, client: socket weaker" {
		t.Error(got)
	}
}

func TestAHopThatCameOrWentIsUnexplained(t *testing.T) {
	other := edge
	other.Client = "shop/intruder"
	both := at(hopOf(mutual(nil)), Hop{Key: other, Facts: mutual(nil)})
	for _, changes := range [][]Change{compare(of(mutual(nil)), both), compare(both, of(mutual(nil)))} {
		if len(changes) != 1 || changes[0].Key != other || changes[0].Class != Unexplained || changes[0].Why == "" {
			t.Errorf("%+v", changes)
		}
	}
}

func TestWhatCannotBeToldIsUnknown(t *testing.T) {
	unread := at(Hop{Key: edge, Missing: "the proxy does not answer"})
	changes := compare(of(mutual(nil)), unread)
	if len(changes) != 1 || changes[0].Class != Unknown || changes[0].Why != "the proxy does not answer" {
		t.Errorf("%+v", changes)
	}
	if changes := compare(unread, unread); len(changes) != 1 {
		t.Errorf("what was told at neither moment is taken for the same: %+v", changes)
	}
}

func TestASnapshotIsReadAsItWasSaved(t *testing.T) {
	content, err := json.Marshal(of(mutual(nil)))
	if err != nil {
		t.Fatal(err)
	}
	read, err := Read(content)
	if err != nil || len(compare(of(mutual(nil)), read)) != 0 || len(compare(read, of(mutual(nil)))) != 0 {
		t.Errorf("%+v, %v", read, err)
	}
	for _, bad := range []string{"", "[]", `{"format": 1}`, `{}`} {
		if _, err := Read([]byte(bad)); err == nil {
			t.Errorf("%q was read", bad)
		}
	}
}

func TestTheWeakerChangesAreToldFirst(t *testing.T) {
	var told bytes.Buffer
	changes := compare(of(mutual(nil)), of(mutual(Facts{ClientSNI: {"other"}, ServerPlaintext: {"plaintext"}, ClientKey: {"RSA 4096"}})))
	if err := Write(&told, changes, nil); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(told.String(), "\n")
	for i, want := range []string{"CHANGE", "weaker", "unexplained", "stronger"} {
		if !strings.HasPrefix(lines[i], want) {
			t.Errorf("line %d is %q, want %s", i, lines[i], want)
		}
	}
	told.Reset()
	if err := Write(&told, nil, nil); err != nil || told.String() != "No change: every hop is as it was.\n" {
		t.Errorf("%q, %v", told.String(), err)
	}
}
