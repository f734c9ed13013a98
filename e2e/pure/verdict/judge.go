package verdict

import (
	"fmt"
	"slices"
	"strings"

	"mtls.test/conformance/e2e/pure/hop"
)

// Judge gives the check its result and reason.
//
// First come the reasons that disqualify the attempt itself: the mesh did not settle, the connection is old, a proxy tried
// twice. Then the sources are compared with one another, then with the expected outcome. Missing observers count only where
// the others agree, so an absent observer never hides a contradiction among those present.
func (c *Check) Judge() {
	c.Observers.Required = c.required()
	if c.Unreached != "" {
		c.Observers = Observers{Required: []hop.Source{}}
	}
	c.SourceAlone = c.Intent.SourceAlone()
	c.Result, c.Reason = c.judge()
	c.Reason = c.ExpectedBy.marked(c.Reason)
}

func (c *Check) judge() (hop.Result, string) {
	if c.Settled.Failed != "" {
		return hop.Inconclusive, "the mesh did not settle: " + c.Settled.Failed
	}
	if len(c.ServedBy) > 1 {
		c.StandsOut = []string{string(hop.Application)}
		return hop.Mismatch, "one request was served twice, by " + strings.Join(c.ServedBy, " and ")
	}
	if why := c.disqualified(); why != "" {
		return hop.Inconclusive, why
	}
	statements := c.statements()
	if len(statements) == 0 {
		return hop.Inconclusive, "nobody saw the attempt" + c.missing()
	}
	fitting := common(statements)
	if len(fitting) == 0 {
		c.StandsOut = outliers(statements)
		told := c.tell(statements)
		if why := c.otherwise(); why != "" {
			told += "; " + why
			if len(c.StandsOut) > 1 { // no source alone contradicts the others, and this explains why they differ
				c.StandsOut = []string{configuration}
			}
		}
		return hop.Mismatch, told + c.cutOff() + c.missing()
	}
	if why := c.joinMismatch(); why != "" {
		return hop.Mismatch, why
	}
	if why := c.otherwise(); why != "" {
		c.StandsOut = []string{configuration}
		return hop.Mismatch, why
	}
	if !slices.Contains(fitting, c.Want) {
		return hop.Fail, fmt.Sprintf("wanted %s, all of %s say %s", c.Want, sourcesOf(statements), fitting[0]) + c.because() + c.missing()
	}
	if c.Unreached != "" {
		return hop.Inconclusive, c.Unreached + c.cutOff() + c.missing()
	}
	if why := c.unwanted(); why != "" {
		return hop.Fail, why + c.missing()
	}
	if missing := c.cutOff() + c.missing(); missing != "" {
		return hop.Inconclusive, strings.TrimPrefix(missing, "; ")
	}
	return hop.Pass, c.summary()
}

// because is why the policies ask for what all sources say, behind ": ".
func (c *Check) because() string {
	if c.Intent.Missing != "" || c.Intent.Why == "" {
		return ""
	}
	return ": " + c.Intent.Why
}

// cutOff names the proxies that no change reaches, behind "; ".
func (c *Check) cutOff() string {
	if len(c.Settled.Detached) == 0 {
		return ""
	}
	return "; no stream to istiod: " + strings.Join(c.Settled.Detached, ", ")
}

// disqualified returns why the attempt is no evidence for the hop as it is configured now.
func (c *Check) disqualified() string {
	if c.On != "" {
		return ""
	}
	if c.Reused != "" {
		return "the connection carried request " + c.Reused + " before, so it may be older than the policy"
	}
	if client := c.Observers.Client; client != nil && client.Attempts > 1 {
		return fmt.Sprintf("the client's proxy made %d attempts, and each hides the one before", client.Attempts)
	}
	return c.early()
}

// tell lists what each source says, outliers first.
func (c *Check) tell(statements []statement) string {
	var parts []string
	rest := map[string][]string{}
	var order []string
	for _, s := range statements {
		words := c.words(s)
		if slices.Contains(c.StandsOut, s.who) {
			parts = append(parts, s.who+" says "+words)
			continue
		}
		if rest[words] == nil {
			order = append(order, words)
		}
		rest[words] = append(rest[words], s.who)
	}
	for _, words := range order {
		verb := " say "
		if len(rest[words]) == 1 {
			verb = " says "
		}
		parts = append(parts, strings.Join(rest[words], ", ")+verb+words)
	}
	return strings.Join(parts, "; ")
}

