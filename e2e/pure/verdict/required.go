package verdict

import (
	"slices"

	"mtls.test/conformance/e2e/pure/hop"
)

// required lists the observers that the verdict on a check rests on. Intent and configuration are required of every
// check besides. Counters are required of an attempt that was made by itself for them: where a proxy's log cannot be had
// they are all that it tells of a handshake that failed.
func (c *Check) required() []hop.Source {
	all := c.ends()
	if c.Counted {
		all = append(all, hop.Stats)
	}
	return slices.DeleteFunc(all, c.notAvailable)
}

// notAvailable reports whether an observer is not available on the cluster. The server's line of a handshake that failed is found
// by the connection, which without the packets nobody names where the client's proxy could not.
func (c *Check) notAvailable(source hop.Source) bool {
	unnamed := source == hop.Server && c.Want == hop.Refused && slices.Contains(c.Without, hop.Wire)
	return unnamed || slices.Contains(c.Without, source)
}

// ends are the client's end, the wire, the server's proxy where there is one, and the application.
//
// A probe is its own client. What never leaves the client's proxy has neither wire nor server. A stream that is still
// open has no line in any log yet, and over a closed connection nothing more reaches the server. In both cases only the
// wire and the client's end, which holds the connection, can be required.
func (c *Check) ends() []hop.Source {
	client := hop.Client
	if c.ClientKind == hop.Prober {
		client = hop.Probe
	}
	switch {
	case c.Want == hop.Refused && refusedLocally(c.Cause) && !c.Relays:
		return []hop.Source{client, hop.Application}
	case c.Streams, c.On != "" && c.Cause == hop.Closed:
		return []hop.Source{client, hop.Wire}
	case c.Relays:
		return []hop.Source{client, hop.Server, hop.Wire}
	case !c.Proxied:
		return []hop.Source{client, hop.Application, hop.Wire}
	}
	return []hop.Source{client, hop.Server, hop.Application, hop.Wire}
}

// refusedLocally reports whether the client's proxy itself refuses for this cause, so that no connection is opened.
func refusedLocally(cause hop.Refusal) bool {
	return cause == hop.NoCluster || cause == hop.NoEndpoint || cause == hop.Blocked
}
