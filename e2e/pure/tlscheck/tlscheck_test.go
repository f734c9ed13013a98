package tlscheck

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"

	"mtls.test/conformance/e2e/pure/envoy"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/oracle"
)

const product = "product-service.default.svc.cluster.local"

// answered is a hop of the port whose policies ask for an outcome.
func answered(port uint16, says hop.Outcome) Hop {
	return Hop{Client: "clients/client", Endpoint: "default/product", Port: port, Asked: oracle.Answer{
		Says: says, Why: "because", Server: oracle.Server{Mode: oracle.Permissive, Rule: oracle.ServerDefault}, Client: oracle.Client{Mode: oracle.Auto},
	}}
}

func configured(h Hop, says hop.Outcome) Hop {
	h.Configured = &Configured{Prediction: envoy.Prediction{Says: says, Why: "as configured"}}
	return h
}

// refuses is a hop whose proxies are configured to refuse it by a cause.
func refuses(h Hop, cause hop.Refusal) Hop {
	h = configured(h, hop.Refused)
	h.Configured.Refusal = cause
	return h
}

// proves is a hop of mTLS between two ends of one identity, whose proxies are configured to prove others.
func proves(client, server hop.Identity) Hop {
	h := configured(answered(1, hop.MTLS), hop.MTLS)
	h.Asked.Identities = oracle.Identities{Client: identity, Server: identity}
	h.Configured.Peer, h.Configured.Server = client, &Certificate{Identity: server}
	return h
}

func inTheClear(h Hop) Hop {
	h.Asked.Says, h.Configured.Says = hop.Plaintext, hop.Plaintext
	return h
}

func observed(h Hop, mode oracle.Mode, o Observed) Hop {
	h.Asked.Server.Mode, h.Observed = mode, &o
	return h
}

func TestJudge(t *testing.T) {
	refusedBy := answered(1, hop.Refused)
	refusedBy.Asked.Refusal = hop.NoFilterChain
	unread := answered(1, hop.MTLS)
	unread.Configured = &Configured{Missing: "no answer"}
	for _, row := range []struct {
		name   string
		hop    Hop
		status Status
		reason string
	}{
		{"mtls", answered(1, hop.MTLS), OK, ""},
		{"plaintext", answered(1, hop.Plaintext), Plaintext, "because"},
		{"refused", refusedBy, Conflict, "no-filter-chain: because"},
		{"one-way", answered(1, hop.OneWayTLS), OK, "not mutual"},
		{"the application's own", answered(1, hop.AppTLS), OK, "not mutual"},
		{"undecided", answered(1, ""), Unknown, "because"},
		{"as configured", configured(answered(1, hop.MTLS), hop.MTLS), OK, ""},
		{"TLS that ends elsewhere", configured(answered(1, hop.AppTLS), hop.OneWayTLS), OK, "not mutual"},
		{"other than configured", configured(answered(1, hop.MTLS), hop.Plaintext), Mismatch, "ask for mtls (because), and the proxies are configured for plaintext: as configured"},
		{"refused where mtls is asked", configured(answered(1, hop.MTLS), hop.Refused), Mismatch, "configured for refused"},
		{"served where a refusal is asked", configured(refusedBy, hop.Plaintext), Mismatch, "configured for plaintext"},
		{"refused by the cause asked for", refuses(refusedBy, hop.NoFilterChain), Conflict, "no-filter-chain: because"},
		{"refused by a cause without a name", refuses(refusedBy, ""), Conflict, "no-filter-chain: because"},
		{"refused by another cause", refuses(refusedBy, hop.WrongSAN), Mismatch, "ask for a refusal by no-filter-chain (because), and the proxies are configured to refuse by wrong-san: as configured"},
		{"between the identities asked for", proves(identity, identity), OK, ""},
		{"between identities that are not known", proves("", ""), OK, ""},
		{"another client", proves("spiffe://x/ns/y/sa/z", identity), Mismatch, "ask for a client " + string(identity) + ", and its proxy is configured to prove spiffe://x/ns/y/sa/z"},
		{"another server", proves(identity, "spiffe://x/ns/y/sa/z"), Mismatch, "ask for a server " + string(identity) + ", and its proxy holds a certificate of spiffe://x/ns/y/sa/z"},
		{"identities of a hop without mTLS", inTheClear(proves("spiffe://x/ns/y/sa/z", "")), Plaintext, "because"},
		{"undecided, and configured", configured(answered(1, ""), hop.MTLS), Unknown, "because"},
		{"not read", unread, Unknown, "no answer"},
		{"read, and undecided", configured(answered(1, hop.MTLS), ""), Unknown, "as configured"},
		{"STRICT as observed", observed(answered(1, hop.MTLS), oracle.Strict, Observed{Plaintext: hop.Refused, MTLS: hop.MTLS}), OK, ""},
		{"STRICT that takes plaintext", observed(answered(1, hop.MTLS), oracle.Strict, Observed{Plaintext: hop.Plaintext, MTLS: hop.MTLS}), Mismatch, "STRICT by its policies, and the probe found plaintext taken"},
		{"PERMISSIVE that refuses plaintext", observed(answered(1, hop.MTLS), oracle.Permissive, Observed{Plaintext: hop.Refused, MTLS: hop.MTLS}), Mismatch, "PERMISSIVE"},
		{"DISABLE that takes mTLS", observed(answered(1, hop.Plaintext), oracle.Disable, Observed{Plaintext: hop.Plaintext, MTLS: hop.MTLS}), Mismatch, "DISABLE"},
		{"mTLS of the application's own", observed(answered(1, hop.MTLS), oracle.Permissive, Observed{Plaintext: hop.Plaintext, MTLS: hop.AppTLS}), Mismatch, "mTLS answered by the application's own TLS"},
		{"the application's own TLS where no proxy is", observed(answered(1, hop.Plaintext), oracle.NoProxy, Observed{Plaintext: hop.Plaintext, MTLS: hop.AppTLS}), Plaintext, "because"},
		{"mTLS that the probe could not tell", observed(answered(1, hop.MTLS), oracle.Strict, Observed{Plaintext: hop.Refused, Why: "no answer"}), Unknown, "could not tell whether the server takes mTLS: no answer"},
		{"half observed", observed(answered(1, hop.MTLS), oracle.Strict, Observed{MTLS: hop.MTLS}), OK, ""},
		{"a gateway's server", observed(answered(1, hop.OneWayTLS), oracle.Simple, Observed{Plaintext: hop.Refused, MTLS: hop.Refused}), OK, "not mutual"},
	} {
		t.Run(row.name, func(t *testing.T) {
			status, reason := row.hop.judge()
			if status != row.status || !strings.Contains(reason, row.reason) || (reason == "") != (row.reason == "") {
				t.Errorf("%s %q, want %s %q", status, reason, row.status, row.reason)
			}
		})
	}
}

