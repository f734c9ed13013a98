// Package verdict joins what was wanted of a hop with what both Envoys are configured to do and what the observers
// saw, and says PASS, FAIL, MISMATCH or INCONCLUSIVE with a reason. Its structs are the checks of report.json.
package verdict

import (
	"time"

	"mtls.test/conformance/e2e/pure/envoy"
	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/oracle"
)

// Check is one attempt over one hop at one step of a case, with all that was gathered about it.
type Check struct {
	hop.Hop
	Step       int            `json:"step"` // index of the expect step in the case
	Protocol   hop.Protocol   `json:"protocol"`
	ClientKind hop.ClientKind `json:"clientKind"`
	Proxied    bool           `json:"proxied"`          // a proxy stands before the server's application
	Relays     bool           `json:"relays,omitempty"` // the server is a gateway, which has no application of its own
	Subset     string         `json:"subset,omitempty"`
	As         string         `json:"as,omitempty"`      // how a port of undeclared protocol was spoken to
	On         string         `json:"on,omitempty"`      // the kept connection that was used again
	Streams    bool           `json:"streams,omitempty"` // the kept connection's request has no end yet
	Counted    bool           `json:"counted,omitempty"` // it was tried by itself, so that counters speak of it alone
	Without    []hop.Source   `json:"without,omitempty"` // observers that what is allowed on the cluster leaves out
	Probe      *fixture.Probe `json:"probe,omitempty"`
	ID         string         `json:"id"`              // the request's x-hop-id
	SentAt     time.Time      `json:"sentAt,omitzero"` // when the round of the attempt began to be sent, by the runner's clock
	Want       hop.Outcome    `json:"want"`
	Cause      hop.Refusal    `json:"cause,omitempty"`      // of a wanted refusal
	Documented hop.Outcome    `json:"documented,omitempty"` // what the policies ask by the documents, where Istio is known to do otherwise
	WantWire   *fixture.Wire  `json:"wantWire,omitempty"`
	WantShown  *fixture.Shown `json:"wantShown,omitempty"`
	ExpectedBy ExpectedBy     `json:"expectedBy,omitempty"` // empty for the case
	Identities Identities     `json:"identities"`
	Result     hop.Result     `json:"result"`
	Reason     string         `json:"reason"`
	StandsOut  []string       `json:"standsOut,omitempty"` // on MISMATCH: who says other than the rest
	Settled    Settled        `json:"settled"`
	Reused     string         `json:"reused,omitempty"`    // the earlier request that the same connection carried
	Rewritten  bool           `json:"rewritten,omitempty"` // the server pod's netfilter had to change the connection's source port
	Intent     Intent         `json:"intent"`
	Config     Config         `json:"config"`
	Observers  Observers      `json:"observers"`

	// SourceAlone are the rules of the oracle's answer that istiod's source alone states, in whole or in part. Istio and the
	// oracle can share a mistake in them, and the check is PASS all the same. Every rule of the answer counts.
	SourceAlone []oracle.Rule `json:"sourceAlone,omitempty"`
}

// Identities are those that the two ends must prove where the hop is mTLS, and the DNS names that a server which is known by
// names must prove where the hop is TLS of any kind.
type Identities struct {
	Client      hop.Identity `json:"client,omitempty"`
	Server      hop.Identity `json:"server"`
	ServerNames []string     `json:"serverNames,omitempty"`
}

// Settled tells by which rule the mesh was held to be settled before the request was sent.
type Settled struct {
	Rule   string    `json:"rule,omitempty"`
	At     time.Time `json:"at,omitzero"`      // by the runner's clock; times of other clocks are converted to it before they are compared
	Failed string    `json:"failed,omitempty"` // why the mesh did not settle

	// Detached are the proxies that hold no stream to istiod, so that no change reaches them. What is seen then is what such a
	// proxy does: it can contradict, and it proves nothing.
	Detached []string `json:"detached,omitempty"`
}

// Intent is what the policies ask of the hop, by the oracle.
type Intent struct {
	oracle.Answer
	Missing string `json:"missing,omitempty"` // why the oracle has nothing to say
	Guide   *Guide `json:"guide,omitempty"`   // nil for what is no service
}

// Guide is where the guide's flowchart leads who follows it to the letter.
type Guide struct {
	oracle.ChartPath
	Differs string `json:"differs,omitempty"` // how that is not Istio's answer
}

// Config is what both Envoys are configured to do for the hop, and what the two together will do.
type Config struct {
	Client  *envoy.ClientFacts `json:"client,omitempty"` // nil for a client without a proxy
	Server  *envoy.ServerFacts `json:"server,omitempty"`
	Secrets ProxySecrets       `json:"secrets,omitzero"`
	Missing string             `json:"missing,omitempty"` // why the configuration has nothing to say
	envoy.Prediction
}

// Warming tells whether a newer version of what decides the hop has arrived at a proxy and is not in force yet.
func (c Config) Warming() bool {
	return c.Client != nil && c.Client.Warming || c.Server != nil && c.Server.Warming
}

// ProxySecrets name the certificates that the two proxies hold, by SDS: keys of Case.Secrets.
type ProxySecrets struct {
	Client []string `json:"client,omitempty"`
	Server []string `json:"server,omitempty"`

	// ClientSerial and ServerSerial are those of the two proxies' own certificates of the mesh, as Envoy logs serials.
	ClientSerial string `json:"clientSerial,omitempty"`
	ServerSerial string `json:"serverSerial,omitempty"`
}

// Observers are the observations of one attempt; Required are those that had to be there.
type Observers struct {
	Client      *hop.Observation `json:"client,omitempty"`
	Server      *hop.Observation `json:"server,omitempty"`
	Application *hop.Observation `json:"application,omitempty"`
	Wire        *hop.Observation `json:"wire,omitempty"`
	Probe       *hop.Observation `json:"probe,omitempty"`
	Stats       *hop.Observation `json:"stats,omitempty"`
	Required    []hop.Source     `json:"required"`
}

// By returns what one observer saw, or nil.
func (o Observers) By(source hop.Source) *hop.Observation {
	switch source {
	case hop.Client:
		return o.Client
	case hop.Server:
		return o.Server
	case hop.Application:
		return o.Application
	case hop.Wire:
		return o.Wire
	case hop.Probe:
		return o.Probe
	case hop.Stats:
		return o.Stats
	}
	return nil
}
