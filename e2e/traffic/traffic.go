// Package traffic sends requests over hops: from outside the cluster through the ingress gateway, and from the
// clients inside it by their agents.
package traffic

import (
	"context"
	"fmt"
	"sync"

	"mtls.test/conformance/e2e/fixture"
	"mtls.test/conformance/e2e/hop"
	"mtls.test/conformance/e2e/mesh"
	"mtls.test/conformance/fixtures/agent/call"
	"mtls.test/conformance/fixtures/agent/control"
)

// Attempt is one request over one hop.
type Attempt struct {
	ID string // x-hop-id
	hop.Hop
}

// Sender sends over the hops of a world.
type Sender struct {
	Mesh        *mesh.Mesh
	World       fixture.World
	Places      mesh.Places
	GatewayHTTP string // HOST:PORT of the ingress gateway, from here
	GatewayGRPC string
}

// requestMillis bounds one request; a refusal comes at once, so only a hop that hangs takes this long.
const requestMillis = 3000

// Send makes all attempts at once, each on a connection of its own, and returns their results by id.
func (s *Sender) Send(ctx context.Context, attempts []Attempt) (map[string]call.Result, error) {
	requests := map[string][]call.Request{}
	for _, attempt := range attempts {
		request, err := s.request(attempt)
		if err != nil {
			return nil, err
		}
		requests[attempt.From] = append(requests[attempt.From], request)
	}
	var mu sync.Mutex
	var senders sync.WaitGroup
	results := map[string]call.Result{}
	var failed error
	for from, batch := range requests {
		senders.Go(func() {
			sent, err := s.from(ctx, from, batch)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				failed = fmt.Errorf("send from %s: %w", from, err)
			}
			for _, result := range sent {
				results[result.ID] = result
			}
		})
	}
	senders.Wait()
	return results, failed
}

func (s *Sender) from(ctx context.Context, from string, batch []call.Request) ([]call.Result, error) {
	client, _ := s.World.Client(from)
	if client.Kind == hop.Gateway {
		return call.Send(ctx, batch)
	}
	var answer control.SendAnswer
	err := s.Mesh.Control(ctx, s.Places.Clients[from].Proxy, control.PathSend, control.SendRequest{Requests: batch}, &answer)
	return answer.Results, err
}

func (s *Sender) request(attempt Attempt) (call.Request, error) {
	service, port, found := s.World.Port(attempt.To)
	if !found {
		return call.Request{}, fmt.Errorf("%s: no such service port", attempt.Hop)
	}
	authority := fmt.Sprintf("%s:%d", service.Host(), port.Number)
	request := call.Request{ID: attempt.ID, Protocol: call.Protocol(port.Protocol), Address: authority, Authority: authority, TimeoutMillis: requestMillis}
	if client, _ := s.World.Client(attempt.From); client.Kind == hop.Gateway {
		request.Address = s.GatewayHTTP
		if port.Protocol == hop.GRPC {
			request.Address = s.GatewayGRPC
		}
	}
	return request, nil
}
