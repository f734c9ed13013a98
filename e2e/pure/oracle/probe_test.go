package oracle

import (
	"reflect"
	"testing"

	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/hop"
)

func TestProbes(t *testing.T) {
	strict, disable := peerAuth(inRoot, "mtls: {mode: STRICT}"), peerAuth(inRoot, "mtls: {mode: DISABLE}")
	istio := []string{"istio"}
	probe := func(certificate Certificate, alpn ...string) *Offer {
		return &Offer{Certificate: certificate, ALPN: alpn}
	}
	rows := []asked{}
	// Each certificate at a port that terminates TLS: STRICT whatever the ALPN, PERMISSIVE with Istio's.
	for certificate, want := range map[Certificate]string{
		None: "refused no-client-certificate", SelfSigned: "refused unknown-ca", ForeignCA: "refused unknown-ca",
		Expired: "refused expired", NotYetValid: "refused expired", WrongTrustDomain: "refused wrong-trust-domain", OfMesh: "mtls", FirstCA: "mtls",
	} {
		for _, port := range []string{"8080", "50051", "9000", "9001", "9080", "8443"} {
			to := "plain-client -> product-service:" + port
			rows = append(rows,
				asked{name: "STRICT, no ALPN, " + string(certificate), policies: strict, hop: to, offer: probe(certificate), want: want},
				asked{name: "STRICT, " + string(certificate), policies: strict, hop: to, offer: probe(certificate, istio...), want: want},
				asked{name: "PERMISSIVE, " + string(certificate), hop: to, offer: probe(certificate, istio...), want: want, rules: []Rule{ChainIstioALPN}})
		}
	}
	// TLS that nobody terminates: what a certificate proves does not matter.
	for _, certificate := range []Certificate{None, OfMesh} {
		for port, want := range map[string][2]string{
			"8080": {"refused no-filter-chain", "refused not-tls"}, "50051": {"refused no-filter-chain", "refused not-tls"},
			"9000": {"refused not-tls", "refused not-tls"}, "9080": {"refused not-tls", "refused not-tls"}, "8443": {"app-tls", "app-tls"},
		} {
			to := "plain-client -> product-service:" + port
			rows = append(rows,
				asked{name: "PERMISSIVE, no ALPN", hop: to, offer: probe(certificate), want: want[0]},
				asked{name: "PERMISSIVE, another ALPN", hop: to, offer: probe(certificate, "h2"), want: want[0]},
				asked{name: "DISABLE", policies: disable, hop: to, offer: probe(certificate, istio...), want: want[1], rules: []Rule{ChainDisableTLS}})
		}
	}
	rows = append(rows,
		asked{name: "no proxy", hop: "plain-client -> legacy-service:8443", offer: probe(None), want: "tls"},
		asked{name: "no proxy", hop: "plain-client -> legacy-service:8443", offer: probe(OfMesh), want: "mtls"},
		asked{name: "no proxy", hop: "plain-client -> legacy-service:8080", offer: probe(OfMesh, istio...), want: "refused not-tls"},
		asked{name: "alias", settings: "{trustDomainAliases: [old.test]}", policies: strict, hop: "plain-client -> product-service:8080",
			offer: &Offer{Certificate: WrongTrustDomain, TrustDomain: "old.test"}, want: "mtls", rules: []Rule{TrustDomainAlias}},
		asked{name: "trust domain of a CA", settings: "{caCertificates: [{trustDomains: [old.test]}]}", policies: strict, hop: "plain-client -> product-service:8080",
			offer: &Offer{Certificate: WrongTrustDomain, TrustDomain: "old.test"}, want: "mtls"},
		asked{name: "1.1", policies: strict, hop: "plain-client -> product-service:8080", offer: &Offer{Certificate: OfMesh, Versions: []Version{"1.1"}}, want: "refused protocol-version", rules: []Rule{ChainMinVersion}},
		asked{name: "1.2", policies: strict, hop: "plain-client -> product-service:8080", offer: &Offer{Certificate: OfMesh, Versions: []Version{TLS12}}, want: "mtls"},
		asked{name: "1.2 under 1.3", settings: "{meshMTLS: {minProtocolVersion: TLSV1_3}}", policies: strict, hop: "plain-client -> product-service:8080", offer: &Offer{Certificate: OfMesh, Versions: []Version{TLS12}}, want: "refused protocol-version"},
		asked{name: "sidecars offer 1.3", settings: "{meshMTLS: {minProtocolVersion: TLSV1_3}}", policies: strict, hop: "client -> product-service:8080", want: "mtls"},
		asked{name: "port of no service", policies: strict, hop: "plain-client -> product-service-pod:19092", offer: probe(None), want: "refused no-client-certificate"},
		asked{name: "port of no service", hop: "plain-client -> product-service-pod:18083", offer: probe(None), want: "refused not-tls"},
	)
	run(t, rows)
}

