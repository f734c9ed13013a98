package verdict

import (
	"fmt"
	"net/netip"

	"mtls.test/conformance/e2e/pure/hop"
)

// joinMismatch describes how the observations of one attempt differ in the connection, the TLS session or the pair of
// identities. It is empty where they agree.
func (c *Check) joinMismatch() string {
	for _, pair := range [][2]*hop.Observation{
		{c.clientEnd(), c.Observers.Wire}, {c.clientEnd(), c.Observers.Server}, {c.Observers.Wire, c.Observers.Server},
	} {
		left, right := pair[0], pair[1]
		if !connected(left) || !connected(right) {
			continue
		}
		if !c.sameConnection(left.Conn.Source, right.Conn.Source, right.Source == hop.Server) {
			return c.connectionMismatch(left, right, fmt.Sprintf("the connection left from %s by the %s, and came from %s by the %s: something stands between them", left.Conn.Source, left.Source, right.Conn.Source, right.Source))
		}
		if why := otherSession(left, right); why != "" {
			return c.between(left, right, why)
		}
	}
	if why := c.otherCertificate(); why != "" {
		return why
	}
	server, application := c.Observers.Server, c.Observers.Application
	if present(server) && present(application) && application.Says == hop.MTLS && peer(server) != peer(application) {
		return c.between(server, application, fmt.Sprintf("the server proxy saw the client %s, the application was told %s", named(peer(server)), named(peer(application))))
	}
	return ""
}

// connectionMismatch names the outlier of two observers that name different connections, by the third; both where there is none.
func (c *Check) connectionMismatch(left, right *hop.Observation, why string) string {
	c.between(left, right, why)
	wire := c.Observers.Wire
	server := c.Observers.Server
	if left != wire && right == wire && connected(server) && c.sameConnection(wire.Conn.Source, server.Conn.Source, true) {
		c.StandsOut = []string{string(left.Source)}
	}
	if left != wire && right == server && connected(wire) && left.Conn.Source == wire.Conn.Source {
		c.StandsOut = []string{string(right.Source)}
	}
	return why
}

func (c *Check) between(left, right *hop.Observation, why string) string {
	c.StandsOut = []string{string(left.Source), string(right.Source)}
	return why
}

func connected(seen *hop.Observation) bool {
	return present(seen) && seen.Says != hop.Absent && seen.Conn.Source.IsValid()
}

// sameConnection compares where the connection left from with where it came from. The tap stands before the server
// pod's netfilter, so only the server's own record can bear a rewritten port.
func (c *Check) sameConnection(left, came netip.AddrPort, atServer bool) bool {
	return left == came || atServer && c.Rewritten && left.Addr() == came.Addr()
}

// otherSession describes how two records of one connection differ in their TLS session.
func otherSession(left, right *hop.Observation) string {
	if left.TLS == nil || right.TLS == nil {
		return ""
	}
	for _, fact := range []struct{ name, left, right string }{
		{"version", left.TLS.Version, right.TLS.Version},
		{"cipher", left.TLS.Cipher, right.TLS.Cipher},
		{"SNI", left.TLS.SNI, right.TLS.SNI},
	} {
		if fact.left != "" && fact.right != "" && fact.left != fact.right {
			return fmt.Sprintf("the %s saw TLS %s %s, the %s %s", left.Source, fact.name, fact.left, right.Source, fact.right)
		}
	}
	return ""
}
