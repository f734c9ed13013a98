package oracle

import (
	"slices"
	"strings"
	"testing"

	"mtls.test/conformance/e2e/pure/hop"
)

const (
	oldest   = "name: old, creationTimestamp: 2026-01-01T00:00:00Z"
	youngest = "name: young, creationTimestamp: 2026-01-02T00:00:00Z"
)

// Which object decides, and by which place in it.
func TestWhoDecidesForTheClient(t *testing.T) {
	const (
		subset   = "subsets: [{name: v, labels: {version: vistio}}]"
		disabled = "trafficPolicy: {tls: {mode: DISABLE}}"
	)
	subsetOf := func(policy string) string {
		return "subsets: [{name: v, labels: {version: vistio}, trafficPolicy: " + policy + "}]"
	}
	for name, row := range map[string]struct {
		policies, hop string
		want          Client
	}{
		"a port's entry": {destRule("name: r", product+", trafficPolicy: {tls: {mode: DISABLE}, portLevelSettings: [{port: {number: 9000}, tls: {mode: SIMPLE}}, {port: {number: 8080}, tls: {mode: ISTIO_MUTUAL}}]}"),
			"client -> product-service:8080", Client{IstioMutual, "DestinationRule default/r", RulePort}},
		"another port's entry": {destRule("name: r", product+", trafficPolicy: {tls: {mode: DISABLE}, portLevelSettings: [{port: {number: 9000}, tls: {mode: SIMPLE}}]}"),
			"client -> product-service:8080", Client{Disable, "DestinationRule default/r", RuleTLS}},
		"a subset's own": {destRule(oldest, product+", "+disabled) + destRule(youngest, product+", "+subsetOf("{tls: {mode: ISTIO_MUTUAL}}")),
			"client -> product-service:8080/v", Client{IstioMutual, "DestinationRule default/young", RuleSubsetOverrides}},
		"a subset's port": {destRule(oldest, product+", "+disabled) + destRule(youngest, product+", "+subsetOf("{portLevelSettings: [{port: {number: 9000}, tls: {mode: SIMPLE}}, {port: {number: 8080}, tls: {mode: ISTIO_MUTUAL}}]}")),
			"client -> product-service:8080/v", Client{IstioMutual, "DestinationRule default/young", RulePort}},
		"another port of a subset": {destRule(oldest, product+", "+disabled) + destRule(youngest, product+", "+subsetOf("{portLevelSettings: [{port: {number: 9000}, tls: {mode: ISTIO_MUTUAL}}]}")),
			"client -> product-service:8080/v", Client{Disable, "DestinationRule default/old", RuleTLS}},
		"a subset without policy": {destRule(oldest, product+", "+disabled) + destRule(youngest, product+", "+subset),
			"client -> product-service:8080/v", Client{Disable, "DestinationRule default/old", RuleTLS}},
		"a subset of another policy": {destRule(oldest, product+", "+disabled) + destRule(youngest, product+", "+subsetOf("{loadBalancer: {simple: RANDOM}}")),
			"client -> product-service:8080/v", Client{Disable, "DestinationRule default/old", RuleTLS}},
	} {
		t.Run(name, func(t *testing.T) {
			if answer := mesh(t, row.policies, "").Ask(question(t, row.hop)); answer.Client != row.want {
				t.Errorf("%+v, want %+v", answer.Client, row.want)
			}
		})
	}
}