// The rows of Istio's own TestInbound (pilot/pkg/networking/core/sidecar_simulation_test.go) that are not TLS.
func TestPlaintextByProtocol(t *testing.T) {
	strict, disable := peerAuth(inRoot, "mtls: {mode: STRICT}"), peerAuth(inRoot, "mtls: {mode: DISABLE}")
	for _, mode := range []struct{ policies, http, tcp, tcpToHTTP string }{
		{disable, "plaintext", "plaintext", "refused not-http"},
		{"", "plaintext", "plaintext", "refused not-http"},
		{strict, "refused no-filter-chain", "refused no-filter-chain", "refused no-filter-chain"},
	} {
		run(t, []asked{
			{policies: mode.policies, hop: "plain-client -> product-service:8080", want: mode.http},
			{policies: mode.policies, hop: "plain-client -> product-service:9080", want: mode.http},
			{policies: mode.policies, hop: "plain-client -> product-service:9080", as: hop.TCP, want: mode.tcp},
			{policies: mode.policies, hop: "plain-client -> product-service:9000", want: mode.tcp},
			{policies: mode.policies, hop: "plain-client -> product-service-pod:19092", want: mode.tcp},
			{policies: mode.policies, hop: "plain-client -> product-service:8080", as: hop.TCP, want: mode.tcpToHTTP},
		})
	}
}

func TestOwnCertificates(t *testing.T) {
	strict := peerAuth(inRoot, "mtls: {mode: STRICT}")
	mutual := destRule("name: r", product+", trafficPolicy: {tls: {mode: MUTUAL, clientCertificate: /own.pem, privateKey: /own.key, caCertificates: /ca.pem, sni: x}}")
	for _, row := range []struct {
		name       string
		credential []Credential
		want       hop.Refusal
	}{
		{"foreign certificate", []Credential{{Name: "/own.pem", Certificate: ForeignCA}, {Name: "/ca.pem", TrustsMesh: true}}, hop.UnknownCA},
		{"foreign roots", []Credential{{Name: "/own.pem", Certificate: OfMesh}, {Name: "/ca.pem", TrustsProducts: true}}, hop.UnknownServerCA},
		{"expired", []Credential{{Name: "/own.pem", Certificate: Expired}, {Name: "/ca.pem", TrustsMesh: true}}, hop.Expired},
		{"the mesh's", []Credential{{Name: "/own.pem", Certificate: OfMesh}, {Name: "/ca.pem", TrustsMesh: true}}, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			snapshot := mesh(t, strict+mutual, "")
			snapshot.Credentials = row.credential
			answer := snapshot.Ask(question(t, "client -> product-service:8080"))
			if answer.Refusal != row.want || answer.Client.Mode != Mutual {
				t.Errorf("%q, client %s: %s", answer.Refusal, answer.Client.Mode, answer.Why)
			}
		})
	}
	unread := mesh(t, strict+mutual, "").Ask(question(t, "client -> product-service:8080"))
	if unread.Says != "" {
		t.Errorf("says %q of a credential that is not in the snapshot", unread.Says)
	}
}

