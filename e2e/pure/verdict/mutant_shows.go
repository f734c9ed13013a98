package verdict

import (
	"slices"

	"mtls.test/conformance/e2e/pure/hop"
)

// shows lists who shows that a check on which all agree is not as wanted: whose statement leaves no room for what is wanted
// or, where the outcome is the one wanted, who saw it to be otherwise than wanted.
func (c *Check) shows() []string {
	var all []string
	for _, s := range c.statements() {
		if !slices.Contains(s.consistentWith, c.Want) {
			all = append(all, s.who)
		}
	}
	if len(all) > 0 {
		return all
	}
	if c.Want == hop.Refused {
		return c.otherCauseBy()
	}
	for _, found := range []struct {
		why string
		who []hop.Source
	}{
		{c.otherIdentity(), []hop.Source{hop.Client, hop.Server, hop.Application, hop.Probe}},
		{c.otherNames(), []hop.Source{hop.Client, hop.Probe}},
		{c.otherWire(), []hop.Source{hop.Wire}},
		{c.otherShown(), []hop.Source{hop.Probe}},
	} {
		if found.why == "" {
			continue
		}
		for _, source := range found.who {
			if present(c.Observers.By(source)) {
				all = append(all, string(source))
			}
		}
	}
	return all
}