// A rule is named where it was used, and only there.
func TestRulesThatWereNotUsed(t *testing.T) {
	const to = "client -> product-service:8080"
	disabled := "trafficPolicy: {tls: {mode: DISABLE}}"
	run(t, []asked{
		{name: "one rule", policies: destRule("name: r", product+", "+disabled), hop: to, want: "plaintext",
			unused: []Rule{RulePort, RulePortByService, RuleExportTo, RuleExact, RuleWildcard, RuleLongest, RuleSubsetsJoin, RuleOldestPolicy, RuleTie, RuleSelector, RuleShortName, RuleNames, ClientNoProxy, RuleSubsetInherits}},
		{name: "one wildcard", policies: destRule("name: r", "host: \"*.local\", "+disabled), hop: to, want: "plaintext", rules: []Rule{RuleWildcard}, unused: []Rule{RuleLongest, RuleExact}},
		{name: "a longer wildcard", policies: destRule(oldest, "host: \"*.local\", "+disabled) + destRule(youngest, "host: \"*.cluster.local\""), hop: to, want: "mtls", rules: []Rule{RuleLongest}},
		{name: "a shorter wildcard", policies: destRule(oldest, "host: \"*.cluster.local\", "+disabled) + destRule(youngest, "host: \"*.local\""), hop: to, want: "plaintext", rules: []Rule{RuleLongest}},
		{name: "a wildcard beside", policies: destRule("name: a", "host: \"*.local\"") + destRule("name: b", product+", "+disabled), hop: to, want: "plaintext", rules: []Rule{RuleExact}},
		{name: "seen by all", policies: destRule("name: r", product+", exportTo: [\"*\"], "+disabled), hop: to, want: "plaintext", unused: []Rule{RuleExportTo}},
		{name: "two rules without subsets", policies: destRule(oldest, product) + destRule(youngest, product+", "+disabled), hop: to, want: "plaintext", unused: []Rule{RuleSubsetsJoin, RuleOldestPolicy}},
		{name: "two policies", policies: destRule(oldest, product+", "+disabled) + destRule(youngest, product+", trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}"), hop: to, want: "plaintext", rules: []Rule{RuleOldestPolicy}, unused: []Rule{RuleTie}},
		{name: "MUTUAL by credential without selector", policies: destRule("name: r", product+", trafficPolicy: {tls: {mode: MUTUAL, credentialName: c}}"), hop: to, want: "plaintext", rules: []Rule{RuleCredentialDropped}},
		{name: "ISTIO_MUTUAL with a credential", policies: destRule("name: r", product+", trafficPolicy: {tls: {mode: ISTIO_MUTUAL, credentialName: c}}"), hop: to, want: "mtls", unused: []Rule{RuleCredentialDropped}},
		{name: "no port entry", policies: peerAuth("name: w", ofProduct+", mtls: {mode: STRICT}"), hop: to, want: "mtls", unused: []Rule{ServerPort, ServerPortByWorkload, ServerOldest, ServerTie}},
	})
}

// Rules with selectors of one namespace do not merge into rules without, or of other selectors.
func TestSelectorsKeepRulesApart(t *testing.T) {
	rule := func(meta, selector, mode string) string {
		if selector != "" {
			selector = "workloadSelector: {matchLabels: " + selector + "}, "
		}
		meta = strings.Replace(meta, ",", ", namespace: clients,", 1)
		return destRule(meta, product+", "+selector+"trafficPolicy: {tls: {mode: "+mode+"}}")
	}
	const to, mine, other = "client -> product-service:8080", "{app: client}", "{app: other}"
	run(t, []asked{
		{name: "an older one for all", policies: rule(oldest, "", "DISABLE") + rule(youngest, mine, "ISTIO_MUTUAL"), hop: to, want: "mtls", rules: []Rule{RuleSelector}},
		{name: "a younger one for all", policies: rule(oldest, mine, "DISABLE") + rule(youngest, "", "ISTIO_MUTUAL"), hop: to, want: "plaintext", rules: []Rule{RuleSelector}},
		{name: "an older one for others", policies: rule(oldest, other, "DISABLE") + rule(youngest, mine, "ISTIO_MUTUAL"), hop: to, want: "mtls", rules: []Rule{RuleSelector}},
		{name: "a younger one for others", policies: rule(oldest, mine, "DISABLE") + rule(youngest, other, "ISTIO_MUTUAL"), hop: to, want: "plaintext", rules: []Rule{RuleSelector}},
		{name: "the older of two for it", policies: rule(oldest, mine, "DISABLE") + rule(youngest, mine, "ISTIO_MUTUAL"), hop: to, want: "plaintext", rules: []Rule{RuleSelector, RuleOldestPolicy}},
		{name: "others and all", policies: rule(oldest, other, "ISTIO_MUTUAL") + rule(youngest, "", "DISABLE"), hop: to, want: "plaintext", unused: []Rule{RuleSelector}},
		{name: "for others alone", policies: rule(oldest, other, "DISABLE"), hop: to, want: "mtls", unused: []Rule{RuleSelector}},
	})
}

// The asked service tells what its port declares, though another stands before the same port.
func TestTheAskedServiceDeclaresItsPort(t *testing.T) {
	const another = "\n---\n{kind: Service, metadata: {name: aaa}, spec: {selector: {app: product-service}, ports: [{port: 8080, appProtocol: tcp}]}}"
	offer := &Offer{Certificate: None}
	run(t, []asked{
		{policies: another, hop: "plain-client -> product-service:8080", offer: offer, want: "refused no-filter-chain"},
		{policies: another, hop: "plain-client -> aaa:8080", offer: offer, want: "refused not-tls"},
	})
}

