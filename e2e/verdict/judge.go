package verdict

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"mtls.test/conformance/e2e/hop"
)

// statement is what one witness says became of the attempt.
type statement struct {
	who  string
	says hop.Outcome
}

// configuration is the witness that both proxies' configuration is.
const configuration = "config"

// Judge gives the check its result and reason.
//
// What disqualifies the attempt itself comes first (the mesh did not settle, the connection is an old one, a proxy
// tried twice). Then the witnesses are compared with one another, then with what was wanted; only agreement can be
// spoiled by a missing observer, so that a contradiction among those present is never hidden by an absent one.
func (c *Check) Judge() {
	c.Observers.Required, c.Observers.Unavailable = Required(c.ClientKind, c.Want)
	c.Result, c.Reason = c.judge()
}

func (c *Check) judge() (hop.Result, string) {
	if c.Settled.Failed != "" {
		return hop.Inconclusive, "the mesh did not settle: " + c.Settled.Failed
	}
	if why := c.disqualified(); why != "" {
		return hop.Inconclusive, why
	}
	statements := c.statements()
	if len(statements) == 0 {
		return hop.Inconclusive, "nobody saw the attempt" + c.missing()
	}
	if !agree(statements) {
		c.StandsOut = standsOut(statements)
		return hop.Mismatch, c.tell(statements) + c.missing()
	}
	if why := c.apart(); why != "" {
		return hop.Mismatch, why
	}
	if why := c.unwanted(statements); why != "" {
		return hop.Fail, why + c.missing()
	}
	if missing := c.missing(); missing != "" {
		return hop.Inconclusive, strings.TrimPrefix(missing, "; ")
	}
	return hop.Pass, c.summary()
}

// disqualified tells why the attempt cannot stand for the hop as it is now configured.
func (c *Check) disqualified() string {
	if c.Reused != "" {
		return "the connection carried request " + c.Reused + " before, so it may be older than the policy"
	}
	if client := c.Observers.Client; client != nil && client.Attempts > 1 {
		return fmt.Sprintf("the client's proxy made %d attempts, and each hides the one before", client.Attempts)
	}
	return ""
}

// statements lists what each witness present says, configuration first.
func (c *Check) statements() []statement {
	var all []statement
	if c.Config.Missing == "" && c.Config.Says != "" {
		all = append(all, statement{configuration, c.Config.Says})
	}
	for _, source := range []hop.Source{hop.Client, hop.Server, hop.Application, hop.Wire, hop.Probe, hop.Stats} {
		if seen := c.Observers.By(source); seen != nil && seen.Missing == "" && seen.Says != "" {
			all = append(all, statement{string(source), seen.Says})
		}
	}
	return all
}

// agree reports whether all statements tell one story. A request that never reached the application was refused.
func agree(statements []statement) bool {
	return len(stories(statements)) == 1
}

func story(s statement) hop.Outcome {
	if s.who == string(hop.Application) && s.says == hop.Absent {
		return hop.Refused
	}
	return s.says
}

// stories groups the witnesses by what they say.
func stories(statements []statement) map[hop.Outcome][]string {
	told := map[hop.Outcome][]string{}
	for _, s := range statements {
		told[story(s)] = append(told[story(s)], s.who)
	}
	return told
}

// standsOut names the witnesses outside the one largest group; everybody, where no group is the largest.
func standsOut(statements []statement) []string {
	told := stories(statements)
	var largest hop.Outcome
	size, ties := 0, false
	for outcome, witnesses := range told {
		switch {
		case len(witnesses) > size:
			largest, size, ties = outcome, len(witnesses), false
		case len(witnesses) == size:
			ties = true
		}
	}
	var out []string
	for _, s := range statements {
		if ties || story(s) != largest {
			out = append(out, s.who)
		}
	}
	return out
}

// tell lists who says what, the ones that stand out first.
func (c *Check) tell(statements []statement) string {
	var parts []string
	for _, s := range statements {
		if slices.Contains(c.StandsOut, s.who) {
			parts = append(parts, s.who+" says "+c.words(s))
		}
	}
	told := stories(statements)
	for _, s := range statements {
		if witnesses := told[story(s)]; !slices.Contains(c.StandsOut, s.who) && witnesses[0] == s.who {
			parts = append(parts, strings.Join(witnesses, ", ")+" say "+c.words(s))
		}
	}
	return strings.Join(parts, "; ")
}

func (c *Check) words(s statement) string {
	switch {
	case s.who == configuration && c.Config.Refusal != "":
		return fmt.Sprintf("%s (%s)", s.says, c.Config.Refusal)
	case s.who == string(hop.Server) && s.says == hop.Absent:
		return "the connection never passed its proxy"
	case s.says == hop.Absent:
		return "the request never arrived"
	case s.says == hop.Refused:
		if seen := c.Observers.By(hop.Source(s.who)); seen != nil && seen.Symptom.Flags != "" {
			return fmt.Sprintf("%s (%s)", s.says, seen.Symptom.Flags)
		}
	}
	return string(s.says)
}

