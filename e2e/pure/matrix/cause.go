package matrix

import (
	"mtls.test/conformance/e2e/pure/explain"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/report"
	"mtls.test/conformance/e2e/pure/verdict"
)

// cause is what the cases have in common that are not green where they are the worst.
type cause struct {
	Result    hop.Result
	Reason    string         // of the first of them, in full; empty of those that are red nowhere
	Explained *explain.Cause // nil where nothing explains it
	Rerun     string         // of the first of them
	Differing []subject
	Alike     []subject // that are so in every cell that has them
}

// causesOf are those of all subjects, the worst first. Those that are red nowhere, and yet not alike, come last.
func causesOf(subjects []subject) []cause {
	var worst report.Report
	byID := map[string]subject{}
	skipped := cause{Result: hop.Skipped}
	for _, s := range subjects {
		switch one := s.worst(); {
		case one.red():
			byID[s.ID] = s
			worst.Cases = append(worst.Cases, one.asCase(s.ID))
		case !s.alike():
			skipped.Differing = append(skipped.Differing, s)
		}
	}
	var all []cause
	for _, group := range worst.Groups() {
		c := cause{Result: group.Result, Reason: group.Reason, Explained: group.Explained(), Rerun: group.Cases[0].Rerun}
		for _, one := range group.Cases {
			s := byID[one.ID]
			if s.alike() {
				c.Alike = append(c.Alike, s)
				continue
			}
			c.Differing = append(c.Differing, s)
		}
		all = append(all, c)
	}
	if len(skipped.Differing) > 0 {
		all = append(all, skipped)
	}
	return all
}

// asCase is a subject as reports group cases: with its evidence where it is one.
func (s seen) asCase(id string) report.Case {
	one := report.Case{Case: verdict.Case{ID: id}}
	if s.Case != nil {
		one = *s.Case
	}
	one.Result, one.Reason, one.Rerun = s.Result, s.Reason, s.Rerun
	return one
}
