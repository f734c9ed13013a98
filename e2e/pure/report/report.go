// Package report folds the verdicts of the cases and what Ginkgo says of its specs into report.json, junit.xml,
// summary.md and the table that ends a run. All of them come from the one Report.
package report

import (
	"fmt"

	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/upgrade"
	"mtls.test/conformance/e2e/pure/verdict"
)

// SchemaVersion is the version of report.json; schema.json beside this file is its schema once Expand has put every value where it stands.
const SchemaVersion = "5.1"

// Report is report.json. Result is the contract: the run is green when it is PASS and never otherwise.
type Report struct {
	SchemaVersion string      `json:"schemaVersion"`
	Result        hop.Result  `json:"result"`
	Reason        string      `json:"reason"`
	Cause         string      `json:"cause,omitempty"` // what went wrong beside the cases, such as a cluster that did not come up
	RunID         string      `json:"runID"`
	Environment   Environment `json:"environment"`
	Summary       Summary     `json:"summary"`
	Durations     Durations   `json:"durations"`
	Measures      Measures    `json:"measures"`
	Repeat        *Repeat     `json:"repeat,omitempty"`
	Cases         []Case      `json:"cases"`

	Mutants []verdict.Mutant `json:"mutants,omitempty"`
	Kills   *Kills           `json:"kills,omitempty"` // what the mutants came to
	Faults  []verdict.Fault  `json:"faults,omitempty"`

	Upgrade *upgrade.Verdict `json:"upgrade,omitempty"`
}

// Environment is what the run ran on, as it was read from the lane's manifest and the cluster.
type Environment struct {
	Suite string `json:"suite,omitempty"` // commit of the suite, with "-dirty" where files are not as committed; empty where git knows none
	Istio string `json:"istio"`
	// IstioCommitDate is the date of the commit, YYYY-MM-DD, where Istio is a build of one and its date is known.
	IstioCommitDate string `json:"istioCommitDate,omitempty"`

	// Digests are those of the images that were pulled, sha256:..., by reference; none where images were built.
	Digests map[string]string `json:"digests,omitempty"`

	Kubernetes string            `json:"kubernetes"`
	Envoy      string            `json:"envoy"`
	Profile    string            `json:"profile"`
	Lane       string            `json:"lane"`
	Settings   map[string]string `json:"settings"`  // the variables that the run was started with
	Observers  []hop.Source      `json:"observers"` // what this build can see
	Scanned    string            `json:"scanned"`   // past which pods copies in clear were looked for
	Kiali      string            `json:"kiali"`     // where it was asked, or why none was
}

// Summary counts cases by result.
type Summary struct {
	Pass         int `json:"pass"`
	Fail         int `json:"fail"`
	Mismatch     int `json:"mismatch"`
	Inconclusive int `json:"inconclusive"`
	Skipped      int `json:"skipped"`
	Checks       int `json:"checks"`
	SourceAlone  int `json:"sourceAlone,omitempty"` // checks with a rule that istiod's source alone states
	ByOracle     int `json:"byOracle,omitempty"`    // checks whose expectation is the oracle's, and not the case's
}

// Independence says how far the oracle's answers rest on documents; empty without checks.
func (s Summary) Independence() string {
	if s.Checks == 0 {
		return ""
	}
	return fmt.Sprintf("%d of %d checks use only rules that documents state; %d also use one that only istiod's source states (†): a mistake in it that Istio and the oracle share is PASS",
		s.Checks-s.SourceAlone, s.Checks, s.SourceAlone)
}

// Durations are wall time.
type Durations struct {
	ImagesSeconds       float64 `json:"imagesSeconds"`       // engine and images
	BringUpSeconds      float64 `json:"bringUpSeconds"`      // cluster, mesh and world
	FirstRequestSeconds float64 `json:"firstRequestSeconds"` // from the start of cluster creation to the first verified request
	CasesSeconds        float64 `json:"casesSeconds"`
	TotalSeconds        float64 `json:"totalSeconds"`
}

// Longest has the longer one of each duration.
func (d Durations) Longest(other Durations) Durations {
	return Durations{
		ImagesSeconds:       max(d.ImagesSeconds, other.ImagesSeconds),
		BringUpSeconds:      max(d.BringUpSeconds, other.BringUpSeconds),
		FirstRequestSeconds: max(d.FirstRequestSeconds, other.FirstRequestSeconds),
		CasesSeconds:        max(d.CasesSeconds, other.CasesSeconds),
		TotalSeconds:        max(d.TotalSeconds, other.TotalSeconds),
	}
}

// Spec is what Ginkgo says of the spec of one case.
type Spec struct {
	Text    string // of suite, containers and the spec itself, as Ginkgo matches it against FOCUS
	ID      string // the case's id, or the mutant's; the whole text of the spec of another kind
	Kind    Kind
	Title   string
	State   string // Ginkgo's word: passed, failed, skipped, pending, panicked, interrupted, aborted, timedout
	Message string
	Seconds float64
}

// Name is how reports and histories name what the spec is of.
func (s Spec) Name() string {
	if s.Kind == OfMutant {
		return MutantName(s.ID)
	}
	return s.ID
}

// Run is all that a fold needs to know; every part of it may be lacking after a crash.
type Run struct {
	RunID       string
	Environment Environment
	Durations   Durations
	Specs       []Spec
	Verdicts    map[string]Case // by case id
	Mutants     map[string]verdict.Mutant
	Faults      []verdict.Fault
	Upgrade     *upgrade.Verdict // nil of a run that made none, or did not come to its end
	Repeat      *Repeat          // what several rounds came to; nil for one
	Cause       string           // why the run ended before its specs did; empty when it did not
}
