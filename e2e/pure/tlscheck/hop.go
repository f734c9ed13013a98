package tlscheck

import (
	"fmt"
	"math"
	"net/netip"
	"time"

	"mtls.test/conformance/e2e/pure/envoy"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/oracle"
)

// Hop is one client workload and one endpoint of a service port, with what is known of the two.
type Hop struct {
	Client     string        `json:"client"` // NAMESPACE/NAME
	Port       uint16        `json:"port"`   // the Service's
	Subset     string        `json:"subset,omitempty"`
	Route      *hop.Route    `json:"route,omitempty"`     // the way of the requests; nil where all go to the port's own cluster
	ByAddress  bool          `json:"byAddress,omitempty"` // the client calls the endpoint's own address, and not the host
	Endpoint   string        `json:"endpoint,omitempty"`  // NAMESPACE/NAME; empty where none is reached
	Address    netip.Addr    `json:"address,omitzero"`    // the endpoint's
	Behind     uint16        `json:"behind,omitempty"`    // the endpoint's port
	Ambient    bool          `json:"ambient,omitempty"`   // an end is of ambient mode, or a waypoint stands between
	Status     Status        `json:"status"`
	Reason     string        `json:"reason,omitempty"`
	Asked      oracle.Answer `json:"asked"`
	Configured *Configured   `json:"configured,omitempty"` // nil where no proxy was read
	Observed   *Observed     `json:"observed,omitempty"`   // nil without a probe

	// Differs tells how the client's proxy is configured other than the objects ask, beside the outcome: its routes, or the
	// endpoints that it knows.
	Differs []string `json:"differs,omitempty"`
	// Unknown is why the hop cannot be told, whatever its outcome: something that concerns it was not read or not evaluated.
	Unknown string `json:"unknown,omitempty"`

	// AlsoPlaintext is true of a hop of mTLS to an endpoint that takes plaintext as well.
	AlsoPlaintext bool `json:"alsoPlaintext,omitempty"`
}

// SameHop reports whether another hop has the same two ends and the same way between them.
func (h Hop) SameHop(other Hop) bool {
	return h.Client == other.Client && h.Port == other.Port && h.Endpoint == other.Endpoint && h.Address == other.Address && h.Behind == other.Behind && h.way("") == other.way("")
}

// end names the server's end.
func (h Hop) end() string {
	if h.Endpoint == "" && h.Address.IsValid() {
		return h.Address.String()
	}
	return h.Endpoint
}

// asked is what the policies ask for, in the words of the report.
func (h Hop) asked() string {
	switch {
	case h.Asked.Says == "":
		return "unknown"
	case h.Asked.Refusal != "":
		return fmt.Sprintf("%s (%s)", h.Asked.Says, h.Asked.Refusal)
	}
	return string(h.Asked.Says)
}

// outcome is what becomes of the hop, by the proxies where they were read, else by the policies; empty where that is not known.
func (h Hop) outcome() hop.Outcome {
	if h.Configured != nil {
		return h.Configured.Says
	}
	return h.Asked.Says
}

// refusal is the cause for which the hop is refused, by the proxies where they were read, else by the policies; empty where it is not.
func (h Hop) refusal() hop.Refusal {
	if h.Configured != nil && h.Configured.Missing == "" {
		return h.Configured.Refusal
	}
	return h.Asked.Refusal
}

// Configured is what both proxies are configured to do with a hop, and what the two together will do.
type Configured struct {
	envoy.Prediction
	Missing string `json:"missing,omitempty"` // why it cannot be told
	// Endpoint is how the endpoints of the client's proxy are not those of the objects; empty where they are, or are not compared.
	Endpoint string `json:"endpointDiffers,omitempty"`
	// Enforced is how what the server's chains take is not what its policies ask, whoever the client is; empty where it is.
	Enforced string `json:"enforced,omitempty"`
	// Cluster is the client proxy's, Match the transport socket match that the endpoint picks in it.
	Cluster string `json:"cluster,omitempty"`
	Match   string `json:"match,omitempty"`
	// ClientEnd and ServerEnd are what the prediction rests on; nil of an end whose proxy takes no part, or was not read.
	ClientEnd *envoy.ClientFacts `json:"-"`
	ServerEnd *envoy.ServerFacts `json:"-"`
	// Client and Server are the mesh certificates that the proxies hold; nil where one holds none.
	Client *Certificate `json:"clientCertificate,omitempty"`
	Server *Certificate `json:"serverCertificate,omitempty"`
}

