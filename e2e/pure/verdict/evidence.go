package verdict

import (
	"fmt"

	"mtls.test/conformance/e2e/pure/clock"
	"mtls.test/conformance/e2e/pure/hop"
)

// Tuple is what makes two checks different statements: the rules that the oracle used, the kind of client, the protocol
// and the expected outcome. A check that differs only in port or namespace has the same tuple.
func (c *Check) Tuple() string {
	probe := ""
	if c.Probe != nil {
		probe = fmt.Sprint(c.Probe.Certificate, c.Probe.ALPN, c.Probe.TLS)
	}
	return fmt.Sprint(c.Intent.Rules, c.ClientKind, probe, c.Protocol, c.Want, c.Cause)
}

// OnTheWire reports whether the packets belong to the connection in the server's own record, opened after settling.
func (c *Check) OnTheWire() bool {
	wire := c.Observers.Wire
	if !present(wire) || wire.Packets == nil || c.On == "" && c.opened() != clock.After {
		return false
	}
	if !c.Proxied || c.Streams {
		return wire.Conn.Source.IsValid()
	}
	server := c.Observers.Server
	return present(server) && (server.Conn.Source == wire.Conn.Source || c.Rewritten && server.Conn.Source.Addr() == wire.Conn.Source.Addr())
}

// CauseNamed reports whether an observer of a refusal named the wanted cause.
func (c *Check) CauseNamed() bool {
	for _, source := range []hop.Source{hop.Client, hop.Probe, hop.Server, hop.Wire, hop.Stats} {
		if seen := c.Observers.By(source); present(seen) && seen.Refusal == c.Cause {
			return true
		}
	}
	return false
}

// Seen counts the outcomes of the checks that are PASS.
func Seen(checks []Check) map[hop.Outcome]int {
	seen := map[hop.Outcome]int{}
	for _, check := range checks {
		if check.Result == hop.Pass {
			seen[check.Want]++
		}
	}
	return seen
}
