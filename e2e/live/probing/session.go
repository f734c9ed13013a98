// Package probing has the world's clients send series of requests for as long as a session goes on, and keeps what they tell. Pods that come are asked too, so that the series go on while workloads roll out.
package probing

import (
	"context"
	"errors"
	"net/netip"

	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/e2e/live/observe"
	"mtls.test/conformance/e2e/pure/availability"
	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/upgrade"
	"mtls.test/conformance/fixtures/agent/control"
	"mtls.test/conformance/fixtures/agent/series"
	"mtls.test/conformance/fixtures/agent/token"
)

// Begin starts the series. They go on until End, or until the context is done.
func Begin(ctx context.Context, options Options) (*Session, error) {
	going, end := context.WithCancel(context.WithoutCancel(ctx))
	s := &Session{Options: options, flags: newFlags(options.Run), sightings: newSightings(observe.NewTaps(options.Kube, options.Mesh, options.World.Placement.In(fixture.TapNamespace))), end: end, streams: map[mesh.Proxy]*stream{}, addresses: map[netip.Addr]string{}}
	if err := s.look(ctx, going); err != nil {
		end()
		return nil, err
	}
	s.work.Go(func() { s.watch(going) })
	return s, nil
}

// Pause makes nothing due until Resume. Kept connections stay open.
func (s *Session) Pause(ctx context.Context) error {
	return s.change(ctx, true, control.PathProbingPause)
}

// Resume ends a pause.
func (s *Session) Resume(ctx context.Context) error {
	return s.change(ctx, false, control.PathProbingResume)
}

// change has every prober that goes on pause or resume.
func (s *Session) change(ctx context.Context, pause bool, path string) error {
	s.mu.Lock()
	s.paused = pause
	var agents []mesh.Proxy
	for _, one := range s.streams {
		if one.told.Ended.IsZero() {
			agents = append(agents, one.agent)
		}
	}
	s.mu.Unlock()
	var failed []error
	for _, agent := range agents {
		failed = append(failed, s.Mesh.Control(ctx, agent, path, control.ProbingChange{}, &control.ProbingChanged{}))
	}
	return errors.Join(failed...)
}

// End stops the series, and waits until what was under way is told.
func (s *Session) End(ctx context.Context) error {
	s.mu.Lock()
	failed := s.failed
	s.mu.Unlock()
	err := errors.Join(failed, s.change(ctx, false, control.PathProbingStop))
	s.end()
	s.work.Wait()
	return err
}

// Streams are what the probers told so far.
func (s *Session) Streams() []availability.Stream {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []availability.Stream
	for _, one := range s.streams {
		all = append(all, one.told)
	}
	return all
}

// Clear tells which requests were seen in the clear past their client's first leg, and how many on it, where that leg is in the
// clear: that of clients without a proxy.
func (s *Session) Clear(ctx context.Context) (seen []upgrade.Copy, own int, gaps []string) {
	all, unseen := s.sightings.all(ctx)
	for _, gap := range unseen {
		gaps = append(gaps, gap.Why)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	sent := s.sent()
	for _, one := range all {
		request, ours := sent[one.Token]
		switch {
		case !ours:
		case s.firstLeg(request.client, one.Conn):
			own++
		default:
			seen = append(seen, upgrade.Copy{
				ID: request.id, Series: request.series.Name, Hop: upgrade.HopOf(s.World, request.client, request.series),
				Connection: one.Conn.Source.String() + " > " + one.Conn.Destination.String(), At: one.At,
			})
		}
	}
	return seen, own, gaps
}

// request is one that was due.
type request struct {
	id     string
	client string
	series series.Series
}

// sent are all requests so far, by their tokens. The caller has the lock.
func (s *Session) sent() map[token.Token]request {
	sent := map[token.Token]request{}
	for _, one := range s.streams {
		var all []series.Series
		for _, line := range one.told.Lines {
			if line.Header != nil {
				all = line.Header.Series
			}
			if line.Record != nil {
				sent[line.Record.Token] = request{line.Record.ID, one.client, all[line.Record.Series]}
			}
		}
	}
	return sent
}

// firstLeg tells whether a connection is the first leg of a client's requests, and in the clear. The caller has the lock.
func (s *Session) firstLeg(client string, conn hop.FiveTuple) bool {
	return s.bare(client) && (s.addresses[conn.Source.Addr()] == client || s.addresses[conn.Destination.Addr()] == client)
}

// bare tells whether a client's first leg is in the clear: no proxy of its own encrypts it.
func (s *Session) bare(client string) bool {
	known, _ := s.World.Client(client)
	return !known.Proxied
}

// Flags are the response flags that the clients' proxies and the gateway wrote of requests that failed, by the requests' ids.
func (s *Session) Flags() map[string]string { return s.flags.all() }
