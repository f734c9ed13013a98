package verdict

import (
	"fmt"
	"slices"
	"strings"

	"mtls.test/conformance/e2e/pure/envoy"
	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/hop"
)

// Foreseen is the prediction from configuration alone for one expectation of a case, for proxies that do not run here.
// The bytes on the wire stay unverified until a run on such proxies.
type Foreseen struct {
	hop.Hop
	Case     string           `json:"case"`
	Step     int              `json:"step"`
	Want     hop.Outcome      `json:"want"`
	Cause    hop.Refusal      `json:"cause,omitempty"`
	WantWire *fixture.Wire    `json:"wantWire,omitempty"`
	Config   envoy.Prediction `json:"config"`
	SNI      string           `json:"sni,omitempty"`     // that the client would send
	Offered  []string         `json:"offered,omitempty"` // ALPN that the client would offer
	Verified bool             `json:"verified"`          // false: nothing was sent
	Result   hop.Result       `json:"result"`
	Reason   string           `json:"reason"`
}

// Judge compares the prediction with what the case expects.
func (f *Foreseen) Judge(missing string) {
	f.Result, f.Reason = hop.Pass, f.Config.Why
	switch {
	case missing != "":
		f.Result, f.Reason = hop.Inconclusive, "config is missing: "+missing
	case f.Config.Says != f.Want || f.Config.Refusal != f.Cause:
		f.Result, f.Reason = hop.Fail, fmt.Sprintf("wanted %s %s, configured is %s %s: %s", f.Want, f.Cause, f.Config.Says, f.Config.Refusal, f.Config.Why)
	case f.WantWire == nil:
	case f.WantWire.SNI != "" && f.SNI != f.WantWire.SNI:
		f.Result, f.Reason = hop.Fail, fmt.Sprintf("the client would send SNI %s, wanted %s", quoted(f.SNI), f.WantWire.SNI)
	case f.WantWire.ALPN != nil && !slices.Equal(f.Offered, f.WantWire.ALPN):
		f.Result, f.Reason = hop.Fail, fmt.Sprintf("the client would offer ALPN %s, wanted %s", quoted(strings.Join(f.Offered, ",")), strings.Join(f.WantWire.ALPN, ","))
	}
}
