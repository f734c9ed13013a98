package report

import (
	"fmt"
	"io"
	"io/fs"
	"path"
	"sort"
	"strings"
	"text/tabwriter"

	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/verdict"
)

// Names of the files of mutants under the artifacts folder.
const (
	MutantFile = "mutant.json"
	MutantsDir = "mutants"
)

const mutantPrefix = "mutant "

// MutantText is the text of the spec of a mutant, as Ginkgo shows it and FOCUS matches it.
func MutantText(id, title string) string { return SpecText(MutantName(id), title) }

// Kills counts mutants by their result.
type Kills struct {
	Killed   int     `json:"killed"`
	Survived int     `json:"survived"`
	Invalid  int     `json:"invalid"`
	Red      int     `json:"red"`
	Rate     float64 `json:"rate"` // of the valid ones that were killed, 0 to 1
}

// String returns "30 killed, 0 survived, 0 invalid, 0 with a red baseline: 100 %".
func (k Kills) String() string {
	return fmt.Sprintf("%d killed, %d survived, %d invalid, %d with a red baseline: %.0f %%", k.Killed, k.Survived, k.Invalid, k.Red, 100*k.Rate)
}

// ReadMutants reads mutants/*/mutant.json of an artifacts folder.
func ReadMutants(artifacts fs.FS) (map[string]verdict.Mutant, error) {
	all, err := readAll[verdict.Mutant](artifacts, path.Join(MutantsDir, "*", MutantFile))
	mutants := map[string]verdict.Mutant{}
	for _, m := range all {
		mutants[m.ID] = m
	}
	return mutants, err
}

// mutate folds the mutants. One whose spec ended before there was a verdict has a red baseline: nothing can be said of it.
func (r *Report) mutate(run Run) {
	for _, spec := range run.Specs {
		if spec.Kind != OfMutant {
			continue
		}
		m, found := run.Mutants[spec.ID]
		if !found {
			m = verdict.Mutant{ID: spec.ID, Title: spec.Title, Result: verdict.Red, KilledBy: []string{}, Observer: []string{}, Played: []verdict.Played{}, Seconds: spec.Seconds}
			m.Reason = fmt.Sprintf("the spec %s before there was a verdict: %s", spec.State, spec.Message)
		}
		r.Mutants = append(r.Mutants, m)
	}
	if len(r.Mutants) == 0 {
		return
	}
	sort.Slice(r.Mutants, func(i, j int) bool { return r.Mutants[i].ID < r.Mutants[j].ID })
	r.Kills = &Kills{}
	for _, m := range r.Mutants {
		switch m.Result {
		case verdict.Killed:
			r.Kills.Killed++
		case verdict.Survived:
			r.Kills.Survived++
		case verdict.Invalid:
			r.Kills.Invalid++
		default:
			r.Kills.Red++
		}
	}
	if valid := r.Kills.Killed + r.Kills.Survived; valid > 0 {
		r.Kills.Rate = float64(r.Kills.Killed) / float64(valid)
	}
}

// mutantsResult is what the mutants make of a run.
func (r *Report) mutantsResult() (hop.Result, string) {
	result, reason := hop.Pass, ""
	for _, m := range r.Mutants {
		if worse := verdict.Worse(result, m.Verdict()); worse != result {
			result, reason = worse, fmt.Sprintf("%s: %s", MutantName(m.ID), MutantReason(m))
		}
	}
	return result, reason
}

// MutantReason is the result of a mutant and why.
func MutantReason(m verdict.Mutant) string { return fmt.Sprintf("%s: %s", m.Result, m.Reason) }

// MutantName is how reports name a mutant among cases.
func MutantName(id string) string { return mutantPrefix + id }

// writeMutants prints one line per mutant.
func (r Report) writeMutants(out io.Writer, colour Colour) error {
	if len(r.Mutants) == 0 {
		return nil
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(table, "\nMUTANT\tLAYER\tSECONDS\tBY\t%sWHY\n", padded(None, "RESULT"))
	for _, m := range r.Mutants {
		result := hop.Pass
		if m.Result != verdict.Killed {
			result = hop.Fail
		}
		told := colour(result, string(m.Result)) + strings.Repeat(" ", max(1, len(hop.Inconclusive)+2-len(m.Result)))
		fmt.Fprintf(table, "%s\t%s\t%.0f\t%s\t%s%s\n", m.ID, m.Layer, m.Seconds, strings.Join(m.Observer, ", "), told, line(m.Reason))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(out, "%s\n", r.Kills)
	return err
}
