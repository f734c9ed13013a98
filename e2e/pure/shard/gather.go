package shard

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// Ran is what a shard left.
type Ran struct {
	From  string   // the folder
	Part  Part     // without a plan where it ended before it had one
	Ended bool     // whether it wrote its report
	Texts []string // of the specs that have a result
}

func (r Ran) planned() bool { return len(r.Part.Plan) > 0 }

// Gather sees that shards are those of one plan, each there once; the error names what is not. Gaps are what a plan has and no shard ran,
// and what a shard ran without a plan: a run with gaps is no whole one.
func Gather(shards []Ran) (gaps []string, err error) {
	by := map[int]Ran{}
	first := shards[max(0, slices.IndexFunc(shards, Ran.planned))]
	for _, ran := range shards {
		if err := ran.Part.Check(); err != nil {
			return nil, fmt.Errorf("%s: %w", ran.From, err)
		}
		if ran.Part.Shard.Of != first.Part.Shard.Of || ran.planned() && !reflect.DeepEqual(ran.Part.Plan, first.Part.Plan) {
			return nil, fmt.Errorf("%s and %s are of different plans: the same FOCUS, LABELS and HISTORY make one plan", first.From, ran.From)
		}
		if other, twice := by[ran.Part.Shard.Index]; twice {
			return nil, fmt.Errorf("shard %s is there twice: %s and %s", ran.Part.Shard, other.From, ran.From)
		}
		by[ran.Part.Shard.Index] = ran
	}
	for place := range first.Part.Shard.Of {
		number := Number{Index: place + 1, Of: first.Part.Shard.Of}
		planned := "no shard has a plan"
		if first.planned() {
			planned = some(textsOf(first.Part.Plan[place]))
		}
		ran, there := by[number.Index]
		switch {
		case !there:
			gaps = append(gaps, fmt.Sprintf("shard %s is missing: %s", number, planned))
		case !ran.Ended:
			gaps = append(gaps, fmt.Sprintf("shard %s (%s) ended without a report: %s", number, ran.From, planned))
		case !ran.planned():
			gaps = append(gaps, fmt.Sprintf("shard %s (%s) ended before it ran anything: %s", number, ran.From, planned))
		default:
			gaps = append(gaps, ran.gaps()...)
		}
	}
	return gaps, nil
}

func (r Ran) gaps() []string {
	var gaps []string
	planned := textsOf(r.Part.Specs())
	if left := without(planned, r.Texts); len(left) > 0 {
		gaps = append(gaps, fmt.Sprintf("shard %s (%s) did not run %s", r.Part.Shard, r.From, some(left)))
	}
	if more := without(r.Texts, planned); len(more) > 0 {
		gaps = append(gaps, fmt.Sprintf("shard %s (%s) ran what it was not to: %s", r.Part.Shard, r.From, some(more)))
	}
	return gaps
}

func textsOf(specs []Spec) []string {
	texts := make([]string, 0, len(specs))
	for _, spec := range specs {
		texts = append(texts, spec.Text)
	}
	slices.Sort(texts)
	return texts
}

func without(texts, others []string) []string {
	known := map[string]bool{}
	for _, text := range others {
		known[text] = true
	}
	return slices.DeleteFunc(slices.Clone(texts), func(text string) bool { return known[text] })
}

// named is how many specs of a gap are named.
const named = 5

func some(texts []string) string {
	shown := strings.Join(texts[:min(len(texts), named)], "; ")
	if more := len(texts) - named; more > 0 {
		shown += fmt.Sprintf("; and %d more", more)
	}
	return shown
}
