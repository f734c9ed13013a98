package restage

import (
	"errors"
	"net/netip"
	"strings"
	"testing"

	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/e2e/live/survey"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/replay"
	"mtls.test/conformance/fixtures/agent/call"
)

const services = `
{kind: Service, metadata: {name: orders, namespace: shop}, spec: {selector: {app: orders}, ports: [{name: http, port: 80, targetPort: 8080, appProtocol: http}, {name: grpc, port: 50051, targetPort: 50051, appProtocol: grpc}, {name: tcp, port: 3306, targetPort: 9001, appProtocol: tcp}]}}
---
{kind: ServiceEntry, metadata: {name: global, namespace: shop}, spec: {hosts: [orders.shop.global], ports: [{number: 8080, name: http, protocol: HTTP}], resolution: STATIC, endpoints: [{address: 10.0.0.1}]}}
`

func TestARequestGoesWhereItsRowSays(t *testing.T) {
	read, err := survey.Read([]byte(services))
	if err != nil {
		t.Fatal(err)
	}
	pod := mesh.Place{Address: netip.MustParseAddr("10.0.0.1")}
	for name, test := range map[string]struct {
		row                         replay.Row
		protocol                    call.Protocol
		address, authority, arrives string
	}{
		"by the Service":     {replay.Row{To: hop.ServicePort{Service: "orders.shop", Port: 80}}, call.HTTP, "orders.shop.svc.cluster.local:80", "orders.shop.svc.cluster.local:80", "10.0.0.1:8080"},
		"gRPC":               {replay.Row{To: hop.ServicePort{Service: "orders.shop", Port: 50051}}, call.GRPC, "orders.shop.svc.cluster.local:50051", "orders.shop.svc.cluster.local:50051", "10.0.0.1:50051"},
		"greeted":            {replay.Row{To: hop.ServicePort{Service: "orders.shop", Port: 3306}, Speaks: "greet"}, call.Greet, "orders.shop.svc.cluster.local:3306", "orders.shop.svc.cluster.local:3306", "10.0.0.1:9001"},
		"by the address":     {replay.Row{To: hop.ServicePort{Service: "orders.shop", Port: 80}, Address: true}, call.HTTP, "10.0.0.1:8080", "10.0.0.1:8080", "10.0.0.1:8080"},
		"by the gateway":     {replay.Row{To: hop.ServicePort{Service: "orders.shop", Port: 80}, Client: ingress}, call.HTTP, ingressHTTP, "orders.shop.svc.cluster.local:80", "10.0.0.1:8080"},
		"dialled by another": {replay.Row{To: hop.ServicePort{Service: "orders.shop.global", Port: 8080}, Dial: "192.0.2.1:8080"}, call.HTTP, "192.0.2.1:8080", "orders.shop.global:8080", "10.0.0.1:8080"},
	} {
		got, err := targetOf(read.Snapshot, test.row, pod)
		if err != nil || got.request.Protocol != test.protocol || got.request.Address != test.address || got.request.Authority != test.authority || got.pod.String() != test.arrives {
			t.Errorf("%s: got %+v, %v", name, got, err)
		}
	}
	for _, to := range []hop.ServicePort{{Service: "orders.shop", Port: 81}, {Service: "nobody.shop", Port: 80}} {
		if _, err := targetOf(read.Snapshot, replay.Row{To: to}, pod); err == nil {
			t.Errorf("%s leads somewhere", to)
		}
	}
}

func TestADetailHasNoAddress(t *testing.T) {
	for name, test := range map[string]struct {
		result call.Result
		wire   hop.Observation
		want   string
	}{
		"HTTP":   {call.Result{Status: 503, Error: "status 503"}, hop.Observation{Says: hop.Cut}, "HTTP 503, packets: cut"},
		"gRPC":   {call.Result{Code: "UNAVAILABLE"}, hop.Observation{Says: hop.Refused, TLS: &hop.TLSFacts{}}, "gRPC UNAVAILABLE, packets: refused, the client began TLS"},
		"socket": {call.Result{Error: "read tcp 10.0.0.1:1->10.0.0.2:2: read: connection reset by peer"}, hop.Observation{Says: hop.Absent}, "connection reset by peer, packets: absent"},
		"plain":  {call.Result{Error: errors.ErrUnsupported.Error()}, hop.Observation{Says: hop.Cut}, "unsupported operation, packets: cut"},
	} {
		if got := detail(test.result, test.wire); got != test.want {
			t.Errorf("%s: %q", name, got)
		}
	}
	if strings.Contains(detail(call.Result{Error: "dial 10.0.0.1:80: refused"}, hop.Observation{}), "10.0.0.1") {
		t.Error("an address is recorded")
	}
}
