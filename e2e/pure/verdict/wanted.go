package verdict

import (
	"fmt"
	"slices"
	"strings"

	"mtls.test/conformance/e2e/pure/hop"
)

// otherCause describes how the cause of the refusal differs from the expected cause, by any source.
func (c *Check) otherCause() string {
	if c.On == "" && c.Documented == "" && c.Intent.Missing == "" && c.Intent.Refusal != c.Cause {
		return fmt.Sprintf("refused as wanted, but meant to be by %s, not %s", named(hop.Identity(c.Intent.Refusal)), c.Cause)
	}
	if c.On == "" && c.Config.Missing == "" && c.Config.Says != "" && c.Config.Refusal != c.Cause {
		return fmt.Sprintf("refused as wanted, but configured to be by %s, not %s", c.Config.Refusal, c.Cause)
	}
	row := symptoms[c.Cause]
	for _, source := range c.Observers.Required {
		seen := c.Observers.By(source)
		if !present(seen) {
			continue
		}
		if how := row.differs(c, *seen); how != "" {
			return fmt.Sprintf("refused as wanted, but not by %s: at the %s %s", c.Cause, source, how)
		}
	}
	return ""
}

// otherCauseBy lists the sources that give another cause for the refusal than the expected one.
func (c *Check) otherCauseBy() []string {
	var all []string
	if c.On == "" && c.Documented == "" && c.Intent.Missing == "" && c.Intent.Refusal != c.Cause {
		all = append(all, policies)
	}
	if c.On == "" && c.Config.Missing == "" && c.Config.Says != "" && c.Config.Refusal != c.Cause {
		all = append(all, configuration)
	}
	for _, source := range c.Observers.Required {
		if seen := c.Observers.By(source); present(seen) && symptoms[c.Cause].differs(c, *seen) != "" {
			all = append(all, string(source))
		}
	}
	return all
}

// otherIdentity describes an identity that an end proved and that is not its workload's. While a stream is open, no proxy
// has reported an identity yet.
func (c *Check) otherIdentity() string {
	if c.Streams {
		return ""
	}
	if got := c.serverProved(); present(c.clientEnd()) && got != c.Identities.Server {
		return fmt.Sprintf("the server proved %s, wanted %s", named(got), c.Identities.Server)
	}
	if got := c.clientProved(); !c.passedOn() && (present(c.Observers.Server) || !c.Proxied && present(c.Observers.Application)) && got != c.Identities.Client {
		return fmt.Sprintf("the client proved %s, wanted %s", named(got), named(c.Identities.Client))
	}
	return ""
}

// serverProved is the server's identity as the client's end saw it.
func (c *Check) serverProved() hop.Identity { return peer(c.clientEnd()) }

// clientProved is the client's identity as the server's end saw it: its proxy, or the application that speaks TLS itself.
func (c *Check) clientProved() hop.Identity {
	if c.Proxied {
		return peer(c.Observers.Server)
	}
	return peer(c.Observers.Application)
}

// otherWire describes how the packets differ from what the case expects.
func (c *Check) otherWire() string {
	wire := c.Observers.Wire
	if c.WantWire == nil || !present(wire) {
		return ""
	}
	if wire.TLS == nil {
		return "the wire shows no handshake"
	}
	for _, fact := range []struct{ name, got, want string }{
		{"version", wire.TLS.Version, c.WantWire.Version},
		{"cipher", wire.TLS.Cipher, c.WantWire.Cipher},
		{"group", wire.TLS.Group, c.WantWire.Group},
		{"SNI", wire.TLS.SNI, c.WantWire.SNI},
	} {
		if fact.want != "" && fact.got != fact.want {
			return fmt.Sprintf("the wire shows %s %s, wanted %s", fact.name, quoted(fact.got), fact.want)
		}
	}
	if want := c.WantWire.ALPN; want != nil && !slices.Equal(wire.TLS.Offered, want) {
		return fmt.Sprintf("the wire shows ALPN %s, wanted %s", quoted(strings.Join(wire.TLS.Offered, ",")), strings.Join(want, ","))
	}
	return ""
}
