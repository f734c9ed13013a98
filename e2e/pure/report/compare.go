package report

import (
	"fmt"
	"slices"
	"strings"
)

// Comparison lists what a later report.json has less of than an earlier one, and the verdicts that changed.
type Comparison struct {
	Before, After int // checks
	Equal         int // checks of which nothing became less
	More          int // of these, with a field, an observer or a required observer that was not there before
	Added         int // checks that only the later report has
	Losses        []Loss
}

// Loss is one thing that became less, or a verdict that changed.
type Loss struct {
	Case string
	Step string // index of the step; "-" for the case as a whole
	Hop  string // with what else tells the check from the next: subset, protocol, kept connection, probe; "-" for the case
	What string
}

// Green reports whether nothing became less and no verdict changed.
func (r Comparison) Green() bool { return len(r.Losses) == 0 }

// CompareRuns compares two reports check by check: the observers that spoke, the observers required and the fields with a
// value may only become more, the rule of settling may change but not vanish, and each verdict stays. Checks are matched
// by case, step, hop, subset, protocol spoken, kept connection and probe, for ids differ between runs.
func CompareRuns(before, after Comparable) Comparison {
	result := Comparison{}
	later := after.byID()
	for _, c := range before.cases {
		result.Before += len(c.checks)
		other, found := later[c.id]
		if !found {
			result.lose(c.id, place{}, "the case is gone")
			continue
		}
		result.compareCase(c, other)
	}
	earlier := before.byID()
	for _, c := range after.cases {
		result.After += len(c.checks)
		result.Added += len(c.checks)
		for _, one := range earlier[c.id].checks {
			if _, found := c.find(one.key); found {
				result.Added--
			}
		}
	}
	slices.SortStableFunc(result.Losses, func(a, b Loss) int { return strings.Compare(a.Case, b.Case) })
	return result
}

func (r *Comparison) compareCase(before, after comparedCase) {
	r.verdict(before.id, place{}, before.result, after.result)
	for _, path := range before.fields.without(after.fields) {
		r.lose(before.id, place{}, path+" has no value any more")
	}
	for _, one := range before.judged {
		other, found := after.judgement(one.key)
		if !found {
			r.lose(before.id, one.key.place, "it is gone")
			continue
		}
		r.verdict(before.id, one.key.place, one.result, other.result)
	}
	for _, one := range before.checks {
		other, found := after.find(one.key)
		if !found {
			r.lose(before.id, one.key.place, "the check is gone")
			continue
		}
		r.compareCheck(before.id, one, other)
	}
}

func (r *Comparison) compareCheck(id string, before, after comparedCheck) {
	lost := len(r.Losses)
	at := before.key.place
	r.verdict(id, at, before.result, after.result)
	for _, path := range before.fields.without(after.fields) {
		r.lose(id, at, what(path))
	}
	for _, source := range before.required {
		if !slices.Contains(after.required, source) {
			r.lose(id, at, fmt.Sprintf("observer %s is not required any more", source))
		}
	}
	if len(r.Losses) > lost {
		return
	}
	r.Equal++
	grown := slices.ContainsFunc(after.required, func(source string) bool { return !slices.Contains(before.required, source) })
	if grown || len(after.fields.without(before.fields)) > 0 {
		r.More++
	}
}

// what describes in words that a field of a check has no value any more.
func what(path string) string {
	source, observer := strings.CutPrefix(path, "observers.")
	if source, says := strings.CutSuffix(source, ".says"); observer && says {
		return fmt.Sprintf("observer %s says nothing any more", source)
	}
	if path == "settled.rule" {
		return "no rule says any more that the mesh had settled"
	}
	return path + " has no value any more"
}

func (r *Comparison) verdict(id string, at place, before, after string) {
	if before != after {
		r.lose(id, at, fmt.Sprintf("the verdict was %s and is %s", before, after))
	}
}

func (r *Comparison) lose(id string, at place, what string) {
	r.Losses = append(r.Losses, Loss{Case: id, Step: orNone(at.step), Hop: orNone(at.hop), What: what})
}

func orNone(text string) string {
	if text == "" {
		return "-"
	}
	return text
}
