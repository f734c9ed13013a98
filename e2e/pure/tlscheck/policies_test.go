package tlscheck

import (
	"fmt"
	"slices"
	"testing"

	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/oracle"
)

const listed = `
{kind: Service, metadata: {name: product-service}, spec: {selector: {app: product}, ports: [{name: http, port: 8080, appProtocol: http}]}}
---
{kind: Service, metadata: {name: other}, spec: {selector: {app: product}, ports: [{name: http, port: 8080, appProtocol: http}]}}
---
{kind: Pod, metadata: {name: product-1, namespace: default, labels: {app: product, security.istio.io/tlsMode: istio}}, spec: {containers: [{name: app}, {name: istio-proxy}]}, status: {podIPs: [{ip: 10.0.0.1}]}}
---
{kind: Pod, metadata: {name: client-1, namespace: clients, labels: {security.istio.io/tlsMode: istio}}, spec: {containers: [{name: app}, {name: istio-proxy}]}, status: {podIPs: [{ip: 10.0.0.2}]}}
---
{kind: PeerAuthentication, metadata: {name: strict, namespace: default}, spec: {mtls: {mode: STRICT}}}
---
{kind: DestinationRule, metadata: {name: own, namespace: default}, spec: {host: product-service, trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}, subsets: [{name: v, trafficPolicy: {tls: {mode: DISABLE}}}]}}
---
{kind: DestinationRule, metadata: {name: other, namespace: default}, spec: {host: other, trafficPolicy: {tls: {mode: DISABLE}}}}
`

func TestThePoliciesOfAHopAreThoseOfTheQuestionThatWasAsked(t *testing.T) {
	snapshot, err := oracle.Decode([]byte(listed), "default")
	if err != nil {
		t.Fatal(err)
	}
	snapshot.Mesh = oracle.DefaultMesh()
	own := hop.ServicePort{Service: product, Port: 8080}
	asked := func(a oracle.EndpointAnswer, h Hop) Hop {
		h.Client, h.Port, h.Endpoint, h.Address, h.Behind, h.Asked = "clients/client-1", 8080, a.Endpoint, a.Address, a.Port, a.Answer
		return h
	}
	ask := func(q oracle.Question) oracle.EndpointAnswer {
		q.Client = "clients/client-1"
		return snapshot.AskEach(q)[0]
	}
	elsewhere := hop.ServicePort{Service: "other.default.svc.cluster.local", Port: 8080}
	untold := asked(ask(oracle.Question{To: own}), Hop{})
	untold.Asked = oracle.Answer{Why: "a kind cannot be read", Server: untold.Asked.Server, Client: untold.Asked.Client}
	gone := asked(ask(oracle.Question{To: own}), Hop{})
	gone.Endpoint = "default/product-2"
	const strict, mutual = "PeerAuthentication default/strict", "DestinationRule default/own"
	for name, row := range map[string]struct {
		of   Hop
		want []string
	}{
		"the port's own cluster":     {asked(ask(oracle.Question{To: own}), Hop{}), []string{strict + " [8]", mutual + " [10]"}},
		"a subset that was asked":    {asked(ask(oracle.Question{To: own, Subset: "v"}), Hop{Subset: "v"}), []string{strict + " [8]", mutual + " [12 15]"}},
		"a subset of a route":        {asked(ask(oracle.Question{To: own, Subset: "v"}), Hop{Route: &hop.Route{To: own, Subset: "v"}}), []string{strict + " [8]", mutual + " [12 15]"}},
		"a route to another service": {asked(ask(oracle.Question{To: elsewhere, Routed: true}), Hop{Route: &hop.Route{To: elsewhere}}), []string{strict + " [8]", "DestinationRule default/other [10]"}},
		"the pod's own address":      {asked(snapshot.AskAddress("clients/client-1", "default/product-1", 8080), Hop{ByAddress: true}), []string{strict + " [8]"}},
		"what is not told":           {untold, nil},
		"an endpoint that is gone":   {gone, nil},
	} {
		var got []string
		for _, policy := range row.of.Policies(snapshot, product) {
			got = append(got, fmt.Sprintf("%s %v", policy.Object, policy.Lines))
		}
		if !slices.Equal(got, row.want) {
			t.Errorf("%s: %q, want %q", name, got, row.want)
		}
	}
}
