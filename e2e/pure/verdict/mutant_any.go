package verdict

import (
	"fmt"
	"slices"
	"strings"

	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/hop"
)

// apiServer names the API server as the source: it accepted a policy that it must refuse, or refused it for another reason.
const apiServer = "api-server"

// judgeAny judges a mutant that names no case: one must notice, by somebody who stands out or who shows what was not wanted. A
// red case without such a source, as by a lost background request, tells that the sabotage broke something, and not that the
// suite saw what. INCONCLUSIVE counts for a mutant of an observer alone, and only where that leaves a required one missing.
func (m *Mutant) judgeAny(layer fixture.Layer, under map[string]Case) []string {
	noticed := map[string][]string{}
	for id, c := range under {
		if who := noticedBy(c, layer); len(who) > 0 {
			noticed[id] = who
			m.KilledBy = append(m.KilledBy, id)
		}
	}
	slices.Sort(m.KilledBy)
	for _, id := range m.KilledBy {
		m.Observer = append(m.Observer, strings.Join(noticed[id], "+"))
	}
	if len(m.KilledBy) == 0 {
		m.Result = Survived
		return []string{fmt.Sprintf("none of %d cases noticed", len(under))}
	}
	return nil
}

// noticedBy lists who noticed a mutant in a case: who stands out in the first check that has such, else who shows what was not
// wanted, else the API server, else the required observers that an observer's mutant left missing; none where nobody did.
func noticedBy(c Case, layer fixture.Layer) []string {
	if who := firstOf(c, hop.Mismatch, func(check *Check) []string { return check.StandsOut }); who != nil {
		return who
	}
	if who := firstOf(c, hop.Fail, (*Check).shows); who != nil {
		return who
	}
	if slices.ContainsFunc(c.Rejections, func(r Rejection) bool { return r.Result == hop.Fail || r.Result == hop.Mismatch }) {
		return []string{apiServer}
	}
	if layer == fixture.ObserverLayer {
		return firstOf(c, hop.Inconclusive, (*Check).lacks)
	}
	return nil
}

// firstOf is what the first check of a result says that says anything.
func firstOf(c Case, result hop.Result, says func(*Check) []string) []string {
	for i := range c.Checks {
		if c.Checks[i].Result != result {
			continue
		}
		if who := says(&c.Checks[i]); len(who) > 0 {
			return who
		}
	}
	return nil
}

// lacks lists the required observers that have no evidence.
func (c *Check) lacks() []string {
	var all []string
	for _, source := range c.Observers.Required {
		if !present(c.Observers.By(source)) {
			all = append(all, string(source))
		}
	}
	return all
}
