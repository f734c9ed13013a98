package oracle

import (
	"strings"
	"testing"

	"mtls.test/conformance/e2e/pure/hop"
)

func TestDomainOf(t *testing.T) {
	for name, row := range map[string]struct {
		arguments []string
		want      string
	}{
		"istiod":                       {[]string{"discovery", "--monitoringAddr=:15014", "--domain", "corp.example", "--keepaliveMaxServerConnectionAge", "30m"}, "corp.example"},
		"joined":                       {[]string{"discovery", "--domain=corp.example"}, "corp.example"},
		"a proxy":                      {[]string{"proxy", "sidecar", "--domain", "$(POD_NAMESPACE).svc.corp.example", "--concurrency", "1"}, "corp.example"},
		"a proxy of a named namespace": {[]string{"proxy", "router", "--domain=edge.svc.cluster.local"}, "cluster.local"},
		"none":                         {[]string{"discovery", "--monitoringAddr=:15014"}, ""},
		"no value":                     {[]string{"discovery", "--domain"}, ""},
		"another's":                    {[]string{"--domains", "corp.example"}, ""},
		"nothing":                      {nil, ""},
	} {
		if got := DomainOf(row.arguments); got != row.want {
			t.Errorf("%s: %q, want %q", name, got, row.want)
		}
	}
}

// The same mesh in a cluster of another domain: its Services have other hosts, and rules must name these.
func TestAnotherDomain(t *testing.T) {
	const domain = "corp.example"
	objects, err := Decode([]byte(strings.ReplaceAll(world, ".svc.cluster.local", ".svc."+domain)), "default")
	if err != nil {
		t.Fatal(err)
	}
	snapshot := Snapshot{Mesh: DefaultMesh()}.Merge(objects)
	snapshot.Mesh.Domain = domain
	for name, row := range map[string]struct {
		host, to string
		want     hop.Outcome
	}{
		"a rule by its whole host":        {"product-service.default.svc.corp.example", "product-service", hop.Plaintext},
		"a rule by its short name":        {"product-service", "product-service", hop.Plaintext},
		"a rule for the domain":           {"'*.corp.example'", "product-service", hop.Plaintext},
		"a rule for another domain":       {"product-service.default.svc.cluster.local", "product-service", hop.MTLS},
		"a rule for all of another":       {"'*.local'", "product-service", hop.MTLS},
		"asked for by its whole host":     {"other", "product-service.default.svc.corp.example", hop.MTLS},
		"asked for by a name of another":  {"other", "product-service.default.svc.cluster.local", ""},
		"an alias of a host":              {"other", "product-service-alias", hop.MTLS},
		"a rule for the host of an alias": {"product-service.default.svc.corp.example", "product-service-alias", hop.Plaintext},
	} {
		rule, err := Decode([]byte("{kind: DestinationRule, metadata: {name: r}, spec: {host: "+row.host+", trafficPolicy: {tls: {mode: DISABLE}}}}"), "default")
		if err != nil {
			t.Fatal(err)
		}
		merged := snapshot.Merge(rule)
		for index, one := range map[string]Snapshot{"": merged, ", indexed": merged.Indexed()} {
			answer := one.Ask(Question{Client: "client", To: hop.ServicePort{Service: row.to, Port: 8080}})
			if answer.Says != row.want {
				t.Errorf("%s%s: %q %s, want %q", name, index, answer.Says, answer.Why, row.want)
			}
		}
	}
	if host, err := snapshot.Host("product-service", "default"); err != nil || host.Name != "product-service.default.svc.corp.example" {
		t.Errorf("%+v, %v", host, err)
	}
}
