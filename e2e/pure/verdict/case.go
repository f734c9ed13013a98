package verdict

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"mtls.test/conformance/e2e/pure/clock"
	"mtls.test/conformance/e2e/pure/envoy"
	"mtls.test/conformance/e2e/pure/hop"
)

// Case is the verdict on one case, derived from all its checks.
type Case struct {
	ID                string       `json:"id"`
	Run               string       `json:"run"` // begins the ids of the requests that were sent for it
	Title             string       `json:"title"`
	Why               string       `json:"why,omitempty"`     // the trap that the case guards
	Sources           []string     `json:"sources,omitempty"` // of the expectations: documents, or files of Istio
	Labels            []string     `json:"labels,omitempty"`
	Result            hop.Result   `json:"result"`
	Reason            string       `json:"reason"`
	Broken            string       `json:"broken,omitempty"`    // why the case could not be played or reverted completely
	Disturbed         []string     `json:"disturbed,omitempty"` // pods that the case depends on and that ended during the case
	Findings          []string     `json:"findings,omitempty"`  // of the set-up, on the pods on which it rests: what keeps an observer from speaking
	Seconds           float64      `json:"seconds"`
	ConvergenceMillis int64        `json:"convergenceMillis"` // the longest that a change took to reach every proxy concerned
	Changes           []Change     `json:"changes"`
	Rejections        []Rejection  `json:"rejections,omitempty"`
	Traffic           *hop.Traffic `json:"traffic,omitempty"`
	Copies            []Copy       `json:"copies,omitempty"` // of requests that are of no check
	Lease             *Lease       `json:"lease,omitempty"`
	Checks            []Check      `json:"checks"`
	ByIntent          string       `json:"byIntent,omitempty"` // why the oracle expects, not the case: the mesh's own policies
	Foreseen          []Foreseen   `json:"foreseen,omitempty"` // what is predicted from the configuration alone
	Stated            []Stated     `json:"stated,omitempty"`   // versions of Istio that the mesh's binaries state
	// Clocks are the last measured clocks. They convert the times of the case to the runner's clock.
	Clocks []clock.Clock `json:"clocks,omitempty"`
	// Secrets are the secrets that the proxies of the checks held, keyed by the names that the checks use.
	Secrets map[string]envoy.SecretFacts `json:"secrets,omitempty"`
	Rerun   string                       `json:"rerun"` // the command that runs this case alone
}

// Rejection is a policy that the API server must not take.
type Rejection struct {
	Step    int        `json:"step"`
	Objects []string   `json:"objects"`
	Wanted  string     `json:"wanted"`           // part of the reason
	Intent  string     `json:"intent,omitempty"` // why it must be refused, by the oracle; empty where the oracle would take it
	Got     string     `json:"got,omitempty"`    // the API server's reason; empty where it took it
	Result  hop.Result `json:"result"`
	Reason  string     `json:"reason"`
}

// Judge compares what the API server said with what the case and the oracle say.
func (r *Rejection) Judge() {
	switch {
	case r.Got == "":
		r.Result, r.Reason = hop.Fail, "the API server took it"
	case !strings.Contains(r.Got, r.Wanted):
		r.Result, r.Reason = hop.Fail, "it was refused for another reason: "+r.Got
	case r.Intent == "":
		r.Result, r.Reason = hop.Mismatch, "it was refused, and the oracle would take it"
	default:
		r.Result, r.Reason = hop.Pass, "refused: "+r.Intent
	}
}

// Change is one apply or delete, and the evidence that the mesh settled after it.
type Change struct {
	Step    int       `json:"step"`
	Act     string    `json:"act"` // apply, delete or revert
	Objects []string  `json:"objects"`
	At      time.Time `json:"at"`     // when the API server had it
	Millis  int64     `json:"millis"` // from when the API server had the change until every proxy concerned had it
	Settled Settled   `json:"settled"`

	// Proxies are those whose acknowledgement was waited for, as NAMESPACE/POD, sorted, and ProxyMillis by when each had given it, from At:
	// when it was first seen to have. Proxies are looked at every 25 ms once every istiod shows the change's markers.
	Proxies     []string `json:"proxies,omitempty"`
	ProxyMillis []int64  `json:"proxyMillis,omitempty"`

	// Requests are the background requests that were under way between At and Settled.At.
	Requests int `json:"requests,omitempty"`
}

