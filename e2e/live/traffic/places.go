package traffic

import "mtls.test/conformance/e2e/live/mesh"

// Relocate has it send to and from other pods from now on.
func (s *Sender) Relocate(places mesh.Places) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.moved = &places
}

func (s *Sender) places() mesh.Places {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.moved != nil {
		return *s.moved
	}
	return s.Places
}