// An endpoint that names a service is reached at the workload's port behind the very port.
func TestTheEndpointsPort(t *testing.T) {
	const entry = "\n---\n{kind: ServiceEntry, metadata: {name: low}, spec: {hosts: [low.test], location: MESH_INTERNAL, resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}], endpoints: [{address: product-service.default.svc.cluster.local}]}}"
	for text, want := range map[string]uint16{"client -> low.test:80": 8081, "client -> product-service:80": 8081, "client -> product-service:8080": 8080} {
		all := mesh(t, entry, "").AskEach(question(t, text))
		if len(all) != 1 || all[0].Port != want || all[0].Endpoint != "default/product-service" {
			t.Errorf("%s: %+v, want port %d", text, all, want)
		}
	}
}

func TestAuthorizationOfOtherNamespaces(t *testing.T) {
	policy := func(namespace, spec string) string {
		return "\n---\n{kind: AuthorizationPolicy, metadata: {name: a, namespace: " + namespace + "}, spec: {" + spec + "}}"
	}
	principal := func(domain string) string {
		return policy("default", `rules: [{from: [{source: {principals: ["`+domain+`/ns/clients/sa/client"]}}]}]`)
	}
	const to = "client -> product-service:8080"
	disable := destRule("name: r", product+", trafficPolicy: {tls: {mode: DISABLE}}")
	run(t, []asked{
		{name: "of the root namespace", policies: policy("istio-system", "rules: []"), hop: to, want: "refused unauthorized"},
		{name: "of another", policies: policy("clients", "rules: []"), hop: to, want: "mtls"},
		{name: "cluster.local", settings: "{trustDomain: new.test}", policies: principal("cluster.local"), hop: to, want: "mtls", rules: []Rule{AuthzAlias}},
		{name: "a stranger's domain", settings: "{trustDomain: new.test}", policies: principal("other.test"), hop: to, want: "refused unauthorized"},
		{name: "an alias", settings: "{trustDomain: new.test, trustDomainAliases: [old.test]}", policies: principal("old.test"), hop: to, want: "mtls", rules: []Rule{AuthzAlias}},
	})
	for policies, want := range map[string]string{
		policy("default", "rules: []"):           "names cluster.local/ns/clients/sa/client",
		policy("default", "rules: []") + disable: "names a client without identity",
	} {
		if answer := mesh(t, policies, "").Ask(question(t, to)); !strings.Contains(answer.Why, want) {
			t.Errorf("%s, want %s", answer.Why, want)
		}
	}
}

// A gateway that passes on by SNI knows the subsets of the rules that it sees.
func TestPassingOnToASubset(t *testing.T) {
	const passing = "\n---\n{kind: Gateway, metadata: {name: g, namespace: istio-system}, spec: {selector: {istio: ingressgateway}, servers: [{port: {number: 9443, name: x, protocol: TLS}, hosts: [\"*.local\"], tls: {mode: AUTO_PASSTHROUGH}}]}}"
	subset := destRule("name: r", product+", subsets: [{name: v, labels: {version: vistio}}]")
	for sni, want := range map[string]string{"v": "mtls", "w": "refused no-filter-chain"} {
		offer := &Offer{Certificate: OfMesh, ALPN: []string{"istio"}, SNI: "outbound_.8080_." + sni + "_.product-service.default.svc.cluster.local"}
		run(t, []asked{{name: sni, policies: passing + subset, hop: "plain-client -> ingressgateway:9443", offer: offer, want: want}})
	}
}

// A client's own certificate of another trust domain is refused for its domain.
func TestOwnCertificateOfAnotherDomain(t *testing.T) {
	snapshot := mesh(t, peerAuth(inRoot, "mtls: {mode: STRICT}")+destRule("name: r", product+", trafficPolicy: {tls: {mode: MUTUAL, clientCertificate: /own.pem, privateKey: /own.key, caCertificates: /ca.pem, sni: x}}"), "")
	for domain, want := range map[string]hop.Refusal{"foreign.test": hop.WrongTrustDomain, "cluster.local": ""} {
		snapshot.Credentials = []Credential{{Name: "/own.pem", Certificate: WrongTrustDomain, TrustDomain: domain}, {Name: "/ca.pem", TrustsMesh: true}}
		if answer := snapshot.Ask(question(t, "client -> product-service:8080")); answer.Refusal != want {
			t.Errorf("%s: %q, want %q: %s", domain, answer.Refusal, want, answer.Why)
		}
	}
}

