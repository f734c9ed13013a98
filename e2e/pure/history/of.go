package history

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"time"

	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/report"
)

// Part is which part of which run a report is of, and what the report does not say.
type Part struct {
	Run     string
	Cell    Cell
	Attempt int
	Began   time.Time
	Machine string
}

// Of makes the lines of a report: one of the cell as a whole, and one of each case, mutant and fault.
func Of(r report.Report, part Part) []Line {
	line := func(id string, verdict hop.Result, reason, rerun string, seconds float64) Line {
		rerun = part.Cell.rerun(rerun)
		if verdict == hop.Pass {
			reason, rerun = "", ""
		}
		return Line{
			Run: part.Run, Cell: part.Cell.String(), Case: id, Attempt: part.Attempt, Began: part.Began,
			Verdict: verdict, Reason: reason, Rerun: rerun, Seconds: seconds, On: GroundOf(r.Environment, part),
		}
	}
	all := []Line{line("", r.Result, r.Reason, "", r.Durations.TotalSeconds)}
	differing := map[string][]hop.Result{}
	if r.Repeat != nil {
		for _, d := range r.Repeat.Differing {
			differing[d.ID] = d.Results
		}
	}
	for _, c := range r.Cases {
		all = append(all, line(c.ID, c.Result, c.Reason, c.Rerun, c.Seconds))
		// The case has the last round's verdict; those before it are attempts of their own.
		for round, result := range differing[c.ID] {
			one := line(c.ID, result, fmt.Sprintf("it was %s in round %d of %d", result, round+1, r.Repeat.Rounds), c.Rerun, c.Seconds)
			one.Attempt = part.Attempt + (round+1)*roundsApart
			all = append(all, one)
		}
	}
	for _, m := range r.Mutants {
		all = append(all, line(report.MutantName(m.ID), m.Verdict(), report.MutantReason(m), m.Rerun, m.Seconds))
	}
	for _, f := range r.Faults {
		all = append(all, line(report.FaultName(f.Fault), f.Verdict(), f.Wrong, "", f.Seconds))
	}
	return all
}

// roundsApart keeps the attempts of a report's rounds apart from those of a run that was started again.
const roundsApart = 1000

// GroundOf is what a report stands on, with what it does not say itself.
func GroundOf(e report.Environment, part Part) Ground {
	return Ground{
		Suite: e.Suite, Istio: e.Istio, Kubernetes: e.Kubernetes, Envoy: e.Envoy, Profile: e.Profile, Lane: e.Lane, Machine: part.Machine,
		Digests: hashOf(e.Digests), Settings: hashOf(decisive(e.Settings)),
	}
}

// ofPlace are the settings that say where a run is and what becomes of it, and on which no verdict rests.
var ofPlace = []string{"CLUSTER_NAME", "KEEP", "ARTIFACTS", "KUBECONTEXT", "REGISTRY", "AGENT_IMAGE", "SHARD", "HISTORY"}

func decisive(settings map[string]string) map[string]string {
	all := map[string]string{}
	maps.Copy(all, settings)
	for _, name := range ofPlace {
		delete(all, name)
	}
	return all
}

// hashOf is short, and the same for the same values; empty of none.
func hashOf(values map[string]string) string {
	if len(values) == 0 {
		return ""
	}
	hash := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(values)) {
		_, _ = fmt.Fprintf(hash, "%q=%q\n", name, values[name])
	}
	return hex.EncodeToString(hash.Sum(nil))[:12]
}
