package tlscheck

import (
	"bytes"
	"strings"
	"testing"

	"mtls.test/conformance/e2e/pure/envoy"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/oracle"
)

func TestExplained(t *testing.T) {
	refused := refuses(answered(8080, hop.Refused), hop.NoFilterChain)
	refused.Asked.Refusal, refused.Status = hop.NoFilterChain, Conflict
	refused.Asked.Rules = []oracle.Rule{oracle.ServerDefault, oracle.AutoClusters}
	unread := answered(8080, "")
	unread.Endpoint, unread.Status = "", Unknown
	unread.Asked.Server, unread.Asked.Client = oracle.Server{}, oracle.Client{}
	unread.Configured = &Configured{Missing: "no answer", Prediction: envoy.Prediction{Why: "of no matter"}}
	tried := observed(answered(8080, hop.MTLS), oracle.Strict, Observed{Plaintext: hop.Refused, MTLS: hop.MTLS})
	tried.Status = OK
	tried.Asked.Server = oracle.Server{Mode: oracle.Strict, Policy: "PeerAuthentication default/strict", Rule: oracle.ServerNamespace}
	tried.Asked.Client = oracle.Client{Mode: oracle.IstioMutual, Object: "DestinationRule default/product", Rule: oracle.AutoClusters}
	for _, row := range []struct {
		name string
		of   Explained
		want string
	}{
		{"refused by policies and proxies", Explained{Hop: refused, Chart: oracle.ChartPath{Edges: []string{"A -> B", "B -> C"}, Step: "here", End: oracle.Debug}, Differs: "it does"}, `
clients/client -> s:8080 (default/product): CONFLICT
  server      PERMISSIVE, by no policy (peer-authentication/default-permissive)
  client      AUTO, by no rule (-)
  so          refused (no-filter-chain): because
  rules       peer-authentication/default-permissive
              ` + string(oracle.AutoClusters) + `
  proxies     refused (no-filter-chain): as configured
  guide       A -> B
              B -> C
              "here", by no object; it ends at: debug
  differs     it does
  hint        Give the client a sidecar, or take away the rule that turns its TLS off. Where plaintext must come in, make that one port PERMISSIVE with portLevelMtls. (no-filter-chain)
`},
		{"a proxy that was not read, and a chart without a way on", Explained{Hop: unread, Chart: oracle.ChartPath{Stuck: "B"}}, `
clients/client -> s:8080 (no endpoint): UNKNOWN
  server      -, by no policy (-)
  client      -, by no rule (-)
  so          unknown: because
  proxies     unknown: no answer
              it has no way on from "B"
`},
		{"probed, with policies", Explained{Hop: tried, Policies: []oracle.Policy{
			{Object: "PeerAuthentication default/strict", Decides: oracle.AtServer, Text: "kind: PeerAuthentication\nspec:\n  mtls:\n    mode: STRICT\n", Lines: []int{4}},
			{Object: "Sidecar clients/default", Decides: oracle.AtClient, Text: "kind: Sidecar\n"},
			{Object: "PeerAuthentication default/other", Text: "kind: PeerAuthentication\n", Lost: oracle.ServerTie, Why: "its name comes later"},
			{Object: "DestinationRule clients/r", Text: "kind: DestinationRule\n", Lost: oracle.RuleExportTo, Why: "it is not exported"},
		}, Chart: oracle.ChartPath{Step: "here", Object: "PeerAuthentication default/strict", End: oracle.Enabled}}, `
clients/client -> s:8080 (default/product): OK
  server      STRICT, by PeerAuthentication default/strict (` + string(oracle.ServerNamespace) + `)
  client      ISTIO_MUTUAL, by DestinationRule default/product (` + string(oracle.AutoClusters) + `)
  so          mtls: because
  in force    PeerAuthentication default/strict, at the server
                kind: PeerAuthentication
                spec:
                  mtls:
              >     mode: STRICT
              Sidecar clients/default, at the client
                kind: Sidecar
  not counted PeerAuthentication default/other: its name comes later (peer-authentication/tie-by-name)
              DestinationRule clients/r: it is not exported (destination-rule/export-to)
  probe       plaintext refused, mTLS taken
              "here", by PeerAuthentication default/strict; it ends at: ` + string(oracle.Enabled) + `
`},
		{"a path that ends at no box", Explained{Hop: tried, Chart: oracle.ChartPath{End: oracle.Disabled}}, `
clients/client -> s:8080 (default/product): OK
  server      STRICT, by PeerAuthentication default/strict (` + string(oracle.ServerNamespace) + `)
  client      ISTIO_MUTUAL, by DestinationRule default/product (` + string(oracle.AutoClusters) + `)
  so          mtls: because
  probe       plaintext refused, mTLS taken
              it ends at: ` + string(oracle.Disabled) + `
`},
	} {
		t.Run(row.name, func(t *testing.T) {
			row.of.Host = "s"
			var got bytes.Buffer
			if err := row.of.Write(&got); err != nil {
				t.Fatal(err)
			}
			if want := strings.TrimPrefix(row.want, "\n"); got.String() != want {
				t.Errorf("got\n%swant\n%s", got.String(), want)
			}
		})
	}
}
