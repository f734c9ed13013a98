// Package traffic sends requests over hops: from outside the cluster through the ingress gateway, and from the
// clients inside it by their agents.
package traffic

import (
	"context"
	"fmt"
	"sync"

	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/fixtures/agent/call"
	"mtls.test/conformance/fixtures/agent/control"
)

// Attempt is one request over one hop.
type Attempt struct {
	ID string // x-hop-id
	hop.Hop
	Subset  string            // of the server, where several workloads are behind it
	Segment string            // first of the request's path, of HTTP; empty for the path that every request has
	Headers map[string]string // beside those that the client's application adds, of HTTP and gRPC
	As      hop.Protocol      // how a port of undeclared protocol is spoken to: HTTP when empty

	By mesh.Place // the client's pod that sends it, or the gateway's that it goes through; any where it is not known
	At mesh.Place // the server's pod, where the attempt goes to a pod's own address; the first where it is not known
}

// Sender sends over the hops of a world.
type Sender struct {
	Mesh        *mesh.Mesh
	World       fixture.World
	Places      mesh.Places // as it was made; Relocate changes where it sends to
	GatewayHTTP string      // HOST:PORT of the ingress gateway, from here
	GatewayGRPC string
	Ledger      *Ledger // nil where requests bear no token

	forged map[string]map[string]string // headers that a client's application adds, by client

	keeper call.Keeper // of connections to the gateway
	mu     sync.Mutex
	moved  *mesh.Places          // nil before Relocate
	via    map[string]mesh.Proxy // of kept connections: see route
}

// Forge has a client's application add headers to its requests, until it is called with none.
func (s *Sender) Forge(client string, headers map[string]string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.forged == nil {
		s.forged = map[string]map[string]string{}
	}
	s.forged[client] = headers
}

// here is this process, as the sender of a request.
var here mesh.Proxy

// Send makes all attempts at once, each on a connection of its own, and returns their results by id. Where a client's agent does
// not answer, the error is Unsent.
func (s *Sender) Send(ctx context.Context, attempts []Attempt) (map[string]call.Result, error) {
	requests := map[mesh.Proxy][]call.Request{}
	for _, attempt := range attempts {
		via, request, err := s.route(attempt)
		if err != nil {
			return nil, err
		}
		if request.Token, err = s.Ledger.Issue(request.ID); err != nil {
			return nil, err
		}
		requests[via] = append(requests[via], request)
	}
	var mu sync.Mutex
	var senders sync.WaitGroup
	results := map[string]call.Result{}
	unsent := Unsent{}
	for via, batch := range requests {
		senders.Go(func() {
			sent, err := s.send(ctx, via, batch)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				for _, request := range batch {
					unsent[request.ID] = fmt.Errorf("send from %s: %w", via, err)
				}
			}
			for _, result := range sent {
				results[result.ID] = result
			}
		})
	}
	senders.Wait()
	return results, unsent.orNil()
}

func (s *Sender) send(ctx context.Context, via mesh.Proxy, batch []call.Request) ([]call.Result, error) {
	if via == here {
		return call.Send(ctx, batch)
	}
	var answer control.SendAnswer
	err := s.Mesh.Control(ctx, via, control.PathSend, control.SendRequest{Requests: batch}, &answer)
	return answer.Results, err
}