// What a policy asks of a request that a snapshot does not hold makes the answer unknown: by itself, and two at once.
func TestAuthorizationByMoreThanTheSnapshotTells(t *testing.T) {
	policy := func(rule string) string {
		return "\n---\n{kind: AuthorizationPolicy, metadata: {name: a}, spec: {selector: {matchLabels: {app: product-service}}, rules: [" + rule + "]}}"
	}
	source := []string{`ipBlocks: ["1.2.3.4"]`, `notIpBlocks: ["1.2.3.4"]`, `remoteIpBlocks: ["1.2.3.4"]`, `notRemoteIpBlocks: ["1.2.3.4"]`, `requestPrincipals: ["a"]`, `notRequestPrincipals: ["a"]`}
	operation := []string{`hosts: [a]`, `notHosts: [a]`, `methods: [GET]`, `notMethods: [GET]`, `paths: [/a]`, `notPaths: [/a]`}
	var rows []asked
	for of, all := range map[string][]string{"from: [{source": source, "to: [{operation": operation} {
		for i, one := range all {
			both := all[0]
			if i > 0 {
				both += ", " + one
			}
			rows = append(rows,
				asked{name: one, policies: policy("{" + of + ": {" + one + "}}]}"), hop: "client -> product-service:8080", want: ""},
				asked{name: both, policies: policy("{" + of + ": {" + both + "}}]}"), hop: "client -> product-service:8080", want: ""})
		}
	}
	disable := destRule("name: r", product+", trafficPolicy: {tls: {mode: DISABLE}}")
	for _, who := range []string{`principals: ["x"], namespaces: [y]`, `principals: ["x"], serviceAccounts: [y/z]`, `namespaces: [y], serviceAccounts: [y/z]`} {
		rows = append(rows, asked{name: who, policies: policy("{from: [{source: {"+who+"}}]}") + disable, hop: "client -> product-service:8080", want: "refused unauthorized", rules: []Rule{AuthzNoIdentity}})
	}
	run(t, rows)
}

func TestAuthorization(t *testing.T) {
	policy := func(spec string) string {
		return "\n---\n{kind: AuthorizationPolicy, metadata: {name: a}, spec: {selector: {matchLabels: {app: product-service}}, " + spec + "}}"
	}
	from := func(source string) string { return "rules: [{from: [{source: {" + source + "}}]}]" }
	const own, other = `principals: ["cluster.local/ns/clients/sa/client"]`, `principals: ["cluster.local/ns/clients/sa/other"]`
	disable := destRule("name: r", product+", trafficPolicy: {tls: {mode: DISABLE}}")
	const hopTo = "client -> product-service:8080"
	run(t, []asked{
		{name: "ALLOW", policies: policy(from(own)), hop: hopTo, want: "mtls", rules: []Rule{AuthzAllow}},
		{name: "ALLOW another", policies: policy(from(other)), hop: hopTo, want: "refused unauthorized", rules: []Rule{AuthzNoAllow}},
		{name: "ALLOW over plaintext", policies: policy(from(own)) + disable, hop: hopTo, want: "refused unauthorized", rules: []Rule{AuthzNoIdentity}},
		{name: "DENY", policies: policy("action: DENY, " + from(own)), hop: hopTo, want: "refused unauthorized", rules: []Rule{AuthzDeny}},
		{name: "DENY over plaintext", policies: policy("action: DENY, "+from(own)) + disable, hop: hopTo, want: "plaintext"},
		{name: "DENY without identity", policies: policy("action: DENY, "+from(`notPrincipals: ["*"]`)) + disable, hop: hopTo, want: "refused unauthorized"},
		{name: "DENY without identity", policies: policy("action: DENY, " + from(`notPrincipals: ["*"]`)), hop: hopTo, want: "mtls"},
		{name: "any identity", policies: policy(from(`principals: ["*"]`)), hop: hopTo, want: "mtls"},
		{name: "prefix", policies: policy(from(`principals: ["cluster.local/ns/clients/*"]`)), hop: hopTo, want: "mtls"},
		{name: "suffix", policies: policy(from(`principals: ["*/sa/client"]`)), hop: hopTo, want: "mtls"},
		{name: "namespace", policies: policy(from(`namespaces: [clients]`)), hop: hopTo, want: "mtls"},
		{name: "service account", policies: policy(from(`serviceAccounts: [clients/client]`)), hop: hopTo, want: "mtls"},
		{name: "nothing allowed", policies: policy("rules: []"), hop: hopTo, want: "refused unauthorized"},
		{name: "everything allowed", policies: policy("rules: [{}]"), hop: hopTo, want: "mtls"},
		{name: "port", policies: policy(`rules: [{to: [{operation: {ports: ["8080"]}}]}]`), hop: hopTo, want: "mtls"},
		{name: "port", policies: policy(`rules: [{to: [{operation: {ports: ["9000"]}}]}]`), hop: hopTo, want: "refused unauthorized"},
		{name: "path", policies: policy(`rules: [{to: [{operation: {paths: ["/x"]}}]}]`), hop: hopTo, want: ""},
		{name: "other workload", policies: policy("rules: []"), hop: "client -> order-service:8080", want: "mtls"},
		{name: "alias", settings: "{trustDomain: new.test, trustDomainAliases: [cluster.local]}", policies: policy(from(own)), hop: hopTo, want: "mtls", rules: []Rule{AuthzAlias}},
	})
}

