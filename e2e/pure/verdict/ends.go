package verdict

import "mtls.test/conformance/e2e/pure/hop"

func present(seen *hop.Observation) bool { return seen != nil && seen.Missing == "" }

// clientEnd is the observer at the client's end: its proxy's log or its socket, or the probe.
func (c *Check) clientEnd() *hop.Observation {
	if c.ClientKind == hop.Prober {
		return c.Observers.Probe
	}
	return c.Observers.Client
}

func named(identity hop.Identity) string {
	if identity == "" {
		return "nobody"
	}
	return string(identity)
}

func peer(seen *hop.Observation) hop.Identity {
	if seen == nil || seen.TLS == nil {
		return ""
	}
	return seen.TLS.Peer
}

// passedOn reports whether the server is a gateway that passed TLS on without saying who terminates it.
func (c *Check) passedOn() bool {
	server := c.Observers.Server
	return c.Relays && present(server) && (server.Says == hop.Raw || server.Says == hop.AppTLS)
}
