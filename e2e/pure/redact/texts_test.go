package redact

import (
	"encoding/json"
	"net/netip"
	"strings"
	"testing"
)

// met is texts that have met the names of a small mesh.
func met() *texts {
	t := newTexts()
	for _, one := range []struct {
		text string
		as   treatment
	}{
		{"client", named("client")}, {"shop", named("service")}, {"orders.shopping.svc.cluster.local", named("service")}, {"shopping", named("namespace")},
		{"refused", named("object")}, {"gateway", named("client")}, {"CN=shop root,O=shop", subjects}, {"mesh-strict@before", stays},
	} {
		t.learn(one.text, one.as)
		t.meet(one.text, one.as)
	}
	return t
}

// An address of an object's line is no number.
func TestAddressesAreTakenOutOfObjects(t *testing.T) {
	given := "spec:\n  bind: 10.20.30.40\n  weight: 0.5\n  port: 8080\n  address: 10.20.30.42"
	if got, want := met().object(given, "value"), "spec:\n  bind: 192.0.2.1\n  weight: 0.5\n  port: 8080\n  address: 192.0.2.2"; got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
}

func TestNamesAreTakenOutOfSentences(t *testing.T) {
	for given, want := range map[string]string{
		"the client sends plaintext, and shopping/shop is STRICT":                                                            "the client sends plaintext, and namespace-1/service-1 is STRICT",
		"client -> shop:8080: refused (no-filter-chain)":                                                                     "client-1 -> service-1:8080: refused (no-filter-chain)",
		"mesh-strict: client -> shop:8080: it was refused":                                                                   "mesh-strict: client-1 -> service-1:8080: it was refused",
		`PeerAuthentication.security.istio.io "refused" is invalid`:                                                          `PeerAuthentication.security.istio.io "object-1" is invalid`,
		"DestinationRule default/refused, and what kube-system has":                                                          "DestinationRule default/object-1, and what kube-system has",
		"spiffe://cluster.local/ns/shopping/sa/cart":                                                                         "spiffe://cluster.local/ns/namespace-1/sa/account-1",
		"ns/shopping/sa/client to ns/default/sa/shop":                                                                        "ns/namespace-1/sa/client-1 to ns/default/sa/service-1",
		"outbound_.8080_._.orders.shopping.svc.cluster.local":                                                                "outbound_.8080_._.service-2.namespace-1.svc.cluster.local",
		"outbound_.8080_.v2_.orders.shopping.svc.cluster.local":                                                              "outbound_.8080_.v2_.service-2.namespace-1.svc.cluster.local",
		"outbound|8080|gold|orders.shopping.svc.cluster.local":                                                               "outbound|8080|subset-1|service-2.namespace-1.svc.cluster.local",
		"rbac_access_denied_matched_policy[ns[shopping]-policy[deny-all]-rule[0]]":                                           "rbac_access_denied_matched_policy[ns[namespace-1]-policy[policy-1]-rule[0]]",
		"orders and *.orders.example and orders.shopping":                                                                    "service-2 and *.service-2.domain-1 and service-2.namespace-1",
		"the pod shopping/shop-5df746557-h4zdt and shopping/shop-5df746557-qm84v":                                            "the pod namespace-1/service-1-bbbbbbbbbc-bbbbc and namespace-1/service-1-bbbbbbbbbc-bbbbd",
		"read tcp 10.244.0.8:20045->10.96.35.249:8080: read: connection reset by peer":                                       "read tcp 192.0.2.1:20045->192.0.2.2:8080: read: connection reset by peer",
		"0.0.0.0_8080, 127.0.0.6, ::1 and 10.96.1.1_8080 of 10.96.0.0/12":                                                    "0.0.0.0_8080, 127.0.0.6, ::1 and 192.0.2.1_8080 of 192.0.2.2/12",
		"[fd00::8]:443 and fd00::8":                                                                                          "[2001:db8::1]:443 and 2001:db8::1",
		"the server's chain is CN=shop root,O=shop, wanted another":                                                          "the server's chain is CN=subject-1,O=service-1, wanted another",
		"certificate 9fa7b9bb05b7877ac7123952c5172761, and 9f:a7:b9:bb:05:b7:87:7a:c7:12":                                    "certificate 00000000000000000000000000000001, and 00000000000000000000000000000002",
		"run 20261129-142433-JVIJH4-6WP2-2-mesh-strict-1-0":                                                                  "run 20261129-142433-R001-R002-2-mesh-strict-1-0",
		"lease 20261129-142433-jvijh4-6wp2-2-mesh-strict at 2026-11-29T14:24:33.5Z":                                          "lease 20261129-142433-r001-r002-2-mesh-strict at 2026-11-29T14:24:33.5Z",
		"Istio 1.31.0-eed52ebb66ad, Kubernetes v1.36.3-gke.100, Envoy 1.39.3-shopping":                                       "Istio 1.31.0-eed52ebb66ad, Kubernetes v1.36.3-gke.100, Envoy 1.39.3-namespace-1",
		"HTTP/1.1 400 Bad Request\\r\\nserver: istio-envoy\\r\\nWelcome to Shop":                                             "HTTP/1.1 400 Bad Request\\r\\nserver: istio-envoy\\r\\nname-1 to name-2",
		"https://kiali.shopping.svc:20001/kiali":                                                                             "https://service-3.namespace-1.svc:20001/service-3",
		"make e2e KUBECONTEXT=client FOCUS=mesh-strict:":                                                                     "make e2e KUBECONTEXT=client-1 FOCUS=mesh-strict:",
		"mesh-strict@before: mesh-strict@after: shop@before":                                                                 "mesh-strict@before: name-1@name-2: service-1@name-3",
		"subset client of namespace client":                                                                                  "subset client-1 of namespace client-1",
		"envoy.filters.network.http_connection_manager of type.googleapis.com/envoy.extensions.filters.network.rbac.v3.RBAC": "envoy.filters.network.http_connection_manager of type.googleapis.com/envoy.extensions.filters.network.rbac.v3.RBAC",
		"TLSv1.3 TLS_AES_128_GCM_SHA256, settled within 250ms, 1-65535":                                                      "TLSv1.3 TLS_AES_128_GCM_SHA256, settled within 250ms, 1-65535",
		"10-244-0-8.shopping.pod":                                                                                            "domain-1.namespace-1.domain-2",
	} {
		if got := met().sentence(given, "name"); got != want {
			t.Errorf("%s\nbecomes\n%s\nwant\n%s", given, got, want)
		}
	}
}

