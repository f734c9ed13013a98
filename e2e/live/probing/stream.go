package probing

import (
	"context"
	"net/netip"
	"sync"
	"time"

	"mtls.test/conformance/e2e/live/kube"
	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/e2e/pure/availability"
	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/upgrade"
	"mtls.test/conformance/fixtures/agent/series"
)

// Options are what a session sends.
type Options struct {
	Kube    *kube.Client
	Mesh    *mesh.Mesh
	World   fixture.World
	Groups  []upgrade.Group
	Traffic string // the policy that the series go on under
	Run     string // id of the suite's run, in the tokens
}

// Session is series that go on. It is safe for concurrent use.
type Session struct {
	Options
	flags     *flags
	sightings *sightings
	end       context.CancelFunc
	work      sync.WaitGroup

	mu      sync.Mutex
	streams map[mesh.Proxy]*stream
	paused  bool
	failed  error // of the last look for pods

	addresses map[netip.Addr]string // of the clients' pods, by whose they are
}

// stream is what one prober told so far.
type stream struct {
	client string // of the world
	agent  mesh.Proxy
	told   availability.Stream
}

// prefix begins the ids of a prober's requests.
func (s *Session) prefix(agent mesh.Proxy) string { return s.Run + "-" + agent.Pod }

func (s *Session) known(agent mesh.Proxy) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.streams[agent] != nil
}

func (s *Session) place(address netip.Addr, client string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.addresses[address] = client
}

func (s *Session) add(client string, agent mesh.Proxy) *stream {
	s.mu.Lock()
	defer s.mu.Unlock()
	one := &stream{client: client, agent: agent, told: availability.Stream{Pod: agent.String()}}
	s.streams[agent] = one
	return one
}

func (s *Session) take(one *stream, line series.Line) {
	s.mu.Lock()
	defer s.mu.Unlock()
	one.told.Lines = append(one.told.Lines, line)
}

func (s *Session) close(one *stream) {
	s.mu.Lock()
	defer s.mu.Unlock()
	one.told.Ended = time.Now()
}
