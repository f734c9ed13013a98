package verdict

import (
	"fmt"

	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/istioversion"
)

// Stated is the version of Istio that a binary of the mesh states. istiod gates features by it, and an EnvoyFilter's proxyVersion
// matches it (https://istio.io/latest/docs/reference/config/networking/envoy-filter/#EnvoyFilter-ProxyMatch).
type Stated struct {
	By      string     `json:"by"`
	Version string     `json:"version"`
	Missing string     `json:"missing,omitempty"` // why it is not known
	Result  hop.Result `json:"result"`
	Reason  string     `json:"reason"`
}

// Judge compares what is stated with the version that was installed, which must name a minor.
func (s *Stated) Judge(installed string) {
	s.Result, s.Reason = hop.Pass, "it states "+s.Version
	_, err := istioversion.Parse(s.Version, "")
	switch {
	case s.Missing != "":
		s.Result, s.Reason = hop.Inconclusive, s.Missing
	case err != nil:
		s.Result, s.Reason = hop.Fail, err.Error()
	case s.Version != installed:
		s.Result, s.Reason = hop.Fail, fmt.Sprintf("it states %s, and %s is installed", s.Version, installed)
	}
}