func TestFieldsAreRewrittenByTheirTreatment(t *testing.T) {
	for _, row := range []struct {
		as          treatment
		given, want string
	}{
		{named("client"), "client", "client-1"},
		{named("service"), "default", "default"},
		{named("secret"), "", ""},
		{named("domain"), "exact:spiffe://shop.example/ns/shopping/sa/client", "exact:spiffe://service-1.domain-1/ns/namespace-1/sa/client-1"},
		{telling("secret"), "kubernetes://shop-tls", "kubernetes://domain-1"},
		{telling("secret"), "file-root:/var/run/secrets/istio/root-cert.pem", "file-root:/var/run/secrets/istio/root-cert.pem"},
		{telling("object"), "VirtualService shopping/shop-paths", "VirtualService namespace-1/virtualservice-1"},
		{matches, "path prefix /orders; header x-lane exact client; header debug absent; query v not regex a.*", "path prefix /service-2; header header-1 exact client-1; header header-2 absent; query header-3 not regex value-1.*"},
		{matches, "grpc", "grpc"},
		{subjects, `CN=shop root,O=shop\, Ltd`, `CN=subject-1,O=subject-2`},
		{subjects, "spiffe://cluster.local/ns/shopping/sa/client", "spiffe://cluster.local/ns/namespace-1/sa/client-1"},
		{objects, "apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata:\n  labels:\n    acme.example/team: client\n    app: shop\n  name: gateway\n  namespace: shopping\nspec:\n  host: shop\n  subsets:\n    - name: mutual\n  trafficPolicy:\n    tls:\n      mode: ISTIO_MUTUAL\n      insecureSkipVerify: true\n      subjectAltNames:\n        - spiffe://cluster.local/ns/shopping/sa/client\n    portLevelMtls:\n      \"8080\":\n        mode: STRICT\n",
			"apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata:\n  labels:\n    domain-1.domain-2/key-1: client-1\n    app: service-1\n  name: client-2\n  namespace: namespace-1\nspec:\n  host: service-1\n  subsets:\n    - name: name-1\n  trafficPolicy:\n    tls:\n      mode: ISTIO_MUTUAL\n      insecureSkipVerify: true\n      subjectAltNames:\n        - spiffe://cluster.local/ns/namespace-1/sa/client-1\n    portLevelMtls:\n      \"8080\":\n        mode: STRICT\n"},
		{telling("object"), "HTTPRoute.gateway.networking.k8s.io of networking.istio.io/v1", "HTTPRoute.gateway.networking.k8s.io of networking.istio.io/v1"},
		{serials, "1f", "00000000000000000000000000000001"},
		{whole, "/home/client/artifacts", "value-1"},
		{stays, "client", "client"},
	} {
		if got := met().rewrite(row.given, row.as); got != row.want {
			t.Errorf("%q becomes %q, want %q", row.given, got, row.want)
		}
	}
}