// apart tells whether the ends of one attempt are not of one connection, or not of one pair of identities.
func (c *Check) apart() string {
	client, server, application := c.Observers.Client, c.Observers.Server, c.Observers.Application
	if present(client) && present(server) && !c.sameConnection(client.Conn.Source, server.Conn.Source) {
		c.StandsOut = []string{string(hop.Client), string(hop.Server)}
		return fmt.Sprintf("the client's connection left from %s, the server's came from %s: something stands between them", client.Conn.Source, server.Conn.Source)
	}
	if present(server) && present(application) && peer(server) != peer(application) && application.Says != hop.Absent {
		c.StandsOut = []string{string(hop.Server), string(hop.Application)}
		return fmt.Sprintf("the server proxy saw the client %s, the application was told %s", named(peer(server)), named(peer(application)))
	}
	return ""
}

// sameConnection compares where the connection left from with where it came from.
func (c *Check) sameConnection(left, came netip.AddrPort) bool {
	return left == came || c.Rewritten && left.Addr() == came.Addr()
}

func present(seen *hop.Observation) bool { return seen != nil && seen.Missing == "" }

func peer(seen *hop.Observation) hop.Identity {
	if seen.TLS == nil {
		return ""
	}
	return seen.TLS.Peer
}

func named(identity hop.Identity) string {
	if identity == "" {
		return "nobody"
	}
	return string(identity)
}

// unwanted tells how the one story that all witnesses tell is not the one wanted.
func (c *Check) unwanted(statements []statement) string {
	if got := story(statements[0]); got != c.Want {
		return fmt.Sprintf("wanted %s, all of %s say %s", c.Want, witnesses(statements), got)
	}
	switch c.Want {
	case hop.Refused:
		return c.otherCause()
	case hop.MTLS:
		return c.otherIdentity()
	}
	return ""
}

func witnesses(statements []statement) string {
	var names []string
	for _, s := range statements {
		names = append(names, s.who)
	}
	return strings.Join(names, ", ")
}

// otherCause tells whether the refusal looks to some witness unlike the wanted cause.
func (c *Check) otherCause() string {
	if c.Config.Missing == "" && c.Config.Refusal != c.Cause {
		return fmt.Sprintf("refused as wanted, but configured to be by %s, not %s", c.Config.Refusal, c.Cause)
	}
	table := symptoms[c.Cause][c.ClientKind]
	for _, source := range []hop.Source{hop.Client, hop.Server, hop.Application} {
		seen := c.Observers.By(source)
		if !present(seen) {
			continue
		}
		if how := table[source].differs(*seen); how != "" {
			return fmt.Sprintf("refused as wanted, but not by %s: at the %s %s", c.Cause, source, how)
		}
	}
	return ""
}

// otherIdentity tells whether an end proved another identity than its workload's.
func (c *Check) otherIdentity() string {
	if seen := c.Observers.Client; present(seen) && peer(seen) != c.Identities.Server {
		return fmt.Sprintf("the server proved %s, wanted %s", named(peer(seen)), c.Identities.Server)
	}
	if seen := c.Observers.Server; present(seen) && peer(seen) != c.Identities.Client {
		return fmt.Sprintf("the client proved %s, wanted %s", named(peer(seen)), named(c.Identities.Client))
	}
	return ""
}

// missing lists the required observers that have nothing to say, each with its reason, behind "; ".
func (c *Check) missing() string {
	var told strings.Builder
	if c.Config.Missing != "" {
		told.WriteString("; config is missing: " + c.Config.Missing)
	}
	for _, source := range c.Observers.Required {
		switch seen := c.Observers.By(source); {
		case seen == nil:
			fmt.Fprintf(&told, "; required observer %s is missing", source)
		case seen.Missing != "":
			fmt.Fprintf(&told, "; required observer %s is missing: %s", source, seen.Missing)
		case source != hop.Application && seen.Says != hop.Absent && !seen.Conn.Source.IsValid():
			fmt.Fprintf(&told, "; %s names no connection, so nothing can be joined to it", source)
		}
	}
	return told.String()
}

// summary is the reason of a PASS.
func (c *Check) summary() string {
	switch c.Want {
	case hop.MTLS:
		return fmt.Sprintf("%s %s, %s to %s", c.Observers.Server.TLS.Version, c.Observers.Server.TLS.Cipher, short(peer(c.Observers.Server)), short(peer(c.Observers.Client)))
	case hop.Refused:
		return fmt.Sprintf("%s: %s", c.Cause, c.Config.Why)
	}
	return "in the clear at both ends"
}

// short drops the trust domain of a SPIFFE ID.
func short(identity hop.Identity) string {
	if _, path, found := strings.Cut(string(identity), "/ns/"); found {
		return "ns/" + path
	}
	return named(identity)
}
