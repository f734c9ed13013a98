package verdict

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"mtls.test/conformance/e2e/pure/hop"
)

// Finding names what a MISMATCH is about, where it is not that sources contradict one another.
type Finding string

// ClearCopy is the finding that a request or its answer was seen in clear where it should not be: on another connection than its
// own, or on its own where that must be TLS.
const ClearCopy Finding = "clear-copy"

// Copy is what the taps saw in clear of the requests of a check, and of their answers, between two pods.
type Copy struct {
	From      string        `json:"from"` // who sent the bytes: NAMESPACE/POD, a Service where only what came before its translation was seen, or an address
	To        string        `json:"to"`   // who got them
	Conn      hop.FiveTuple `json:"conn"` // of the first sighting, from who sent the bytes
	Request   string        `json:"request"`
	Offset    int64         `json:"offset"`        // of the first sighting's token, among the bytes that went this way over the connection
	At        time.Time     `json:"at"`            // of the first sighting, by the runner's clock
	Sightings int           `json:"sightings"`     // each device that a token passes has one
	Own       bool          `json:"own,omitempty"` // on the request's own connection
}

// String tells the copy in a clause.
func (c Copy) String() string {
	how := "a copy of it"
	if c.Own {
		how = "it"
	}
	return fmt.Sprintf("%s went in clear from %s (%s) to %s (%s), at byte %d of the connection", how, c.From, c.Conn.Source, c.To, c.Conn.Destination, c.Offset)
}

// OfService begins the name of an address that Service translation replaces by a pod's.
const OfService = "service "

// untranslated tells that a copy was seen before Service translation, which hides one of its pods.
func (c Copy) untranslated() bool {
	return strings.HasPrefix(c.From, OfService) || strings.HasPrefix(c.To, OfService)
}

// alike tells that two copies went between the same pods, to one port or back from it.
func (c Copy) alike(other Copy) bool {
	there := c.From == other.From && c.To == other.To && c.Conn.Destination.Port() == other.Conn.Destination.Port()
	back := c.From == other.To && c.To == other.From && c.Conn.Source.Port() == other.Conn.Destination.Port()
	return c.Own == other.Own && (there || back)
}

// translated is the copy as it was seen behind Service translation, which is among the others; the copy itself where it is not.
func (c Copy) translated(others []Copy) Copy {
	if !c.untranslated() {
		return c
	}
	for _, other := range others {
		if !other.untranslated() && (other.Conn.Source == c.client() || other.Conn.Destination == c.client()) {
			return other
		}
	}
	return c
}

// client is the end of a connection that Service translation leaves as it is.
func (c Copy) client() netip.AddrPort {
	if strings.HasPrefix(c.From, OfService) {
		return c.Conn.Destination
	}
	return c.Conn.Source
}

// merged adds copies to others, those that are alike once, and returns the ones that are new besides.
func merged(known, seen []Copy) (all, fresh []Copy) {
	all = slices.Clone(known)
	for _, one := range seen {
		one = one.translated(seen)
		at := slices.IndexFunc(all, one.alike)
		if at < 0 {
			all = append(all, one)
			continue
		}
		all[at].Sightings += one.Sightings
	}
	return all, all[len(known):]
}

// told lists copies behind the finding.
func told(copies []Copy) string {
	var each []string
	for _, one := range copies {
		each = append(each, one.String())
	}
	return fmt.Sprintf("%s: %s", ClearCopy, strings.Join(each, "; "))
}

// addCopies gives the check what was seen of its requests in clear. It is the finding of a check that is PASS or INCONCLUSIVE, and
// of one that is MISMATCH only for what the configuration says of other requests: the wire shows what became of those.
func (c *Check) addCopies(seen []Copy) {
	all, fresh := merged(c.Copies, seen)
	c.Copies = all
	if len(fresh) == 0 {
		return
	}
	overridden := c.Result == hop.Pass || c.Result == hop.Inconclusive
	explained := c.Result == hop.Mismatch && slices.Equal(c.StandsOut, []string{configuration}) && slices.ContainsFunc(fresh, func(one Copy) bool { return !one.Own })
	if !overridden && !explained {
		c.Reason += "; " + told(fresh)
		return
	}
	reason := told(fresh)
	if c.Result != hop.Pass {
		reason += "; " + c.Reason
	}
	c.Result, c.Reason, c.Finding, c.StandsOut = hop.Mismatch, reason, ClearCopy, []string{string(hop.Wire)}
}

// AddCopies gives the case copies of the requests of a check, or of requests that are of none, such as background traffic, where
// the index is negative. The case is MISMATCH by it unless it is FAIL.
func (c *Case) AddCopies(check int, seen []Copy) {
	if check >= 0 {
		c.Checks[check].addCopies(seen)
		c.worsen(c.Checks[check].Result, c.Checks[check].String()+": "+c.Checks[check].Reason)
		return
	}
	c.Copies, _ = merged(c.Copies, seen)
	c.concludeCopies()
}

func (c *Case) concludeCopies() {
	if len(c.Copies) > 0 {
		c.worsen(hop.Mismatch, "background traffic: "+told(c.Copies))
	}
}

// copied tells that a request of the case was seen in clear where it should not be.
func (c *Case) copied() bool {
	return len(c.Copies) > 0 || slices.ContainsFunc(c.Checks, func(check Check) bool { return len(check.Copies) > 0 })
}

// Unscanned makes a check that is PASS INCONCLUSIVE: what else carried its requests in clear is not known.
func (c *Case) Unscanned(check int, why string) {
	if one := &c.Checks[check]; one.Result == hop.Pass {
		one.Result, one.Reason = hop.Inconclusive, "what else carried its requests in clear is not known: "+why
		c.worsen(one.Result, one.String()+": "+one.Reason)
	}
}

// InClear tells that the bytes of the check's own connection may be in clear, by what is expected of it. Of a refusal the client's
// configuration tells how it begins, or that under which a kept connection was opened.
func (c *Check) InClear() bool {
	if c.Want == hop.Refused {
		return c.Config.Says == hop.Plaintext || c.Config.Client != nil && c.Config.Client.Says == hop.Plaintext
	}
	return c.Want == hop.Plaintext
}
