package oracle

import (
	"slices"
	"strings"
	"testing"

	"mtls.test/conformance/e2e/pure/hop"
)

// ofTenth are routes of product-service:8080 that lead a tenth of the requests, and all with a header, to legacy-service.
var ofTenth = virtual("name: v, namespace: default", "hosts: [product-service], http: ["+
	"{match: [{headers: {x-lane: {exact: legacy}}}], route: [{destination: {host: legacy-service}}]}, "+
	"{route: [{destination: {host: product-service}, weight: 90}, {destination: {host: legacy-service}, weight: 10}]}]")

func TestADestinationOfRoutesIsAnsweredForAsIfItWereCalled(t *testing.T) {
	legacy := hop.ServicePort{Service: "legacy-service", Port: 8080}
	product := hop.ServicePort{Service: "product-service", Port: 8080}
	for name, row := range map[string]struct {
		hop, policies string
		reaches       hop.ServicePort
		want          hop.Outcome // empty for no answer
		why           string
		rule          Rule
	}{
		"the share that leaves the mesh":         {"client -> product-service:8080", ofTenth, legacy, hop.Plaintext, "", RouteWeight},
		"the share that stays":                   {"client -> product-service:8080", ofTenth, product, hop.MTLS, "", RouteWeight},
		"another port has no such route":         {"client -> product-service:50051", ofTenth, legacy, "", "no route of client leads requests for product-service:50051 to legacy-service.default.svc.cluster.local:8080", ""},
		"no route at all":                        {"client -> product-service:8080", "", legacy, "", "no route of client leads", ""},
		"no object, and the port itself":         {"client -> product-service:8080", "", product, hop.MTLS, "", RouteNone},
		"a subset that no route names":           {"client -> product-service:8080/v1", ofTenth, product, "", "to product-service.default.svc.cluster.local:8080 v1", ""},
		"a route of the mesh is not a gateway's": {"gateway -> product-service:8080", ofTenth, legacy, "", "no route of gateway leads", ""},
		"a gateway's route by path": {"gateway -> product-service:8080", gatewayOf + virtual("name: v, namespace: default", "hosts: [product-service.default.svc.cluster.local], gateways: [istio-system/g], http: ["+
			"{match: [{uri: {prefix: /legacy/}}], route: [{destination: {host: legacy-service, port: {number: 8080}}}]}]"), legacy, hop.Plaintext, "", ""},
		"what the client's Sidecar does not list, and a route brings": {"client -> product-service:8080", listing(ofClients, "default/product-service.default.svc.cluster.local") +
			virtual("name: v, namespace: default", "hosts: [product-service], http: [{route: [{destination: {host: order-service}}]}]"), hop.ServicePort{Service: "order-service", Port: 8080}, hop.MTLS, "", ""},
		"routes that are not evaluated": {"client -> product-service:8080", listing(ofClients, "./*") + ofTenth, legacy, "", "not evaluated", ""},
		"no such destination":           {"client -> product-service:8080", ofTenth, hop.ServicePort{Service: "nobody", Port: 1}, "", "nobody", ""},
	} {
		t.Run(name, func(t *testing.T) {
			q := question(t, row.hop)
			q.Reaches = row.reaches
			answer := mesh(t, row.policies, "").Ask(q)
			if answer.Says != row.want || !strings.Contains(answer.Why, row.why) {
				t.Errorf("%s: %s, want %s: %s", answer.Says, answer.Why, row.want, row.why)
			}
			if row.rule != "" && !slices.Contains(answer.Rules, row.rule) {
				t.Errorf("rules %v, want %s among them", answer.Rules, row.rule)
			}
		})
	}
}
