package inspect

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mtls.test/conformance/e2e/live/survey"
	"mtls.test/conformance/e2e/pure/oracle"
	"mtls.test/conformance/e2e/pure/tlscheck"
)

// The recorded proxies as they would be in a cluster of another domain.
func TestProxiesOfAnotherDomain(t *testing.T) {
	recorded := map[string]string{}
	for workload, name := range map[string]string{"facts/client": "vanilla-client", "facts/server": "vanilla-strict"} {
		content, err := os.ReadFile(testdata(name))
		if err != nil {
			t.Fatal(err)
		}
		recorded[workload] = filepath.Join(t.TempDir(), name+".json")
		if err := os.WriteFile(recorded[workload], []byte(strings.ReplaceAll(string(content), ".svc.cluster.local", ".svc.corp.example")), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	told := "{name: istio-proxy, args: [proxy, sidecar, --domain, $(POD_NAMESPACE).svc.corp.example]}"
	s, err := survey.Read([]byte(strings.ReplaceAll(objects+strict, "{name: istio-proxy}", told)))
	if err != nil {
		t.Fatal(err)
	}
	host, err := s.Snapshot.Host("product-service", "facts")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	c := Inspector{Survey: s, Recorded: recorded}
	if err := c.Inspect(context.Background(), Request{Hosts: []oracle.Host{host}}, func(host tlscheck.Host) error {
		got = append(got, rows(host))
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if want := "product-service.facts.svc.corp.example OK STRICT AUTO"; strings.Join(got, "; ") != want {
		t.Errorf("%q, want %q", got, want)
	}
}