func TestNoPseudonymIsAWordOfTheReport(t *testing.T) {
	s := newTexts()
	for _, text := range []string{"service-1", "192.0.2.1", "a 198.51.100.1 b", "service-3-5df746557-h4zdt", "R001", "00000000000000000000000000000001", "2001:db8::1"} {
		s.learn(text, prose)
	}
	for _, row := range []struct{ given, want string }{
		{"alpha", "service-2"}, {"service-1", "service-4"}, {"10.0.0.1", "192.0.2.2"}, {"fd00::1", "2001:db8::2"},
		{"9fa7b9bb05b7877ac7123952c5172761", "00000000000000000000000000000002"}, {"20261129-142433-JVIJH4", "20261129-142433-R002"},
	} {
		if got := s.names(row.given, "service"); got != row.want {
			t.Errorf("%s becomes %s, want %s", row.given, got, row.want)
		}
	}
}

func TestEveryAddressHasAnotherOne(t *testing.T) {
	a := newAddresses()
	a.learn(netip.MustParseAddr("192.0.2.7"))
	seen := map[netip.Addr]bool{}
	for i := range 70_000 {
		pseudonym := a.of(netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}))
		if seen[pseudonym] || pseudonym == netip.MustParseAddr("192.0.2.7") {
			t.Fatalf("address %d is %s, which another has", i, pseudonym)
		}
		seen[pseudonym] = true
	}
	last := netip.MustParsePrefix("198.18.0.0/15")
	if pseudonym := a.of(netip.MustParseAddr("10.1.17.111")); !last.Contains(pseudonym) {
		t.Errorf("the last one is %s", pseudonym)
	}
	mapped, zoned := a.of(netip.MustParseAddr("::ffff:10.0.0.0")), a.of(netip.MustParseAddr("fe80::1%eth0"))
	if mapped.Unmap() != netip.MustParseAddr("192.0.2.1") || zoned.Zone() != "" || zoned == a.of(netip.MustParseAddr("fe80::1%eth1")) {
		t.Errorf("%s, %s", mapped, zoned)
	}
}

func FuzzNothingOfATextStaysThatIsNotKnown(f *testing.F) {
	for _, text := range []string{
		"the client sends plaintext, and shopping/shop is STRICT", `a\nzanzibar "zanzibar" ns[zanzibar]-policy[`, "outbound|8080|zanzibar|", "::ffff:10.0.0.1%zanzibar", "20261129-142433--1",
		"CN=zanzibar\\,,O=", "header zanzibar exact ; path", "é-ß̈ １２３ \xff", "1.2.3-zanzibar+", "https://[::1]:8080/..zanzibar.", "zanzibar-10.0.0.1-zanzibar",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, as := range []treatment{prose, named("service"), subjects, matches, objects, serials, whole} {
			once, again := met(), met()
			once.learn(text, as)
			again.learn(text, as)
			got := once.rewrite(text, as)
			if got != again.rewrite(text, as) {
				t.Errorf("%q becomes one time %q, and another time something else", text, got)
			}
			if strings.Contains(strings.ToLower(got), "zanzibar") && as.way != asHash {
				t.Errorf("%q becomes %q", text, got)
			}
		}
		raw, err := json.Marshal(map[string]any{text: []any{text, 1, nil}})
		if err != nil {
			t.Fatal(err)
		}
		s := met()
		if got := rewrittenJSON(raw, named("value"), rewriter{s.rewrite, s.addresses.of}); !json.Valid(got) {
			t.Errorf("%s becomes %s", raw, got)
		}
		rewrittenJSON(json.RawMessage(text), prose, rewriter{s.rewrite, s.addresses.of})
	})
}
