package tlscheck

import (
	"bytes"
	"regexp"
	"strings"
	"testing"
	"time"

	"mtls.test/conformance/e2e/pure/envoy"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/kiali"
)

// printed is the text of a table of hosts.
func printed(t *testing.T, table *Table, to *bytes.Buffer, hosts ...Host) string {
	t.Helper()
	for _, host := range hosts {
		if err := table.Write(host); err != nil {
			t.Fatal(err)
		}
	}
	if err := table.Close(); err != nil {
		t.Fatal(err)
	}
	return to.String()
}

// wideRow is the last line of a host's wide table, by column.
func wideRow(t *testing.T, host Host) map[string]string {
	t.Helper()
	var to bytes.Buffer
	lines := strings.Split(strings.TrimSpace(printed(t, NewTable(&to, true), &to, host)), "\n")
	gaps := regexp.MustCompile(` {5,}`)
	names, cells := gaps.Split(lines[0], -1), gaps.Split(lines[1], -1)
	if len(names) != len(cells) {
		t.Fatalf("%d cells under %d columns:\n%s", len(cells), len(names), strings.Join(lines, "\n"))
	}
	row := map[string]string{}
	for i, name := range names {
		row[name] = cells[i]
	}
	return row
}

func TestWhatAWideRowSaysOfTheProxies(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	held := func(client, server *Certificate) *Configured {
		return &Configured{Prediction: envoy.Prediction{Says: hop.MTLS}, Client: client, Server: server}
	}
	ending := func(left time.Duration) *Certificate { return CertificateOf(certified(t, now.Add(left)), now) }
	for _, row := range []struct {
		name             string
		says             *Configured
		configured, cert string
	}{
		{"not read", nil, "-", "-"},
		{"undecided", &Configured{Missing: "no answer"}, "unknown", "-/-"},
		{"refused by a cause", &Configured{Prediction: envoy.Prediction{Says: hop.Refused, Refusal: hop.NoFilterChain}}, "refused (no-filter-chain)", "-/-"},
		{"refused by none of the causes", &Configured{Prediction: envoy.Prediction{Says: hop.Refused}}, "refused", "-/-"},
		{"mTLS by a transport socket match", &Configured{Prediction: envoy.Prediction{Says: hop.MTLS}, Match: "tlsMode-istio"}, "mtls (tlsMode-istio)", "-/-"},
		{"plaintext without a match", &Configured{Prediction: envoy.Prediction{Says: hop.Plaintext}}, "plaintext", "-/-"},
		{"two certificates", held(ending(90*24*time.Hour), ending(20*time.Hour)), "mtls", "90d/20h"},
		{"one certificate, expired", held(nil, ending(-time.Hour)), "mtls", "-/expired"},
	} {
		t.Run(row.name, func(t *testing.T) {
			h := answered(8080, hop.MTLS)
			h.Configured = row.says
			got := wideRow(t, Of("s", []Hop{h}))
			if got["CONFIGURED"] != row.configured || got["CERT LEFT"] != row.cert {
				t.Errorf("%q and %q, want %q and %q", got["CONFIGURED"], got["CERT LEFT"], row.configured, row.cert)
			}
		})
	}
}

func TestWhatAWideRowSaysOfAProbe(t *testing.T) {
	for _, row := range []struct {
		name string
		saw  *Observed
		want string
	}{
		{"no probe", nil, "not verified on the node"},
		{"both taken", &Observed{Plaintext: hop.Plaintext, MTLS: hop.MTLS}, "plaintext taken, mTLS taken"},
		{"mTLS alone", &Observed{Plaintext: hop.Refused, MTLS: hop.MTLS}, "plaintext refused, mTLS taken"},
		{"plaintext alone", &Observed{Plaintext: hop.Plaintext, MTLS: hop.Refused}, "plaintext taken, mTLS refused"},
		{"not told", &Observed{}, "plaintext unknown, mTLS unknown"},
	} {
		t.Run(row.name, func(t *testing.T) {
			h := answered(8080, hop.MTLS)
			h.Observed = row.saw
			if got := wideRow(t, Of("s", []Hop{h}))["OBSERVED"]; got != row.want {
				t.Errorf("%q, want %q", got, row.want)
			}
		})
	}
}

func TestAWideRowOfProxiesThatDiffer(t *testing.T) {
	first := configured(answered(8080, hop.OneWayTLS), hop.OneWayTLS)
	second := configured(answered(8080, hop.OneWayTLS), hop.AppTLS)
	second.Endpoint = ""
	got := wideRow(t, Of("s", []Hop{second, first, first}))
	if got["FROM"] != "clients/client" || got["TO"] != "default/product" || got["CONFIGURED"] != string(hop.AppTLS)+"; "+string(hop.OneWayTLS) {
		t.Errorf("%q", got)
	}
	if got := wideRow(t, Of("s", []Hop{second}))["TO"]; got != "-" {
		t.Errorf("to no endpoint: %q", got)
	}
}

