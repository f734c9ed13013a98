package page

import (
	"html/template"
	"maps"
	"slices"

	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/oracle"
	"mtls.test/conformance/e2e/pure/report"
	"mtls.test/conformance/e2e/pure/verdict"
)

// shownCase is a case as the page shows it.
type shownCase struct {
	report.Case
	Open     bool
	Checks   []shownCheck
	Rules    []oracle.Rule // that its checks rest on
	Evidence []string      // files beside the page
	Closer   pieces
}

// shownCheck is a check as the page shows it.
type shownCheck struct {
	verdict.Check
	Closer pieces
}

// guided is a check beside the guide's flowchart.
type guided struct {
	verdict.Intent
	Width, Height int
	Path          way
}

// about is what is told of a case beside its checks.
type about struct {
	report.Case
	Timeline *timeline
	Mesh     *mesh // of a case that is open
}

func aboutCase(c report.Case, open bool) about {
	told := about{Case: c, Timeline: timelineOf(c)}
	if !open {
		return told
	}
	if drawn := meshOf("The mesh as a picture, in case "+c.ID, c); len(drawn.Edges) > 0 {
		told.Mesh = &drawn
	}
	return told
}

// showCase draws a case; what is wrong in an open one stands in its place.
func (v *view) showCase(c report.Case, evidence []string) (shownCase, error) {
	shown := shownCase{Case: c, Open: c.Result != hop.Pass && c.Result != hop.Skipped && v.Few, Evidence: evidence}
	rules := map[oracle.Rule]bool{}
	for _, check := range c.Checks {
		for _, rule := range check.Intent.Rules {
			rules[rule] = true
		}
		closer, err := v.closer(c, check)
		if err != nil {
			return shownCase{}, err
		}
		shown.Checks = append(shown.Checks, shownCheck{Check: check, Closer: v.Fragments.shown(shown.Open && check.Result != hop.Pass, closer)})
	}
	shown.Rules = slices.Sorted(maps.Keys(rules))
	piece, err := drawn("about-case", aboutCase(c, shown.Open))
	shown.Closer = v.Fragments.shown(shown.Open, []template.HTML{piece})
	return shown, err
}

// closer is what a check shows when it is looked at closely; one that is not green has its strip in its place.
func (v *view) closer(c report.Case, check verdict.Check) ([]template.HTML, error) {
	type named struct {
		template string
		data     any
	}
	var all []named
	if check.Result == hop.Pass {
		all = append(all, named{"strip", check})
	}
	if check.Intent.Why != "" {
		all = append(all, named{"modes", check.Intent})
	}
	for _, policy := range check.Intent.Policies {
		all = append(all, named{"policy", policy})
	}
	if s := sequenceOf(c, check); s != nil {
		all = append(all, named{"sequence", s})
	}
	if guide := check.Intent.Guide; guide != nil {
		if lit := v.Chart.find(guide.Edges); lit != nil {
			all = append(all, named{"guide", guided{check.Intent, v.Chart.Width, v.Chart.Height, *lit}})
		}
	}
	var shown []template.HTML
	for _, one := range all {
		piece, err := drawn(one.template, one.data)
		if err != nil {
			return nil, err
		}
		shown = append(shown, piece)
	}
	return shown, nil
}
