package traffic

import (
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"

	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/fixtures"
	"mtls.test/conformance/fixtures/agent/call"
)

// sender is one over the world of fixtures/base: the gateway at 10.0.0.1, each server's pod at 10.0.0.2.
func sender(t *testing.T) *Sender {
	t.Helper()
	world, err := fixture.LoadWorld(fixtures.FS)
	if err != nil {
		t.Fatal(err)
	}
	places := mesh.Places{Clients: map[string]mesh.Pods{"gateway": {podOf("gateway", "10.0.0.1")}}, Services: map[string]mesh.Pods{}}
	for _, client := range []string{"client", "plain-client", "order-service"} {
		places.Clients[client] = mesh.Pods{podOf(client, "10.0.0.3")}
	}
	for _, service := range world.Services {
		for _, workload := range service.Workloads {
			key := service.Name
			if len(service.Workloads) > 1 {
				key += "/" + workload.Subset()
			}
			places.Services[key] = mesh.Pods{podOf(workload.Name, "10.0.0.2")}
		}
	}
	return &Sender{World: world, Places: places, GatewayHTTP: "gateway:80", GatewayGRPC: "gateway:50051"}
}

func podOf(name, address string) mesh.Place {
	return mesh.Place{Proxy: mesh.Proxy{Pod: name}, Address: netip.MustParseAddr(address)}
}

func TestARequestGoesByTheWayOfItsHop(t *testing.T) {
	const product = "product-service.default.svc.cluster.local"
	for name, test := range map[string]struct {
		from, to string
		attempt  Attempt
		via      string // the pod; this process where it is empty
		want     call.Request
	}{
		"gRPC through the gateway": {"gateway", "product-service:50051", Attempt{}, "", call.Request{Protocol: call.GRPC, Address: "gateway:50051", Authority: product + ":50051"}},
		"HTTP through the gateway": {"gateway", "product-service:80", Attempt{}, "", call.Request{Protocol: call.HTTP, Address: "gateway:80", Authority: product + ":80"}},
		"TCP through the gateway":  {"gateway", "product-service:9000", Attempt{}, "plain-client", call.Request{Protocol: call.TCP, Address: "10.0.0.1:9000", Authority: product + ":9000"}},
		"undeclared port":          {"client", "product-service:9080", Attempt{}, "client", call.Request{Protocol: call.HTTP, Address: product + ":9080", Authority: product + ":9080"}},
		"undeclared port as TCP":   {"client", "product-service:9080", Attempt{As: hop.TCP}, "client", call.Request{Protocol: call.TCP, Address: product + ":9080", Authority: product + ":9080"}},
		"application's own TLS":    {"plain-client", "product-service:8443", Attempt{}, "plain-client", call.Request{Protocol: call.TLS, Address: product + ":8443", Authority: product + ":8443"}},
		"pod":                      {"client", "product-service-pod:19092", Attempt{}, "client", call.Request{Protocol: call.TCP, Address: "10.0.0.2:19092", Authority: "10.0.0.2:19092"}},
		"entry":                    {"client", "external.products.test:8080", Attempt{}, "client", call.Request{Protocol: call.HTTP, Address: product + ":8080", Authority: "external.products.test:8080"}},
		"header through gateway": {"gateway", "product-service:80", Attempt{Headers: map[string]string{"x-lane": "a"}}, "",
			call.Request{Protocol: call.HTTP, Address: "gateway:80", Authority: product + ":80", Headers: map[string]string{"x-lane": "a"}}},
		"path of no subset": {"client", "product-service:8080", Attempt{Segment: "lane"}, "client",
			call.Request{Protocol: call.HTTP, Address: product + ":8080", Authority: product + ":8080", Subset: "lane"}},
		"entry through gateway": {"gateway", "internal.products.test:8080", Attempt{}, "", call.Request{Protocol: call.HTTP, Address: "gateway:80", Authority: "internal.products.test:8080"}},
		"subset": {"order-service", "migration:8080", Attempt{Subset: "vlegacy", Segment: "vlegacy"}, "order-service",
			call.Request{Protocol: call.HTTP, Address: "migration.default.svc.cluster.local:8080", Authority: "migration.default.svc.cluster.local:8080", Subset: "vlegacy"}},
	} {
		t.Run(name, func(t *testing.T) {
			test.attempt.From, test.attempt.ID = test.from, "id"
			if err := test.attempt.To.UnmarshalText([]byte(test.to)); err != nil {
				t.Fatal(err)
			}
			test.want.ID, test.want.TimeoutMillis = "id", patience(hop.Protocol(test.want.Protocol))
			via, got, err := sender(t).route(test.attempt)
			if err != nil || via.Pod != test.via || !reflect.DeepEqual(got, test.want) {
				t.Errorf("by %s: %+v, %v", via, got, err)
			}
		})
	}
}