func TestGatewayServers(t *testing.T) {
	gateway := func(tls string) string {
		return "\n---\n{kind: Gateway, metadata: {name: g, namespace: istio-system}, spec: {selector: {istio: ingressgateway}, servers: [{port: {number: 8443, name: x, protocol: HTTPS}, hosts: [a.test], tls: {" + tls + "}}]}}"
	}
	credentials := []Credential{{Namespace: "istio-system", Name: "c", TrustsProducts: true}}
	for _, row := range []struct {
		name, tls string
		offer     Offer
		want      string
	}{
		{"SIMPLE", "mode: SIMPLE, credentialName: c", Offer{SNI: "a.test"}, "tls"},
		{"another host", "mode: SIMPLE, credentialName: c", Offer{SNI: "b.test"}, "refused no-filter-chain"},
		{"MUTUAL", "mode: MUTUAL, credentialName: c", Offer{SNI: "a.test"}, "refused no-client-certificate"},
		{"MUTUAL", "mode: MUTUAL, credentialName: c", Offer{SNI: "a.test", Certificate: OfProducts}, "mtls"},
		{"MUTUAL", "mode: MUTUAL, credentialName: c", Offer{SNI: "a.test", Certificate: OfMesh}, "refused unknown-ca"},
		{"OPTIONAL_MUTUAL", "mode: OPTIONAL_MUTUAL, credentialName: c", Offer{SNI: "a.test"}, "tls"},
		{"OPTIONAL_MUTUAL", "mode: OPTIONAL_MUTUAL, credentialName: c", Offer{SNI: "a.test", Certificate: SelfSigned}, "refused unknown-ca"},
		{"ISTIO_MUTUAL", "mode: ISTIO_MUTUAL", Offer{SNI: "a.test", Certificate: OfMesh}, "mtls"},
		{"ISTIO_MUTUAL", "mode: ISTIO_MUTUAL", Offer{SNI: "a.test", Certificate: Expired}, "refused expired"},
		{"1.3", "mode: SIMPLE, credentialName: c, minProtocolVersion: TLSV1_3", Offer{SNI: "a.test", Versions: []Version{TLS12}}, "refused protocol-version"},
	} {
		t.Run(row.name, func(t *testing.T) {
			snapshot := mesh(t, gateway(row.tls), "")
			snapshot.Credentials = credentials
			q := question(t, "plain-client -> ingressgateway:8443")
			q.Offer = &row.offer
			answer := snapshot.Ask(q)
			got := string(answer.Says)
			if answer.Refusal != "" {
				got += " " + string(answer.Refusal)
			}
			if got != row.want {
				t.Errorf("%q, want %q: %s", got, row.want, answer.Why)
			}
		})
	}
	passing := "\n---\n{kind: Gateway, metadata: {name: g, namespace: istio-system}, spec: {selector: {istio: ingressgateway}, servers: [{port: {number: 9443, name: x, protocol: TLS}, hosts: [\"*.local\"], tls: {mode: AUTO_PASSTHROUGH}}]}}"
	sni := "outbound_.8080_._.product-service.default.svc.cluster.local"
	for _, row := range []struct {
		name, sni, policies, want string
		alpn                      []string
		certificate               Certificate
	}{
		{"with a mesh certificate", sni, "", "mtls", []string{"istio"}, OfMesh},
		{"without certificate", sni, "", "refused no-client-certificate", []string{"istio"}, None},
		{"without Istio's ALPN", sni, "", "refused no-filter-chain", nil, OfMesh},
		{"no such service", "outbound_.8080_._.x.local", "", "refused no-filter-chain", []string{"istio"}, OfMesh},
		{"no endpoint with mTLS", "outbound_.8080_._.legacy-service.default.svc.cluster.local", "", "refused no-endpoint", []string{"istio"}, OfMesh},
	} {
		run(t, []asked{{name: row.name, policies: passing, hop: "plain-client -> ingressgateway:9443",
			offer: &Offer{Certificate: row.certificate, ALPN: row.alpn, SNI: row.sni}, want: row.want}})
	}
}