// Certificate is a proxy's own, as far as a reader must care.
type Certificate struct {
	Identity hop.Identity `json:"identity,omitempty"`
	Serial   string       `json:"serial"`
	NotAfter time.Time    `json:"notAfter"`
	DaysLeft int          `json:"daysLeft"` // whole days; negative once it is over
	left     time.Duration
}

// CertificateOf reads a proxy's own certificate at a time; nil where it holds none.
func CertificateOf(dump *envoy.Dump, at time.Time) *Certificate {
	if dump == nil {
		return nil
	}
	secret, err := dump.Secret(envoy.WorkloadSecret)
	if err != nil || secret.Serial == "" {
		return nil
	}
	left := secret.NotAfter.Sub(at)
	days := int(math.Floor(left.Hours() / 24))
	return &Certificate{Identity: secret.Identity, Serial: secret.Serial, NotAfter: secret.NotAfter, DaysLeft: days, left: left}
}

// text is the time left: in hours below two days.
func (c *Certificate) text() string {
	switch {
	case c == nil:
		return none
	case c.left < 0:
		return "expired"
	case c.left < 48*time.Hour:
		return fmt.Sprintf("%dh", int(c.left.Hours()))
	}
	return fmt.Sprintf("%dd", c.DaysLeft)
}

// Observed is what a server's end did with connections of a probe's: one in the clear and one with a certificate of the
// mesh.
type Observed struct {
	Plaintext hop.Outcome  `json:"plaintext"`        // what became of it: plaintext, or refused; empty where it could not be told
	MTLS      hop.Outcome  `json:"mtls"`             // app-tls where the application's own TLS answered, with no identity of a mesh
	Server    hop.Identity `json:"server,omitempty"` // that it proved
	Why       string       `json:"why,omitempty"`    // of what could not be told
}

// differs compares with what a mode does (https://istio.io/latest/docs/concepts/security/#peer-authentication). To an end that
// takes no mTLS the application's own TLS is as good as a refusal.
func (o Observed) differs(mode oracle.Mode) string {
	want := map[oracle.Mode]Observed{
		oracle.Strict:     {Plaintext: hop.Refused, MTLS: hop.MTLS},
		oracle.Permissive: {Plaintext: hop.Plaintext, MTLS: hop.MTLS},
		oracle.Disable:    {Plaintext: hop.Plaintext, MTLS: hop.Refused},
		oracle.NoProxy:    {Plaintext: hop.Plaintext, MTLS: hop.Refused},
	}
	asked, known := want[mode]
	if !known {
		return noDifference
	}
	own := asked.MTLS == hop.Refused && o.MTLS == hop.AppTLS
	if o.Plaintext != "" && o.Plaintext != asked.Plaintext || o.MTLS != "" && o.MTLS != asked.MTLS && !own {
		return fmt.Sprintf("the server is %s by its policies, and the probe found %s", mode, o.text())
	}
	return noDifference
}

// NotVerified is said of a row whose endpoints no probe has tried: the rules that redirect a pod's traffic to its proxy are
// on its node, and no configuration shows whether they are there.
const NotVerified = "not verified on the node"

// observed is what a probe found, or that there was none.
func (h Hop) observed() string {
	switch {
	case h.Observed != nil:
		return h.Observed.text()
	case h.Endpoint == "":
		return none
	}
	return NotVerified
}

func (o *Observed) text() string {
	return fmt.Sprintf("plaintext %s, mTLS %s", taken(o.Plaintext), taken(o.MTLS))
}

func taken(says hop.Outcome) string {
	switch says {
	case "":
		return "unknown"
	case hop.Refused:
		return "refused"
	case hop.AppTLS:
		return "answered by the application's own TLS"
	}
	return "taken"
}

// text is what the two proxies do, in the words of the report.
func (c *Configured) text() string {
	switch {
	case c == nil:
		return none
	case c.Says == "":
		return "unknown"
	case c.Says == hop.Refused && c.Refusal != "":
		return fmt.Sprintf("refused (%s)", c.Refusal)
	}
	if c.Match == "" {
		return string(c.Says)
	}
	return fmt.Sprintf("%s (%s)", c.Says, c.Match)
}
