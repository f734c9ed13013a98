package upgrade

import (
	"slices"
	"strings"
	"testing"

	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/fixtures/agent/series"
)

var world = fixture.World{
	Placement: fixture.Own(),
	Clients:   []fixture.Client{{Name: "buyer", Workload: fixture.Workload{Name: "buyer", Namespace: "clients"}}},
	Services: []fixture.Service{
		{Name: "stock", Namespace: "servers", Kind: fixture.ClusterIP, Domain: "cluster.local"},
		{Name: "stock-pooled", Namespace: "servers", Kind: fixture.ClusterIP, Domain: "cluster.local"},
		{Name: "stock-retried", Namespace: "servers", Kind: fixture.ClusterIP, Domain: "cluster.local"},
	},
}

const groups = `
groups:
- from: [buyer]
  to: [stock]
  rate: 3
  series:
  - {name: kept, protocol: http, port: 8080, connection: kept, pooled: true}
  - {name: mesh, protocol: probe, port: 8080, certificate: mesh}
- from: [buyer]
  to: [stock]
  under: [strict]
  series:
  - {name: open, protocol: http, port: 8080}
  - {name: denied, protocol: http, port: 8080, path: denied, never: true, twin: open}
- from: [visitor]
  to: [stock]
  gateway: true
  series:
  - {name: gRPC, protocol: grpc, port: 50051}
  - {name: retried, protocol: http, port: 8080, retried: true}
`

func TestAClientSendsWhatItsGroupsSayUnderTheTrafficsPolicy(t *testing.T) {
	all, err := ReadGroups([]byte(groups))
	if err != nil {
		t.Fatal(err)
	}
	if got := Clients(all, "strict"); !slices.Equal(got, []string{"buyer", "visitor"}) {
		t.Errorf("clients: got %q", got)
	}
	strict, err := SeriesOf(all, world, "buyer", "strict")
	if err != nil || len(strict) != 4 {
		t.Fatalf("got %+v, %v", strict, err)
	}
	if kept := strict[0]; kept.Name != "buyer to stock: kept" || kept.Address != "stock-pooled.servers.svc.cluster.local:8080" || kept.Rate != 3 || kept.Connection != series.Kept {
		t.Errorf("got %+v", kept)
	}
	if denied := strict[3]; denied.Want != series.Never || denied.Twin != "buyer to stock: open" || denied.Path != "denied" {
		t.Errorf("got %+v", denied)
	}
	permissive, err := SeriesOf(all, world, "buyer", "permissive")
	if err != nil || len(permissive) != 2 || permissive[1].Hello.Certificate != series.Mesh {
		t.Errorf("got %+v, %v", permissive, err)
	}
}

func TestAHopIsThatOfTheProxyWhichSendsTheRequestOn(t *testing.T) {
	all, err := ReadGroups([]byte(groups))
	if err != nil {
		t.Fatal(err)
	}
	through, err := SeriesOf(all, world, "visitor", "strict")
	const gateway = "istio-ingressgateway.istio-system.svc.cluster.local"
	if err != nil || through[0].Address != gateway+":50051" || through[1].Address != gateway+":80" {
		t.Fatalf("got %+v, %v", through, err)
	}
	for i, want := range []Hop{{"istio-system/istio-ingressgateway", "stock.servers.svc.cluster.local", 50051}, {"istio-system/istio-ingressgateway", "stock-retried.servers.svc.cluster.local", 8080}} {
		if got := HopOf(world, "visitor", through[i]); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	own, err := SeriesOf(all, world, "buyer", "strict")
	if err != nil {
		t.Fatal(err)
	}
	if got := HopOf(world, "buyer", own[0]); got != (Hop{"clients/buyer", "stock-pooled.servers.svc.cluster.local", 8080}) {
		t.Errorf("got %s", got)
	}
}

func TestAMistakeInTheGroupsIsNamed(t *testing.T) {
	for text, says := range map[string]string{
		"groups: [{from: [buyer], rates: 3}]":                                                                         "rates",
		"groups: [{from: [buyer], to: [nobody], series: [{name: a, protocol: http, port: 80}]}]":                      `series "a" from buyer to nobody: the world has no service nobody`,
		"groups: [{from: [buyer], to: [stock], series: [{name: a, protocol: http, port: 80, never: true, twin: b}]}]": "buyer to stock: b",
	} {
		all, err := ReadGroups([]byte(text))
		if err == nil {
			_, err = SeriesOf(all, world, "buyer", "strict")
		}
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: got %v", text, err)
		}
	}
}