func TestIdentities(t *testing.T) {
	answer := mesh(t, "", "{trustDomain: td.test}").Ask(question(t, "client -> product-service:8080"))
	want := Identities{Client: "spiffe://td.test/ns/clients/sa/client", Server: "spiffe://td.test/ns/default/sa/product-service"}
	if !reflect.DeepEqual(answer.Identities, want) {
		t.Errorf("%+v, want %+v", answer.Identities, want)
	}
}

func TestWhoDecides(t *testing.T) {
	policies := peerAuth(inRoot, "mtls: {mode: STRICT}") + peerAuth("name: w", ofProduct+", mtls: {mode: PERMISSIVE}") +
		destRule("name: r", product+", trafficPolicy: {tls: {mode: DISABLE}}")
	answer := mesh(t, policies, "").Ask(question(t, "gateway -> product-service:8080"))
	if want := (Server{Mode: Permissive, Policy: "PeerAuthentication default/w", Rule: ServerWorkload}); answer.Server != want {
		t.Errorf("server %+v, want %+v", answer.Server, want)
	}
	if want := (Client{Mode: Disable, Object: "DestinationRule default/r", Rule: RuleTLS}); answer.Client != want {
		t.Errorf("client %+v, want %+v", answer.Client, want)
	}
}

func TestTheMeshsRootsDecideWhoseCertificatesAreAccepted(t *testing.T) {
	for name, test := range map[string]struct {
		roots          []fixture.Root
		first, foreign bool
	}{
		"as it began":            {[]fixture.Root{fixture.FirstRoot}, true, false},
		"both":                   {[]fixture.Root{fixture.FirstRoot, fixture.ForeignRoot}, true, true},
		"the first is taken out": {[]fixture.Root{fixture.ForeignRoot}, false, true},
	} {
		mesh := DefaultMesh()
		mesh.Roots = test.roots
		for certificate, want := range map[Certificate]bool{
			OfMesh: true, FirstCA: test.first, Expired: test.first, WrongTrustDomain: test.first, ForeignCA: test.foreign, SelfSigned: false, OfProducts: false,
		} {
			if got, _ := mesh.vouchesFor(certificate); got != want {
				t.Errorf("%s, %s: vouches %t, want %t", name, certificate, got, want)
			}
		}
	}
}
