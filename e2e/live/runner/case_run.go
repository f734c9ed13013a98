package runner

import (
	"fmt"
	"net/netip"
	"time"

	"sigs.k8s.io/e2e-framework/klient/k8s"

	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/e2e/live/policy"
	"mtls.test/conformance/e2e/live/traffic"
	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/join"
	"mtls.test/conformance/e2e/pure/verdict"
)

// CaseRun is one run of one case.
type CaseRun struct {
	Case     fixture.Case
	Name     string // begins every name that the run gives: a case may be run again
	Verdict  verdict.Case
	Evidence Evidence

	r           *Runner
	requests    *requests
	applied     []file        // in order
	lease       *policy.Lease // on which all that is applied hangs; nil before anything is
	leasedAt    time.Time
	settings    map[string]any // of the mesh, laid over the install's
	accounts    []fixture.Account
	scaled      []string              // workloads that have another number of pods than before
	flow        *traffic.Flow         // background traffic under way; nil where there is none
	connections map[string]connection // kept ones, by the case's names
	pods        mesh.PodStates        // on which its checks rest, since its begin or since a step replaced some
	restarted   []string              // those of them that have ended since the case began, and how
}

// file is a policy file and its objects, as the API server returned them.
type file struct {
	name    string
	objects []k8s.Object
}

// NewCase begins a run of a case. It changes nothing yet.
func (r *Runner) NewCase(c fixture.Case) *CaseRun {
	r.cases++
	name := fmt.Sprintf("%s-%d", r.RunID, r.cases)
	run := &CaseRun{
		r: r, Case: c, Name: name, Evidence: NewEvidence(), connections: map[string]connection{},
		Verdict: verdict.Case{ID: c.ID, Run: name, Title: c.Title, Why: c.Why, Sources: c.Source, Labels: c.Labels, Changes: []verdict.Change{}, Checks: []verdict.Check{}},
	}
	run.requests = &requests{name: name, verdict: &run.Verdict, kept: map[string]join.Origin{}, flows: map[string][]netip.AddrPort{}}
	return run
}