// severity orders results from harmless to worst.
var severity = map[hop.Result]int{hop.Pass: 0, hop.Skipped: 1, hop.Inconclusive: 2, hop.Mismatch: 3, hop.Fail: 4}

// Worse returns the worse of two results; a contradiction or failure outweighs what could not be told.
func Worse(a, b hop.Result) hop.Result {
	if severity[b] > severity[a] {
		return b
	}
	return a
}

// Conclude sets the result of the case from its checks, its background traffic and the settling of its last revert.
func (c *Case) Conclude() {
	c.Result, c.Reason = hop.Pass, fmt.Sprintf("%d checks agree", len(c.Checks))
	if count := c.OracleExpects(); count > 0 {
		c.Reason += fmt.Sprintf(", %d of them with what is expected by %s", count, ByOracle)
	}
	if len(c.Checks) == 0 && len(c.Rejections) > 0 {
		c.Reason = fmt.Sprintf("%d policies refused as wanted", len(c.Rejections))
	}
	if len(c.Foreseen) > 0 {
		c.Reason = fmt.Sprintf("%d expectations are foreseen as wanted", len(c.Foreseen))
	}
	if len(c.Stated) > 0 {
		c.Reason = fmt.Sprintf("%d statements of %s", len(c.Stated), c.Stated[0].Version)
	}
	if len(c.Checks)+len(c.Rejections)+len(c.Foreseen)+len(c.Stated) == 0 {
		c.Result, c.Reason = hop.Inconclusive, "no check was made"
	}
	for _, change := range c.Changes {
		c.ConvergenceMillis = max(c.ConvergenceMillis, change.Millis)
		if change.Settled.Failed != "" {
			c.worsen(hop.Inconclusive, fmt.Sprintf("%s in step %d: the mesh did not settle: %s", change.Act, change.Step, change.Settled.Failed))
		}
	}
	for _, change := range c.Changes {
		if len(change.Settled.Detached) > 0 {
			c.worsen(hop.Inconclusive, fmt.Sprintf("%s in step %d: no stream to istiod: %s", change.Act, change.Step, strings.Join(change.Settled.Detached, ", ")))
		}
	}
	for _, rejection := range c.Rejections {
		c.worsen(rejection.Result, fmt.Sprintf("%s: %s", strings.Join(rejection.Objects, ", "), rejection.Reason))
	}
	for _, f := range c.Foreseen {
		c.worsen(f.Result, fmt.Sprintf("%s step %d, %s: %s", f.Case, f.Step, f.Hop, f.Reason))
	}
	for _, stated := range c.Stated {
		c.worsen(stated.Result, stated.By+": "+stated.Reason)
	}
	for _, check := range c.Checks {
		c.worsen(check.Result, check.String()+": "+check.Reason)
	}
	c.concludeTraffic()
	c.concludeCopies()
}

// Unanswered reports whether something that was to be served was not.
func (c *Case) Unanswered() bool {
	if c.Traffic != nil && c.Traffic.Unanswered > 0 {
		return true
	}
	return slices.ContainsFunc(c.Checks, func(check Check) bool {
		seen := check.clientEnd()
		return check.Want != hop.Refused && (!present(seen) || seen.Says == hop.Refused)
	})
}

// MarkInterrupted makes the case INCONCLUSIVE because pods restarted or lost readiness during it; each entry says what
// happened. What the observers saw may come from the interruption and not from the mesh. A PASS stays, and so does what was seen
// in clear, which no interruption makes.
func (c *Case) MarkInterrupted(pods []string) {
	if c.Result == hop.Pass || len(pods) == 0 || c.copied() {
		return
	}
	c.Disturbed = pods
	c.Reason = fmt.Sprintf("while it was played %s; it would be %s: %s", strings.Join(pods, ", "), c.Result, c.Reason)
	c.Result = hop.Inconclusive
}

// MarkInconclusive makes the case INCONCLUSIVE because of an error outside its checks, unless its result is worse. The error
// takes the place of the reason: it explains more than the evidence that the checks lack because of it.
func (c *Case) MarkInconclusive(why string) {
	c.Broken = why
	if severity[c.Result] <= severity[hop.Inconclusive] {
		c.Result, c.Reason = hop.Inconclusive, why
	}
}
