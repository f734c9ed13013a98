// Package shard spreads the specs of one run over several clusters, and sees that all of them ran.
package shard

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// File is the name of a shard's Part under its artifacts folder.
const File = "shard.json"

// Number says which shard of how many one is, both from 1 on.
type Number struct {
	Index int `json:"index"`
	Of    int `json:"of"`
}

// String returns "2/3".
func (n Number) String() string { return fmt.Sprintf("%d/%d", n.Index, n.Of) }

var numberText = regexp.MustCompile(`^([1-9]\d{0,3})/([1-9]\d{0,3})$`)

// ParseNumber reads "2/3".
func ParseNumber(text string) (Number, error) {
	parts := numberText.FindStringSubmatch(text)
	if parts == nil {
		return Number{}, fmt.Errorf("want i/n, such as 2/3 for the second of three shards")
	}
	var n Number
	n.Index, _ = strconv.Atoi(parts[1])
	n.Of, _ = strconv.Atoi(parts[2])
	if n.Index > n.Of {
		return Number{}, fmt.Errorf("there is no shard %d of %d", n.Index, n.Of)
	}
	return n, nil
}

// Spec is one spec of the suite.
type Spec struct {
	Text    string  `json:"text"`              // of its containers and itself, as Ginkgo matches it
	Seconds float64 `json:"seconds,omitempty"` // that it is expected to take; 0 where nothing is known
}

// Plan is the specs of each shard.
type Plan [][]Spec

// New spreads specs over so many shards that the longest takes as little time as can be had at little cost: the longest spec first, each
// to the shard that has least (Graham, Bounds on Multiprocessing Timing Anomalies, 1969). The plan is the same for the same specs in
// whichever order.
func New(specs []Spec, shards int) (Plan, error) {
	if shards > len(specs) {
		return nil, fmt.Errorf("%d specs are selected: they are too few for %d shards", len(specs), shards)
	}
	sorted := slices.Clone(specs)
	usual := median(sorted)
	for place := range sorted {
		if sorted[place].Seconds == 0 {
			sorted[place].Seconds = usual
		}
	}
	slices.SortFunc(sorted, func(a, b Spec) int {
		return cmp.Or(cmp.Compare(b.Seconds, a.Seconds), strings.Compare(a.Text, b.Text))
	})
	plan := make(Plan, shards)
	for _, spec := range sorted {
		least := 0
		for place := range plan {
			if plan.less(place, least) {
				least = place
			}
		}
		plan[least] = append(plan[least], spec)
	}
	return plan, nil
}

// less tells whether a shard takes less time than another; of those that take the same, the one with fewer specs.
func (p Plan) less(one, other int) bool {
	return cmp.Or(cmp.Compare(p.Seconds(one), p.Seconds(other)), cmp.Compare(len(p[one]), len(p[other]))) < 0
}

// Seconds is how long the specs of a shard are expected to take; shards count from 0 on here.
func (p Plan) Seconds(shard int) float64 {
	sum := 0.0
	for _, spec := range p[shard] {
		sum += spec.Seconds
	}
	return sum
}

// median is that of the specs of which something is known; 1 second where nothing is.
func median(specs []Spec) float64 {
	var known []float64
	for _, spec := range specs {
		if spec.Seconds > 0 {
			known = append(known, spec.Seconds)
		}
	}
	if len(known) == 0 {
		return 1
	}
	slices.Sort(known)
	return known[len(known)/2]
}

// Part is what one shard ran by: the plan of all, and which of them it is.
type Part struct {
	Shard Number `json:"shard"`
	Plan  Plan   `json:"plan"`
}

// Specs are those of the shard itself.
func (p Part) Specs() []Spec { return p.Plan[p.Shard.Index-1] }

// Check refuses a part whose number is none of its plan, where it has one.
func (p Part) Check() error {
	if p.Shard.Index < 1 || p.Shard.Index > p.Shard.Of || len(p.Plan) > 0 && p.Shard.Of != len(p.Plan) {
		return fmt.Errorf("it is shard %s of a plan for %d", p.Shard, len(p.Plan))
	}
	return nil
}
