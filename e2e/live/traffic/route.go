package traffic

import (
	"fmt"
	"maps"
	"net/netip"

	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/e2e/live/timeout"
	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/fixtures/agent/call"
)

// route makes the request of an attempt, and names who sends it: a client's agent, or this process.
func (s *Sender) route(attempt Attempt) (via mesh.Proxy, request call.Request, err error) {
	if err := s.World.Way(attempt.Hop); err != nil {
		return here, call.Request{}, err
	}
	service, port, _ := s.World.Port(attempt.To)
	if service.Kind == fixture.GatewayPod {
		return here, call.Request{}, fmt.Errorf("%s: the ingress gateway is no service to send a request to; probe it", attempt.Hop)
	}
	place, err := s.at(attempt.At, service.Name, attempt.Subset)
	if err != nil {
		return here, call.Request{}, err
	}
	request = call.Request{ID: attempt.ID, Protocol: spoken(port, attempt.As), Subset: attempt.Segment, Headers: s.headers(attempt.From, attempt.Headers), TimeoutMillis: patience(port.Protocol)}
	request.Authority = fmt.Sprintf("%s:%d", service.Host(), port.Number)
	if service.Kind == fixture.Pod {
		request.Authority = netip.AddrPortFrom(place.Address, port.Number).String()
	}
	client, _ := s.World.Client(attempt.From)
	if client.Kind == hop.Gateway {
		return s.throughGateway(request, port, attempt.By)
	}
	request.Address = request.Authority
	if service.Kind == fixture.ServiceEntry {
		// No name server knows the host: a proxy routes by the authority, wherever the client connects to.
		request.Address = fmt.Sprintf("%s:%d", service.Target, port.Number)
	}
	if attempt.By.Known() {
		return attempt.By.Proxy, request, nil
	}
	return s.places().Clients[client.Name].First().Proxy, request, nil
}

// at is the server's pod of an attempt that goes to a pod's own address.
func (s *Sender) at(known mesh.Place, service, subset string) (mesh.Place, error) {
	if known.Known() {
		return known, nil
	}
	pods, err := s.places().Server(service, subset)
	return pods.First(), err
}

// throughGateway sends from outside the cluster. TCP has no id that a log could show, and the node port would rewrite
// the source address that tells connections apart, so it is sent from a pod to the gateway's own address. So is whatever must
// go through one of several pods of the gateway, between which the node port would choose, and whatever is sent while others upgrade
// Istio: the pod that a port-forward leads to goes then.
func (s *Sender) throughGateway(request call.Request, port fixture.Port, through mesh.Place) (mesh.Proxy, call.Request, error) {
	pods := s.gateway()
	chosen := through.Known() && len(pods) > 1 || s.World.Placement.Watched
	if !through.Known() {
		through = pods.First()
	}
	number := port.Number
	switch request.Protocol {
	case call.GRPC:
		request.Address, number = s.GatewayGRPC, s.World.Placement.GatewayPort(hop.GRPC)
	case call.HTTP:
		request.Address, number = s.GatewayHTTP, s.World.Placement.GatewayPort(hop.HTTP)
	case call.TCP:
		chosen = true
	default:
		return here, call.Request{}, fmt.Errorf("the ingress gateway has no way in for %s", request.Protocol)
	}
	if !chosen {
		return here, request, nil
	}
	request.Address = netip.AddrPortFrom(through.Address, number).String()
	via, err := s.plainPod()
	return via.Proxy, request, err
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

// gateway is the pods of the ingress gateway.
func (s *Sender) gateway() mesh.Pods {
	for _, client := range s.World.Clients {
		if client.Kind == hop.Gateway {
			return s.places().Clients[client.Name]
		}
	}
	return nil
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

// plainPod is the pod of PlainClient.
func (s *Sender) plainPod() (mesh.Place, error) {
	name, err := s.PlainClient()
	return s.places().Clients[name].First(), err
}

// headers are those of a request, with what its client's application adds to every one.
func (s *Sender) headers(client string, own map[string]string) map[string]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := maps.Clone(s.forged[client])
	if all == nil {
		return own
	}
	maps.Copy(all, own)
	return all
}

// patience is how long a request waits for its answer, in milliseconds.
func patience(protocol hop.Protocol) int {
	if protocol == hop.Greet {
		return timeout.Silence.Millis()
	}
	return timeout.Request.Millis()
}