// The column is for DestinationRules; another object that decides the client's mode is named in the reason.
func TestWhatIsNoDestinationRuleIsNamedInTheReason(t *testing.T) {
	for _, row := range []struct {
		object, why, cell, reason string
	}{
		{"DestinationRule a/r", "because", "a/r", "because"},
		{"", "because", "-", "because"},
		{"Sidecar a/s", "Sidecar a/s keeps it", "-", "Sidecar a/s keeps it"},
		{"BackendTLSPolicy a/b", "because", "-", "because; the client is SIMPLE by BackendTLSPolicy a/b"},
	} {
		h := answered(1, hop.Plaintext)
		h.Asked.Why, h.Asked.Client = row.why, oracle.Client{Mode: oracle.Simple, Object: row.object}
		got := Of("s", []Hop{h}).Rows[0]
		if got.DestinationRule != row.cell || len(got.Reasons) != 1 || got.Reasons[0] != row.reason {
			t.Errorf("%s: %q %q, want %q %q", row.object, got.DestinationRule, got.Reasons, row.cell, row.reason)
		}
	}
}

// The guide's row, under a STRICT policy of the namespace and the guide's rule.
func TestTheGuidesRow(t *testing.T) {
	want, err := os.ReadFile("../../../fixtures/guide/tls-check.txt")
	if err != nil {
		t.Fatal(err)
	}
	var hops []Hop
	for _, port := range []uint16{8080, 50051} {
		h := answered(port, hop.MTLS)
		h.Asked.Server = oracle.Server{Mode: oracle.Strict, Policy: "PeerAuthentication default/strict", Rule: oracle.ServerNamespace}
		h.Asked.Client = oracle.Client{Mode: oracle.IstioMutual, Object: "DestinationRule default/product-service-mtls"}
		hops = append(hops, h)
	}
	var got bytes.Buffer
	table := NewTable(&got, false)
	if err := table.Write(Of(product, hops)); err != nil {
		t.Fatal(err)
	}
	if err := table.Close(); err != nil {
		t.Fatal(err)
	}
	if got.String() != string(want) {
		t.Errorf("got\n%swant\n%s", got.String(), want)
	}
}