func TestARequestGoesThroughTheGatewaysPodThatItNames(t *testing.T) {
	s := sender(t)
	first, second := podOf("gateway-1", "10.0.0.1"), podOf("gateway-2", "10.0.0.4")
	for to, want := range map[string]string{"product-service:80": "10.0.0.4:8080", "product-service:50051": "10.0.0.4:50051", "product-service:9000": "10.0.0.4:9000"} {
		attempt := Attempt{ID: "id", Hop: hop.Hop{From: "gateway"}, By: second}
		if err := attempt.To.UnmarshalText([]byte(to)); err != nil {
			t.Fatal(err)
		}
		s.Places.Clients["gateway"] = mesh.Pods{first, second}
		via, request, err := s.route(attempt)
		if err != nil || via.Pod != "plain-client" || request.Address != want {
			t.Errorf("%s: by %s to %s, %v", to, via, request.Address, err)
		}
		s.Places.Clients["gateway"] = mesh.Pods{second}
		if _, alone, _ := s.route(attempt); (alone.Address == want) != (to == "product-service:9000") {
			t.Errorf("%s, through the only pod: to %s", to, alone.Address)
		}
	}
}

func TestARequestLeavesFromTheClientsPodThatItNames(t *testing.T) {
	s := sender(t)
	second := podOf("client-2", "10.0.0.5")
	s.Places.Clients["client"] = append(s.Places.Clients["client"], second)
	over := hop.Hop{From: "client", To: hop.ServicePort{Service: "product-service-pod", Port: 19092}}
	via, request, err := s.route(Attempt{ID: "id", Hop: over, By: second, At: podOf("product-2", "10.0.0.6")})
	if err != nil || via.Pod != "client-2" || request.Address != "10.0.0.6:19092" {
		t.Errorf("by %s to %s, %v", via, request.Address, err)
	}
}

func TestEveryHopOfTheWorldHasARoute(t *testing.T) {
	s := sender(t)
	for _, h := range s.World.Hops() {
		service, _ := s.World.Service(h.To.Service)
		_, _, err := s.route(Attempt{ID: "id", Hop: h, Subset: "vistio"})
		if probed := service.Kind == fixture.GatewayPod; probed != (err != nil) {
			t.Errorf("%s: %v", h, err)
		}
	}
}

func TestAnAttemptWithoutAWayIsRefused(t *testing.T) {
	for want, attempt := range map[string]Attempt{
		"no such client":           {Hop: hop.Hop{From: "nobody", To: hop.ServicePort{Service: "product-service", Port: 8080}}},
		"no such service port":     {Hop: hop.Hop{From: "client", To: hop.ServicePort{Service: "product-service", Port: 1}}},
		"probe it":                 {Hop: hop.Hop{From: "plain-client", To: hop.ServicePort{Service: "ingress", Port: 8443}}},
		"no pod is behind service": {Hop: hop.Hop{From: "client", To: hop.ServicePort{Service: "migration", Port: 8080}}},
	} {
		if _, _, err := sender(t).route(attempt); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want an error that says %q, got %v", want, err)
		}
	}
}

func TestEveryServersPodServesTheClearPort(t *testing.T) {
	world := sender(t).World
	serves := map[string]bool{"istio-ingressgateway": slices.Contains(routed(t, world, "product-service"), ClearPort)}
	for _, service := range world.Services {
		for _, port := range service.Ports {
			if port.Workload == ClearPort && port.Protocol == hop.TCP {
				serves[service.Workloads[0].Name] = true
			}
		}
	}
	for _, service := range world.Services {
		for _, workload := range service.Workloads {
			if !serves[workload.Name] {
				t.Errorf("%s does not serve TCP at %d", workload.Name, ClearPort)
			}
		}
	}
}

func routed(t *testing.T, world fixture.World, name string) []uint16 {
	t.Helper()
	service, found := world.Service(name)
	if !found {
		t.Fatalf("no service %s", name)
	}
	return service.Routed
}