// A disagreement with Kiali has a line below the table; its word stands in the wide one.
func TestKialisWord(t *testing.T) {
	for _, row := range []struct {
		name        string
		kiali       *kiali.Statement
		cell, below string
	}{
		{"none", nil, "-", ""},
		{"agrees", &kiali.Statement{Namespace: "default", Status: "MTLS_ENABLED"}, "MTLS_ENABLED, no finding", ""},
		{"differs", &kiali.Statement{Namespace: "default", Status: "MTLS_DISABLED", Differs: "it says plaintext"}, "MTLS_DISABLED, no finding", "Kiali on namespace default: it says plaintext\n"},
	} {
		t.Run(row.name, func(t *testing.T) {
			host := Of("s", []Hop{answered(8080, hop.MTLS)})
			host.Kiali = row.kiali
			if got := wideRow(t, host)["KIALI"]; got != row.cell {
				t.Errorf("%q, want %q", got, row.cell)
			}
			var to bytes.Buffer
			want := "HOST:PORT     STATUS     SERVER         CLIENT     AUTHN POLICY     DESTINATION RULE\n" +
				"s             OK         PERMISSIVE     AUTO       -                -\n" + "\nOK s also takes plaintext\n" + row.below + "no pod without a proxy can send plaintext: the cluster has none\n"
			if got := printed(t, NewTable(&to, false), &to, host); got != want {
				t.Errorf("got\n%swant\n%s", got, want)
			}
		})
	}
}

// The pods that can send plaintext are listed once, however many rows take it.
func TestPodsThatCanSendPlaintextAreNamedOnce(t *testing.T) {
	for _, row := range []struct {
		first, second []string
		want          string
	}{
		{[]string{"a/naked"}, []string{"a/naked"}, "pods without a proxy that can send plaintext: a/naked"},
		{[]string{"b/one", "c/two"}, []string{"a/naked"}, "pods without a proxy that can send plaintext: a/naked, b/one, c/two"},
		{[]string{"a/1", "a/2", "a/3", "a/4"}, []string{"a/1", "a/2", "a/3", "a/4"}, "4 pods without a proxy can send plaintext: a/1, a/2, a/3, … (-o json lists them)"},
	} {
		first, second := Of("s", []Hop{answered(1, hop.MTLS)}), Of("t", []Hop{answered(1, hop.MTLS)})
		first.WithoutProxy, second.WithoutProxy = row.first, row.second
		var to bytes.Buffer
		_, below, _ := strings.Cut(printed(t, NewTable(&to, false), &to, first, second), "\n\n")
		if want := "OK s also takes plaintext\nOK t also takes plaintext\n" + row.want + "\n"; below != want {
			t.Errorf("got\n%swant\n%s", below, want)
		}
	}
}

// A stream's columns are as wide as the longest text that is to come; a longer one pushes the rest of its line aside.
func TestAStreamIsAligned(t *testing.T) {
	var to bytes.Buffer
	table, err := NewStream(&to, false, []string{"s", "host.default"}, []string{"default/strict"}, []string{"default/rule"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	header := "HOST:PORT        STATUS        SERVER         CLIENT      AUTHN POLICY       DESTINATION RULE\n"
	if to.String() != header {
		t.Errorf("before the first host:\n%s", to.String())
	}
	longer := "a-longer-host.default"
	got := printed(t, table, &to, Of("s", []Hop{answered(1, hop.MTLS)}), Of(longer, []Hop{answered(1, hop.MTLS)}))
	want := header +
		"s                OK            PERMISSIVE     AUTO        -                  -\n" +
		longer + "     OK            PERMISSIVE     AUTO        -                  -\n" +
		"\nOK s also takes plaintext\nOK " + longer + " also takes plaintext\nno pod without a proxy can send plaintext: the cluster has none\n"
	if got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func TestAWideStreamIsAligned(t *testing.T) {
	var to bytes.Buffer
	workloads := []string{"clients/client", "default/product"}
	table, err := NewStream(&to, true, []string{"s"}, nil, nil, workloads)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(printed(t, table, &to, Of("s", []Hop{configured(answered(1, hop.MTLS), hop.MTLS)})), "\n")
	want := []string{
		"HOST:PORT     STATUS        SERVER         CLIENT      AUTHN POLICY     DESTINATION RULE     FROM                TO                  CONFIGURED                    CERT LEFT     OBSERVED                          KIALI",
		"s             OK            PERMISSIVE     AUTO        -                -                    clients/client      default/product     mtls                          -/-           not verified on the node          -",
	}
	if lines[0] != want[0] || lines[1] != want[1] {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(lines, "\n"), strings.Join(want, "\n"))
	}
}