func TestRows(t *testing.T) {
	other := answered(8080, hop.Plaintext)
	other.Endpoint = "default/legacy"
	workload := answered(8080, hop.MTLS)
	workload.Asked.Server = oracle.Server{Mode: oracle.Strict, Policy: "PeerAuthentication default/product", Rule: oracle.ServerWorkload}
	mesh := answered(8080, hop.MTLS)
	mesh.Asked.Server = oracle.Server{Mode: oracle.Strict, Policy: "PeerAuthentication istio-system/default", Rule: oracle.ServerMesh}
	gateway := answered(8080, hop.Plaintext)
	gateway.Asked.Server = oracle.Server{Mode: oracle.Disable, Policy: "Gateway default/product", Rule: oracle.ServerGateway}
	for _, row := range []struct {
		name string
		hops []Hop
		want []string
	}{
		{"ports alike", []Hop{answered(80, hop.MTLS), answered(8080, hop.MTLS)}, []string{"s OK PERMISSIVE AUTO - -"}},
		{"ports that differ", []Hop{answered(8080, hop.Plaintext), answered(80, hop.MTLS)}, []string{"s:80 OK PERMISSIVE AUTO - -", "s:8080 PLAINTEXT PERMISSIVE AUTO - -"}},
		{"replicas that differ", []Hop{answered(8080, hop.MTLS), other}, []string{"s PLAINTEXT PERMISSIVE AUTO - -", "s OK PERMISSIVE AUTO - -"}},
		{"one port with replicas that differ", []Hop{answered(80, hop.MTLS), answered(8080, hop.MTLS), other}, []string{"s:80 OK PERMISSIVE AUTO - -", "s:8080 PLAINTEXT PERMISSIVE AUTO - -", "s:8080 OK PERMISSIVE AUTO - -"}},
		{"a workload's policy", []Hop{workload}, []string{"s OK STRICT AUTO default/product -"}},
		{"the mesh's policy", []Hop{mesh}, []string{"s OK STRICT AUTO istio-system/ -"}},
		{"a gateway", []Hop{gateway}, []string{"s PLAINTEXT DISABLE AUTO - -"}},
		{"nothing", nil, nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			host := Of("s", row.hops)
			var got []string
			hops := 0
			for _, r := range host.Rows {
				got = append(got, strings.Join([]string{r.Name(host.Host), string(r.Status), r.Server, r.Client, r.AuthnPolicy, r.DestinationRule}, " "))
				hops += len(r.Hops)
			}
			if fmt.Sprint(got) != fmt.Sprint(row.want) || hops != len(row.hops) {
				t.Errorf("got %q with %d hops, want %q with %d", got, hops, row.want, len(row.hops))
			}
		})
	}
}

func TestTheWorseOfTwoStatuses(t *testing.T) {
	fromBest := []Status{OK, Plaintext, Unknown, Conflict, Mismatch}
	for i, better := range fromBest {
		for _, worse := range fromBest[i:] {
			if got := Worse(better, worse); got != worse {
				t.Errorf("of %s and %s: %s", better, worse, got)
			}
			if got := Worse(worse, better); got != worse {
				t.Errorf("of %s and %s: %s", worse, better, got)
			}
		}
	}
}

// What is wide names one and counts several, and reasons stand below with who they are of.
func TestWideTable(t *testing.T) {
	second := answered(8080, hop.Plaintext)
	second.Client = "clients/other"
	host := Of("s", []Hop{configured(answered(8080, hop.Plaintext), hop.Plaintext), configured(second, hop.Plaintext)}, "a note")
	var got bytes.Buffer
	table, err := NewStream(&got, true, []string{"s"}, nil, nil, []string{"clients/client"})
	if err != nil {
		t.Fatal(err)
	}
	if err := table.Write(host); err != nil {
		t.Fatal(err)
	}
	if err := table.Close(); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"2 clients", "default/product", "-/-", "\nPLAINTEXT s from 2 clients: because\n", "a note"} {
		if !strings.Contains(got.String(), want) {
			t.Errorf("no %q in\n%s", want, got.String())
		}
	}
}

func TestManyReasonsAreCounted(t *testing.T) {
	var hops []Hop
	for i := range maxReasons + 2 {
		h := answered(8080, hop.Plaintext)
		h.Asked.Why = fmt.Sprint("reason ", i)
		hops = append(hops, h)
	}
	var got bytes.Buffer
	table := NewTable(&got, false)
	if err := table.Write(Of("s", hops)); err != nil {
		t.Fatal(err)
	}
	if err := table.Close(); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(got.String(), "2 more reasons") || strings.Contains(got.String(), "reason 3") {
		t.Error(got.String())
	}
}

func TestOutcomes(t *testing.T) {
	host := Of("s", []Hop{answered(1, hop.MTLS), configured(answered(2, hop.MTLS), hop.Plaintext), answered(3, "")})
	if got := host.Outcomes(); got[hop.MTLS] != 1 || got[hop.Plaintext] != 1 || len(got) != 2 {
		t.Errorf("%v", got)
	}
	if !host.Has(Mismatch) || host.Has(Conflict) {
		t.Errorf("%+v", host.Rows)
	}
}
