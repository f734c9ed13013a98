// Package verdict compares the expected outcome of a hop with the configuration of both Envoys and with what the observers
// saw. It gives PASS, FAIL, MISMATCH or INCONCLUSIVE with a reason. Its structs are the checks of report.json.
package verdict

import (
	"time"

	"mtls.test/conformance/e2e/pure/envoy"
	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/oracle"
)

// Check is one attempt over one hop at one step of a case, with all the evidence about it.
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
	Counted    bool           `json:"counted,omitempty"` // it was tried alone, so the counters are about this attempt only
	Without    []hop.Source   `json:"without,omitempty"` // observers that the permissions on the cluster do not allow
	Probe      *fixture.Probe `json:"probe,omitempty"`
	ID         string         `json:"id"`              // the request's x-hop-id
	SentAt     time.Time      `json:"sentAt,omitzero"` // when the round of the attempt began to be sent, by the runner's clock
	Want       hop.Outcome    `json:"want"`
	Cause      hop.Refusal    `json:"cause,omitempty"`      // of a wanted refusal
	Documented hop.Outcome    `json:"documented,omitempty"` // outcome by the documentation, where Istio is known to differ
	WantWire   *fixture.Wire  `json:"wantWire,omitempty"`
	WantShown  *fixture.Shown `json:"wantShown,omitempty"`
	ExpectedBy ExpectedBy     `json:"expectedBy,omitempty"` // empty for the case
	Identities Identities     `json:"identities"`
	Pairs      []Pair         `json:"pairs,omitempty"`    // where an end has several pods: each with each
	ServedBy   []string       `json:"servedBy,omitempty"` // pods that received this one request, where they are several
	Unplaced   bool           `json:"unplaced,omitempty"` // none of the server's several pods is known to have been reached
	Result     hop.Result     `json:"result"`
	Reason     string         `json:"reason"`
	StandsOut  []string       `json:"standsOut,omitempty"` // on MISMATCH: the sources that contradict the others
	Finding    Finding        `json:"finding,omitempty"`   // on MISMATCH: what it is about, where it is not that sources differ
	Copies     []Copy         `json:"copies,omitempty"`    // what was seen in clear of its requests where it should not be
	Settled    Settled        `json:"settled"`
	Reused     string         `json:"reused,omitempty"`    // the earlier request that the same connection carried
	Rewritten  bool           `json:"rewritten,omitempty"` // the server pod's netfilter had to change the connection's source port
	Intent     Intent         `json:"intent"`
	Config     Config         `json:"config"`
	Observers  Observers      `json:"observers"`

	// Reaches is where the client's routes had to lead the request from To; unset for To itself. Requests were made until one came
	// there, and Unreached is why none is known to have come.
	Reaches   hop.ServicePort `json:"reaches,omitzero"`
	Requests  int             `json:"requests,omitempty"`
	Unreached string          `json:"unreached,omitempty"`

	// SourceAlone are the rules of the oracle's answer that istiod's source alone states, in whole or in part. Istio and the
	// oracle can share a mistake in them, and the check is PASS all the same. Every rule of the answer counts.
	SourceAlone []oracle.Rule `json:"sourceAlone,omitempty"`
}

// Reached is the service port whose server the request had to come to.
func (c *Check) Reached() hop.ServicePort {
	if c.Reaches != (hop.ServicePort{}) {
		return c.Reaches
	}
	return c.To
}

// Identities are the expected identities. On an mTLS hop both ends must prove theirs. On a hop with any kind of TLS,
// a server that is known by DNS names must prove these names.
type Identities struct {
	Client      hop.Identity `json:"client,omitempty"`
	Server      hop.Identity `json:"server"`
	ServerNames []string     `json:"serverNames,omitempty"`
}

// Settled names the rule by which the mesh counted as settled before the request was sent.
type Settled struct {
	Rule   string    `json:"rule,omitempty"`
	At     time.Time `json:"at,omitzero"`      // by the runner's clock; times of other clocks are converted to it before they are compared
	Failed string    `json:"failed,omitempty"` // why the mesh did not settle

	// Detached are the proxies that have no stream to istiod, so no change reaches them. What such a proxy does can contradict
	// an expectation, but it proves nothing.
	Detached []string `json:"detached,omitempty"`
}

// Intent is what the policies ask of the hop, by the oracle.
type Intent struct {
	oracle.Answer
	Missing string `json:"missing,omitempty"` // why the oracle has nothing to say
	// Routes are those that the objects ask of the client, where the check names a destination of them.
	Routes []hop.Route `json:"routes,omitempty"`
	Guide  *Guide      `json:"guide,omitempty"` // nil where the server is not a service
	// Policies are the objects that decide the answer, and after them those that are written for the hop and do not count.
	Policies []oracle.Policy `json:"policies,omitempty"`
}

// Guide is the result of following the guide's flowchart to the letter.
type Guide struct {
	oracle.ChartPath
	Differs string `json:"differs,omitempty"` // how the guide's answer differs from Istio's
}

// Config is what both Envoys are configured to do for the hop, and what the two together will do.
type Config struct {
	Client  *envoy.ClientFacts `json:"client,omitempty"` // nil for a client without a proxy
	Server  *envoy.ServerFacts `json:"server,omitempty"`
	Secrets ProxySecrets       `json:"secrets,omitzero"`
	Missing string             `json:"missing,omitempty"` // why the configuration has nothing to say
	envoy.Prediction
	// Routes are those that the client's proxy has, where the check names a destination of them.
	Routes []hop.Route `json:"routes,omitempty"`

	// Otherwise is what the two proxies are configured to do with other requests of the same hop, where that is not what the
	// policies ask: a route that sends a share elsewhere, an endpoint that only the proxy has, a chain that takes plaintext.
	// It counts whatever became of this attempt.
	Otherwise []string `json:"otherwise,omitempty"`
}

// Warming reports whether a proxy has received a newer version of a resource that decides the hop, not yet in force.
func (c Config) Warming() bool {
	return c.Client != nil && c.Client.Warming || c.Server != nil && c.Server.Warming
}

// ProxySecrets name the certificates that the two proxies hold, by SDS: keys of Case.Secrets.
type ProxySecrets struct {
	Client []string `json:"client,omitempty"`
	Server []string `json:"server,omitempty"`

	// ClientSerial and ServerSerial are the serials of the two proxies' own mesh certificates, in the form that Envoy logs.
	ClientSerial string `json:"clientSerial,omitempty"`
	ServerSerial string `json:"serverSerial,omitempty"`
}

// Observers are the observations of one attempt. Required lists the observers that had to be present.
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
