package verdict

import (
	"slices"

	"mtls.test/conformance/e2e/pure/hop"
)

// statement is the outcome of the attempt by one source, and the outcomes that are consistent with it.
type statement struct {
	who            string
	says           hop.Outcome
	consistentWith []hop.Outcome
}

// The sources that are no observers.
const (
	policies      = "intent"
	configuration = "config"
)

// statements lists what each source present says, intent and configuration first.
func (c *Check) statements() []statement {
	var all []statement
	if c.Intent.Missing == "" && c.Intent.Says != "" {
		fits := []hop.Outcome{c.Intent.Says}
		if c.Documented == c.Intent.Says {
			fits = []hop.Outcome{c.Want}
		}
		all = append(all, statement{policies, c.Intent.Says, fits})
	}
	if c.Config.Missing == "" && c.Config.Says != "" {
		all = append(all, statement{configuration, c.Config.Says, c.consistentOutcomes("", c.Config.Says)})
	}
	for _, source := range []hop.Source{hop.Client, hop.Probe, hop.Server, hop.Application, hop.Wire, hop.Stats} {
		if seen := c.Observers.By(source); present(seen) && seen.Says != "" {
			all = append(all, statement{string(source), seen.Says, c.consistentOutcomes(source, seen.Says)})
		}
	}
	return all
}

// consistentOutcomes lists the outcomes that are consistent with an observer's statement. The wire cannot see into TLS, nor whether what
// it carried in the clear was served; an application without headers cannot tell how it was reached; the server's proxy
// knows of bytes that it passed on unread only that it ended no TLS, and of a gateway's they may be TLS of those behind.
func (c *Check) consistentOutcomes(source hop.Source, says hop.Outcome) []hop.Outcome {
	switch {
	case c.On != "" && (source == "" || source == hop.Wire):
		return c.consistentOutcomesKept(source, says)
	case source == hop.Wire && says == hop.Encrypted:
		return []hop.Outcome{hop.MTLS, hop.OneWayTLS, hop.AppTLS, hop.Refused}
	case source == hop.Wire && says == hop.Plaintext:
		return []hop.Outcome{hop.Plaintext, hop.Refused}
	case source == hop.Server && (says == hop.Raw || says == hop.AppTLS) && c.Relays:
		return []hop.Outcome{hop.MTLS, hop.Plaintext, hop.OneWayTLS, hop.AppTLS, hop.Refused}
	case source == hop.Server && says == hop.Raw:
		return []hop.Outcome{hop.Plaintext, hop.AppTLS, hop.Refused}
	case source == hop.Server && says == hop.AppTLS:
		return []hop.Outcome{hop.AppTLS, hop.Refused}
	case says == hop.Cut:
		return []hop.Outcome{hop.Refused}
	case says == hop.Served:
		return []hop.Outcome{hop.MTLS, hop.Plaintext, hop.OneWayTLS, hop.AppTLS}
	case source == hop.Application && says == hop.Absent:
		return []hop.Outcome{hop.Refused}
	case says == hop.Absent && refusedLocally(c.Config.Refusal):
		return []hop.Outcome{hop.Refused}
	}
	return []hop.Outcome{says}
}

// consistentOutcomesKept is consistentOutcomes for a connection from before. Its configuration tells what it carries as long as it is there, and its
// packets whether it still is.
func (c *Check) consistentOutcomesKept(source hop.Source, says hop.Outcome) []hop.Outcome {
	all := []hop.Outcome{says}
	if says == hop.Encrypted {
		all = []hop.Outcome{hop.MTLS, hop.OneWayTLS, hop.AppTLS}
	}
	if wire := c.Observers.Wire; source == "" || wire.Packets != nil && wire.Packets.Closed {
		all = append(all, hop.Refused)
	}
	return all
}

// outcomes are the stories that sources can tell; absent is that of a proxy which a connection went past.
var outcomes = []hop.Outcome{hop.MTLS, hop.Plaintext, hop.OneWayTLS, hop.AppTLS, hop.Refused, hop.Absent}

// common lists the outcomes that are consistent with all statements.
func common(statements []statement) []hop.Outcome {
	var all []hop.Outcome
	for _, outcome := range outcomes {
		if !slices.ContainsFunc(statements, func(s statement) bool { return !slices.Contains(s.consistentWith, outcome) }) {
			all = append(all, outcome)
		}
	}
	return all
}

// outliers names the sources whose statements contradict the outcome that is consistent with most statements; all sources
// where no single outcome has the most.
func outliers(statements []statement) []string {
	var largest hop.Outcome
	size, ties := 0, false
	for _, outcome := range outcomes {
		fitting := 0
		for _, s := range statements {
			if slices.Contains(s.consistentWith, outcome) {
				fitting++
			}
		}
		switch {
		case fitting > size:
			largest, size, ties = outcome, fitting, false
		case fitting == size:
			ties = true
		}
	}
	var out []string
	for _, s := range statements {
		if ties || !slices.Contains(s.consistentWith, largest) {
			out = append(out, s.who)
		}
	}
	return out
}
