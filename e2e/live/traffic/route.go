package traffic

import (
	"fmt"
	"net/netip"

	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/e2e/live/timeout"
	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/fixtures/agent/call"
)

// route makes the request of an attempt, and names who sends it: a client's agent, or this process.
func (s *Sender) route(attempt Attempt) (via string, request call.Request, err error) {
	if err := s.World.Way(attempt.Hop); err != nil {
		return "", call.Request{}, err
	}
	service, port, _ := s.World.Port(attempt.To)
	if service.Kind == fixture.GatewayPod {
		return "", call.Request{}, fmt.Errorf("%s: the ingress gateway is no service to send a request to; probe it", attempt.Hop)
	}
	place, err := s.Places.Server(service.Name, attempt.Subset)
	if err != nil {
		return "", call.Request{}, err
	}
	request = call.Request{ID: attempt.ID, Protocol: spoken(port, attempt.As), Subset: attempt.Subset, TimeoutMillis: patience(port.Protocol)}
	request.Authority = fmt.Sprintf("%s:%d", service.Host(), port.Number)
	if service.Kind == fixture.Pod {
		request.Authority = netip.AddrPortFrom(place.Address, port.Number).String()
	}
	client, _ := s.World.Client(attempt.From)
	if client.Kind == hop.Gateway {
		return s.throughGateway(request, port)
	}
	request.Address = request.Authority
	if service.Kind == fixture.ServiceEntry {
		// No name server knows the host: a proxy routes by the authority, wherever the client connects to.
		request.Address = fmt.Sprintf("%s:%d", service.Target, port.Number)
	}
	request.Headers = s.headers(client.Name)
	return client.Name, request, nil
}

// throughGateway sends from outside the cluster. TCP has no id that a log could show, and the node port would rewrite
// the source address that tells connections apart, so it is sent from a pod to the gateway's own address.
func (s *Sender) throughGateway(request call.Request, port fixture.Port) (string, call.Request, error) {
	switch request.Protocol {
	case call.GRPC:
		request.Address = s.GatewayGRPC
	case call.HTTP:
		request.Address = s.GatewayHTTP
	case call.TCP:
		request.Address = netip.AddrPortFrom(s.gateway().Address, port.Number).String()
		via, err := s.PlainClient()
		return via, request, err
	default:
		return "", call.Request{}, fmt.Errorf("the ingress gateway has no way in for %s", request.Protocol)
	}
	return here, request, nil
}

func spoken(port fixture.Port, as hop.Protocol) call.Protocol {
	switch {
	case port.Protocol != hop.Auto:
		return call.Protocol(port.Protocol)
	case as == "":
		return call.HTTP
	}
	return call.Protocol(as)
}

// gateway is the place of the ingress gateway.
func (s *Sender) gateway() mesh.Place {
	for _, client := range s.World.Clients {
		if client.Kind == hop.Gateway {
			return s.Places.Clients[client.Name]
		}
	}
	return mesh.Place{}
}

// PlainClient names the client without a proxy, from whose pod probes, sentinels and requests in the clear go.
func (s *Sender) PlainClient() (string, error) {
	for _, client := range s.World.Clients {
		if client.Kind == hop.Plain {
			return client.Name, nil
		}
	}
	return "", fmt.Errorf("the world has no client without a proxy")
}

func (s *Sender) headers(client string) map[string]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.forged[client]
}

// patience is how long a request waits for its answer, in milliseconds.
func patience(protocol hop.Protocol) int {
	if protocol == hop.Greet {
		return timeout.Silence.Millis()
	}
	return timeout.Request.Millis()
}
