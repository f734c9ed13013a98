package oracle

import (
	"os"
	"testing"

	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/hop"
)

// The world alone decides these hops: each client to each kind of service.
func TestFromWorld(t *testing.T) {
	world, err := fixture.LoadWorld(os.DirFS("../../../fixtures"))
	if err != nil {
		t.Fatal(err)
	}
	snapshot, err := FromWorld(world)
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]hop.Outcome{
		"gateway -> product-service:50051":             hop.MTLS,
		"client -> product-service:9001":               hop.MTLS,
		"client -> product-service-headless:9000":      hop.MTLS,
		"client -> product-service-alias:8080":         hop.MTLS,
		"order-service -> product-service-pooled:8080": hop.MTLS,
		"plain-client -> product-service:9080":         hop.Plaintext,
		"client -> legacy-service:8443":                hop.AppTLS,
		"client -> product-service-pod:19092":          hop.Plaintext,
		"client -> external.products.test:8080":        hop.Plaintext,
		"client -> internal.products.test:8080":        hop.MTLS,
		"plain-client -> ingress:8443":                 hop.Refused,
		"order-service -> order-service:8080":          hop.MTLS,
	} {
		answer := snapshot.Ask(question(t, text))
		if answer.Says != want {
			t.Errorf("%s: %s, want %s: %s", text, answer.Says, want, answer.Why)
		}
	}
	for _, service := range world.Services {
		for _, port := range service.Ports {
			for _, client := range world.Clients {
				q := Question{Client: client.Name, To: hop.ServicePort{Service: service.Name, Port: port.Number}}
				if answer := snapshot.Ask(q); answer.Says == "" && len(service.Workloads) == 1 {
					t.Errorf("%s -> %s: no answer: %s", q.Client, q.To, answer.Why)
				}
			}
		}
	}
}
