package traffic

import (
	"context"
	"fmt"

	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/fixtures/agent/call"
	"mtls.test/conformance/fixtures/agent/control"
)

// Keep opens a connection over a hop by a request, and keeps it; from a pod of the client, and through one of the
// gateway where that is the client; the name is the request's id too. What is kept is the
// client application's own connection: behind it the client's proxy keeps, or pools, one of its own to the server.
func (s *Sender) Keep(ctx context.Context, over hop.Hop, by mesh.Place, name string, use fixture.Use) (call.Kept, error) {
	via, request, err := s.route(Attempt{ID: name, Hop: over, By: by})
	if err != nil {
		return call.Kept{}, err
	}
	if request.Token, err = s.Ledger.Issue(name); err != nil {
		return call.Kept{}, err
	}
	s.mu.Lock()
	if s.via == nil {
		s.via = map[string]mesh.Proxy{}
	}
	s.via[name] = via
	s.mu.Unlock()
	asked := call.Keep{Name: name, Use: call.Use(use), Request: request}
	if via == here {
		return s.keeper.Open(ctx, asked)
	}
	return s.ask(ctx, via, control.PathKeepOpen, asked)
}

// Use makes one more request, of that id, on a kept connection; on a stream it waits for bytes that come from now on.
func (s *Sender) Use(ctx context.Context, from, name, id string) (call.Kept, error) {
	via, err := s.holder(from, name)
	if err != nil {
		return call.Kept{}, err
	}
	issued, err := s.Ledger.Issue(id)
	if err != nil {
		return call.Kept{}, err
	}
	if via == here {
		return s.keeper.Use(ctx, name, id, issued)
	}
	return s.ask(ctx, via, control.PathKeepUse, control.KeepRequest{Name: name, ID: id, Token: issued})
}

// Drop closes a kept connection.
func (s *Sender) Drop(ctx context.Context, from, name string) error {
	via, err := s.holder(from, name)
	if err != nil {
		return err
	}
	if via == here {
		_, err = s.keeper.Close(name)
	} else {
		_, err = s.ask(ctx, via, control.PathKeepClose, control.KeepRequest{Name: name})
	}
	if err == nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.via, name)
	}
	return err
}

func (s *Sender) holder(from, name string) (mesh.Proxy, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	via, kept := s.via[name]
	if !kept {
		return here, fmt.Errorf("connection %s from %s is not kept", name, from)
	}
	return via, nil
}

func (s *Sender) ask(ctx context.Context, via mesh.Proxy, path string, asked any) (call.Kept, error) {
	var kept call.Kept
	err := s.Mesh.Control(ctx, via, path, asked, &kept)
	return kept, err
}