func (c *Check) words(s statement) string {
	switch {
	case s.who == configuration && c.Config.Refusal != "":
		return fmt.Sprintf("%s (%s)", s.says, c.Config.Refusal)
	case s.who == policies && c.Intent.Refusal != "":
		return fmt.Sprintf("%s (%s)", s.says, c.Intent.Refusal)
	case (s.who == string(hop.Server) || s.who == string(hop.Client)) && s.says == hop.Absent:
		return "the connection never passed its proxy"
	case s.who == string(hop.Wire) && s.says == hop.Absent:
		return "the client's connection never came to the server's pod"
	case s.says == hop.Absent:
		return "the request never arrived"
	case s.says == hop.Refused:
		seen := c.Observers.By(hop.Source(s.who))
		switch {
		case seen == nil:
		case seen.Refusal != "":
			return fmt.Sprintf("%s (%s)", s.says, seen.Refusal)
		case seen.Symptom.Flags != "":
			return fmt.Sprintf("%s (%s)", s.says, seen.Symptom.Flags)
		}
	}
	return string(s.says)
}

func sourcesOf(statements []statement) string {
	var names []string
	for _, s := range statements {
		names = append(names, s.who)
	}
	return strings.Join(names, ", ")
}

// unwanted describes what else differs from the expectation although the outcome is the expected one.
func (c *Check) unwanted() string {
	if c.Want == hop.Refused {
		return c.otherCause()
	}
	if c.Want == hop.MTLS {
		if why := c.otherIdentity(); why != "" {
			return why
		}
	}
	if why := c.otherNames(); why != "" {
		return why
	}
	if why := c.otherWire(); why != "" {
		return why
	}
	return c.otherShown()
}

// missing lists the required observers that have nothing to say, each with its reason, behind "; ".
func (c *Check) missing() string {
	var told strings.Builder
	if c.Intent.Missing != "" {
		told.WriteString("; intent is missing: " + c.Intent.Missing)
	}
	switch {
	case c.Config.Missing != "":
		told.WriteString("; config is missing: " + c.Config.Missing)
	case c.Config.Says == "":
		told.WriteString("; config has nothing to say: " + c.Config.Why)
	}
	for _, source := range c.Observers.Required {
		switch seen := c.Observers.By(source); {
		case seen == nil:
			fmt.Fprintf(&told, "; required observer %s is missing", source)
		case seen.Missing != "":
			fmt.Fprintf(&told, "; required observer %s is missing: %s", source, seen.Missing)
		case source != hop.Application && source != hop.Stats && seen.Says != hop.Absent && !seen.Conn.Source.IsValid() && !c.unconnected(source):
			fmt.Fprintf(&told, "; %s names no connection, so nothing can be joined to it", source)
		}
	}
	return told.String()
}

// unconnected reports whether the observer cannot know the connection. Either the client's proxy never opened it, or its
// handshake failed and Envoy logs no local address at the client. Then the wire names the connection.
func (c *Check) unconnected(source hop.Source) bool {
	named := present(c.Observers.Wire) && c.Observers.Wire.Conn.Source.IsValid() || slices.Contains(c.Without, hop.Wire)
	return source == hop.Client && c.Want == hop.Refused && (refusedLocally(c.Cause) || named)
}

// summary is the reason of a PASS.
func (c *Check) summary() string {
	switch c.Want {
	case hop.MTLS, hop.OneWayTLS, hop.AppTLS:
		facts := c.facts()
		return fmt.Sprintf("%s %s, %s to %s", facts.Version, facts.Cipher, short(peer(c.Observers.Server)), c.shownServer())
	case hop.Refused:
		return fmt.Sprintf("%s: %s", c.Cause, c.Config.Why)
	}
	if !present(c.Observers.Wire) {
		return "in the clear at both ends; no packet was looked at"
	}
	return "in the clear on the wire and at both ends"
}

// facts are the session's parameters, each from the first observer that saw it.
func (c *Check) facts() hop.TLSFacts {
	for _, source := range []hop.Source{hop.Server, hop.Probe, hop.Client, hop.Wire} {
		if seen := c.Observers.By(source); present(seen) && seen.TLS != nil && seen.TLS.Version != "" {
			return *seen.TLS
		}
	}
	return hop.TLSFacts{}
}