// Names that a rule gives count more than the account of a ServiceEntry's endpoint.
func TestNamesOfTheRuleAndOfTheEndpoint(t *testing.T) {
	const own, other = "spiffe://cluster.local/ns/default/sa/product-service", "spiffe://cluster.local/ns/default/sa/other"
	for _, row := range []struct {
		account, names string
		want           hop.Refusal
	}{
		{"other", "subjectAltNames: [" + own + "]", ""},
		{"product-service", "subjectAltNames: [" + other + "]", hop.WrongSAN},
		{"product-service", "subjectAltNames: []", ""},
		{"other", "subjectAltNames: []", hop.WrongSAN},
	} {
		snapshot := mesh(t, "\n---\n{kind: ServiceEntry, metadata: {name: low}, spec: {hosts: [low.test], location: MESH_INTERNAL, resolution: DNS, ports: [{number: 8080, name: http, protocol: HTTP}], endpoints: [{address: product-service.default.svc.cluster.local, serviceAccount: "+row.account+"}]}}"+
			destRule("name: r", "host: low.test, trafficPolicy: {tls: {mode: MUTUAL, clientCertificate: /own.pem, privateKey: /own.key, caCertificates: /ca.pem, sni: x, "+row.names+"}}")+peerAuth(inRoot, "mtls: {mode: STRICT}"), "")
		snapshot.Credentials = []Credential{{Name: "/own.pem", Certificate: OfMesh}, {Name: "/ca.pem", TrustsMesh: true}}
		if answer := snapshot.Ask(question(t, "client -> low.test:8080")); answer.Refusal != row.want || answer.Says == "" {
			t.Errorf("%s, %s: %s %q, want %q: %s", row.account, row.names, answer.Says, answer.Refusal, row.want, answer.Why)
		}
	}
}

func TestWhatTheChartLookedAt(t *testing.T) {
	disabled := ", trafficPolicy: {tls: {mode: DISABLE}}"
	chart := readChart(t)
	for policies, want := range map[string]string{
		"":                                    "",
		destRule("name: b", product+disabled): "DestinationRule default/b",
		destRule("name: a", product) + destRule("name: b", product+disabled): "DestinationRule default/b",
		destRule("name: a", product) + destRule("name: b", product):          "DestinationRule default/a",
		peerAuth("name: z", "") + peerAuth("name: y", ""):                    "PeerAuthentication default/y",
	} {
		q := question(t, "gateway -> product-service:8080")
		walk, err := chart.Follow(mesh(t, policies, ""), q.To, hop.MTLS)
		if err != nil || walk.Object != want {
			t.Errorf("%s: looked at %q %v, want %q", policies, walk.Object, err, want)
		}
	}
	if got := (Edge{From: "B", To: "C"}).String() + ", " + (Edge{From: "B", Label: "Exists", To: "C"}).String(); got != "B -> C, B -Exists-> C" {
		t.Error(got)
	}
	walk, err := chart.Follow(mesh(t, "", ""), question(t, "gateway -> product-service:8080").To, hop.MTLS)
	if err != nil {
		t.Fatal(err)
	}
	if _, ends := chart.Untaken([]ChartPath{walk}); !slices.Equal(ends, []End{Disabled, Debug}) {
		t.Errorf("one walk to %s leaves out %v", walk.End, ends)
	}
}

func TestWhyTheChartDiffers(t *testing.T) {
	chart := readChart(t)
	strict := peerAuth(inRoot, "mtls: {mode: STRICT}")
	for policies, want := range map[string]string{
		strict + peerAuth(inDefault, "mtls: {mode: PERMISSIVE}"):                                                         "the server is PERMISSIVE by PeerAuthentication default/default",
		destRule("name: r", "host: product-service, exportTo: [other-namespace], trafficPolicy: {tls: {mode: DISABLE}}"): "and the client is ",
	} {
		snapshot := mesh(t, policies, "")
		q := question(t, "client -> product-service:8080")
		answer := snapshot.Ask(q)
		walk, err := chart.Follow(snapshot, q.To, answer.Says)
		if err != nil {
			t.Fatal(err)
		}
		if why, differs := Differs(answer, walk); !differs || !strings.Contains(why, want) {
			t.Errorf("%v %q, want %q", differs, why, want)
		}
	}
	if orDefault("") != "default" || orDefault("x") != "x" {
		t.Error("nothing is not the default")
	}
}
