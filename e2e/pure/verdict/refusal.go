package verdict

import (
	"mtls.test/conformance/e2e/pure/hop"
)

// row is how a cause must look to the observers. An observer that can name a cause puts it into Observation.Refusal by
// a table of its own symptoms; here stands who must be able to, and what the wire must show.
type row struct {
	by     []hop.Source  // each of these, where it is required, must name the cause
	wire   []hop.Outcome // the wire must say one of these
	status int           // that a client behind a proxy is answered; 0 for none in particular
}

// symptoms is the table of causes.
//
// In TLS 1.3 the reason for a failed handshake is encrypted, so on the wire it looks like one that succeeded: the ends must
// name the cause. A plain client cannot name a cause, nor can the proxy of a client that is refused by a cut connection.
// Where both ends wait for each other, no end knows it, but the wire shows it.
var symptoms = map[hop.Refusal]row{
	hop.NoFilterChain:       {by: []hop.Source{hop.Server}, wire: []hop.Outcome{hop.Cut}, status: 503},
	hop.NotTLS:              {by: []hop.Source{hop.Client, hop.Probe}, wire: []hop.Outcome{hop.Refused, hop.Cut, hop.Plaintext}, status: 503},
	hop.NotHTTP:             {by: []hop.Source{hop.Server}, wire: []hop.Outcome{hop.Plaintext, hop.Encrypted, hop.Refused, hop.Cut}},
	hop.NoClientCertificate: {by: []hop.Source{hop.Probe, hop.Server}, wire: handshake, status: 503},
	hop.UnknownCA:           {by: []hop.Source{hop.Probe, hop.Server}, wire: handshake, status: 503},
	hop.Expired:             {by: []hop.Source{hop.Probe, hop.Server}, wire: handshake, status: 503},
	hop.WrongTrustDomain:    {by: []hop.Source{hop.Server}, wire: handshake, status: 503},
	hop.WrongSAN:            {by: []hop.Source{hop.Client}, wire: handshake, status: 503},
	hop.UnknownServerCA:     {by: []hop.Source{hop.Client}, wire: handshake, status: 503},
	hop.ProtocolVersion:     {by: []hop.Source{hop.Probe, hop.Server}, wire: []hop.Outcome{hop.Refused, hop.Encrypted, hop.Cut}, status: 503},
	hop.NoSharedCipher:      {by: []hop.Source{hop.Server}, wire: []hop.Outcome{hop.Refused, hop.Encrypted, hop.Cut}, status: 503},
	hop.Unauthorized:        {by: []hop.Source{hop.Server}, wire: []hop.Outcome{hop.Encrypted, hop.Plaintext, hop.Cut}},
	hop.NoCluster:           {by: []hop.Source{hop.Client}, status: 503},
	hop.NoEndpoint:          {by: []hop.Source{hop.Client}, wire: []hop.Outcome{hop.Cut}, status: 503}, // the wire to a gateway
	hop.Blocked:             {by: []hop.Source{hop.Client}},                                            // 502 where the port has routes, else the connection is closed
	hop.ServerFirst:         {by: []hop.Source{hop.Wire}, wire: []hop.Outcome{hop.Cut}},
	hop.Closed:              {wire: []hop.Outcome{hop.Encrypted, hop.Plaintext}},
}

// handshake is what the wire shows of one that fails: with an alert in the clear where it is TLS 1.2.
var handshake = []hop.Outcome{hop.Encrypted, hop.Refused}

// cannotName tells whether an observer has no view of the cause: a client without a proxy, and of TLS that a gateway passed on
// the gateway itself, or the client's end whose connection it closed: the alert may be lost on the way. One of the two must
// know.
func (c *Check) cannotName(seen hop.Observation) bool {
	if !c.passedOn() {
		return seen.Source == hop.Client && c.ClientKind == hop.Plain
	}
	end := c.clientEnd()
	switch {
	case !present(end):
		return false
	case seen.Source == hop.Server:
		return end.Refusal == c.Cause
	}
	return seen.Source == end.Source && c.Observers.Server.Refusal == c.Cause
}

func proxied(kind hop.ClientKind) bool { return kind == hop.Gateway || kind == hop.Sidecar }

func symptomText(s hop.Symptom) string {
	for _, text := range []string{s.TransportFailure, s.Error, s.Details, s.Flags} {
		if text != "" {
			return text
		}
	}
	return ""
}
