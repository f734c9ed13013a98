package upgrade

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/tlsdiff"
	"mtls.test/conformance/e2e/pure/verdict"
)

// Judged is what a stage came to.
type Judged struct {
	Stage     string     `json:"stage"`
	Title     string     `json:"title"`
	Result    hop.Result `json:"result"`
	Reason    string     `json:"reason"`
	Moves     []Made     `json:"moves"`             // that led to it, in their order
	Seconds   float64    `json:"seconds"`           // that it took to judge it
	Failed    string     `json:"failed,omitempty"`  // why a move could not be made, or left the mesh without a control plane
	Unknown   string     `json:"unknown,omitempty"` // why it could not be judged
	Proxies   []Proxy    `json:"proxies"`
	Misplaced []string   `json:"misplaced,omitempty"` // proxies of another version, or at another istiod, than the moves so far lead to
	Signers   []Signer   `json:"signers"`
	NewPods   string     `json:"newPods,omitempty"` // why a new pod could not be made; empty where it could
	Cases     []CaseAt   `json:"cases"`

	// WithoutCases is true of the stages after the first of an upgrade that goes wrong on purpose.
	WithoutCases bool `json:"withoutCases,omitempty"`

	// Changes are those since the stage before, of a stage on the way to which no proxy moved: there may be none.
	Changes []tlsdiff.Change `json:"changes,omitempty"`
}

// Made is a move that was made.
type Made struct {
	Move
	From    time.Time `json:"from,omitzero"` // when it began, by the clock of the periods
	Seconds float64   `json:"seconds"`       // until it was done
}

// CaseAt is the verdict on a case at a stage; its evidence is the report's case of that name.
type CaseAt struct {
	ID     string     `json:"id"` // CASE@STAGE
	Result hop.Result `json:"result"`
	Reason string     `json:"reason"`
}

// Add adds the verdict on a case.
func (j *Judged) Add(c verdict.Case) {
	j.Cases = append(j.Cases, CaseAt{ID: c.ID, Result: c.Result, Reason: c.Reason})
}

// Conclude sets the result: the worst of the cases, and FAIL where a move failed, a proxy is misplaced, or does not trust an istiod's
// certificates.
func (j *Judged) Conclude() {
	j.Result, j.Reason = hop.Pass, fmt.Sprintf("%d cases hold", len(j.Cases))
	if len(j.Cases) == 0 && !j.WithoutCases {
		j.Result, j.Reason = hop.Inconclusive, "no case was run"
	}
	for _, c := range j.Cases {
		if verdict.Worse(j.Result, c.Result) != j.Result {
			j.Result, j.Reason = c.Result, c.ID+": "+c.Reason
		}
	}
	if len(j.Changes) > 0 {
		j.Result, j.Reason = hop.Fail, fmt.Sprintf("no proxy moved, and %d hops are configured otherwise: %s: %s", len(j.Changes), j.Changes[0].Key, said(j.Changes[0]))
	}
	if j.NewPods != "" {
		j.Result, j.Reason = hop.Fail, j.NewPods
	}
	for _, signer := range j.Signers {
		if len(signer.NotTrustedBy) > 0 {
			j.Result, j.Reason = hop.Fail, signer.distrust()
		}
	}
	if len(j.Misplaced) > 0 {
		j.Result, j.Reason = hop.Fail, strings.Join(j.Misplaced, "; ")
	}
	switch {
	case j.Failed != "":
		j.Result, j.Reason = hop.Fail, j.Failed
	case j.Unknown != "" && j.Result != hop.Fail:
		j.Result, j.Reason = hop.Inconclusive, j.Unknown
	}
}

// ByVersion returns how many proxies are of which version: "7 of 1.30.0, 4 of 1.31.0".
func (j Judged) ByVersion() string {
	count := map[string]int{}
	for _, p := range j.Proxies {
		count[p.Istio]++
	}
	var all []string
	for _, version := range slices.Sorted(maps.Keys(count)) {
		all = append(all, fmt.Sprintf("%d of %s", count[version], version))
	}
	return strings.Join(all, ", ")
}
