package verdict

import (
	"fmt"
	"slices"
	"strings"

	"mtls.test/conformance/e2e/pure/hop"
)

// shown are the facts of the server's certificate as the client's end read it; nil where that end does not read it. A proxy's
// log has the SPIFFE ID alone of it; a probe, and an application that speaks TLS itself, have all, the serial among it.
func (c *Check) shown() *hop.TLSFacts {
	end := c.clientEnd()
	if !present(end) || end.TLS == nil || end.TLS.Serial == "" {
		return nil
	}
	return end.TLS
}

// otherNames describes a server certificate that is not the expected one: that of the application or of the gateway
// credential that must terminate the TLS. A server known by its SPIFFE ID has no names. A kept connection was shown its
// certificate earlier, so it is not compared.
func (c *Check) otherNames() string {
	shown := c.shown()
	if shown == nil || c.On != "" {
		return ""
	}
	byNames := c.Want == hop.OneWayTLS || c.Want == hop.AppTLS || c.Want == hop.MTLS && len(c.Identities.ServerNames) > 0
	if !byNames || sameNames(shown.Names, c.Identities.ServerNames) {
		return ""
	}
	return fmt.Sprintf("the server's certificate is for %s, wanted %s", certified(shown.Peer, shown.Names), certified("", c.Identities.ServerNames))
}

// sameNames compares two sets.
func sameNames(one, other []string) bool {
	return slices.Equal(slices.Compact(slices.Sorted(slices.Values(one))), slices.Compact(slices.Sorted(slices.Values(other))))
}

// certified names whom a certificate is for.
func certified(identity hop.Identity, names []string) string {
	if identity != "" || len(names) == 0 {
		return named(identity)
	}
	return strings.Join(names, ", ")
}

// shownServer is whom the server proved to be, in a few words: its SPIFFE ID, or the first of its names.
func (c *Check) shownServer() string {
	if shown := c.shown(); shown != nil && shown.Peer == "" && len(shown.Names) > 0 {
		return shown.Names[0]
	}
	return short(c.serverProved())
}

// short drops the trust domain of a SPIFFE ID.
func short(identity hop.Identity) string {
	if _, path, found := strings.Cut(string(identity), "/ns/"); found {
		return "ns/" + path
	}
	return named(identity)
}
