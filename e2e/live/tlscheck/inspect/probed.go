package inspect

import (
	"strings"

	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/oracle"
	"mtls.test/conformance/e2e/pure/tlscheck"
	"mtls.test/conformance/fixtures/agent/call"
	"mtls.test/conformance/fixtures/agent/probe"
)

// probed is what a probe's two tries of a port came to.
type probed struct {
	plain     call.Result  // a request in the clear
	notSent   error        // why the probe could not be asked for it
	mutual    probe.Result // a handshake with a certificate of the mesh
	notProbed error        // why the probe could not be asked for it
}

// observed judges both tries. With http, an HTTP request in the clear is answered wherever the port takes plaintext.
func (p probed) observed(http bool) tlscheck.Observed {
	var said tlscheck.Observed
	var why []string
	if p.notSent != nil {
		why = append(why, p.notSent.Error())
	} else {
		said.Plaintext = inTheClear(p.plain, http)
	}
	if p.notProbed != nil {
		why = append(why, p.notProbed.Error())
	} else {
		said.MTLS = mutually(p.mutual)
	}
	if said.MTLS == hop.MTLS {
		// A proxy proves an identity of the mesh. Without one the application's own TLS has answered, past the proxy or behind it.
		said.Server = proved(p.mutual.Server)
		if said.Server == "" {
			said.MTLS = hop.AppTLS
		}
	}
	if said.Plaintext == "" || said.MTLS == "" {
		why = append(why, "an end without an answer tells nothing here")
	}
	said.Why = strings.Join(why, "; ")
	return said
}

// proved is the SPIFFE ID that a server's certificate proves; empty where it has none.
func proved(chain []probe.Certificate) hop.Identity {
	if len(chain) == 0 || len(chain[0].URIs) != 1 || !strings.HasPrefix(chain[0].URIs[0], "spiffe://") {
		return ""
	}
	return hop.Identity(chain[0].URIs[0])
}

// inTheClear reads what became of an HTTP request: any answer at all is one in the clear. No answer in time tells nothing:
// a server that does not speak HTTP may wait for more. A connection that is closed is a refusal only where the port is
// declared HTTP: a server of another protocol closes one on which it reads HTTP, whatever it takes in the clear.
func inTheClear(result call.Result, http bool) hop.Outcome {
	switch {
	case result.Status != 0, strings.Contains(result.Error, "malformed HTTP"), result.Answered():
		return hop.Plaintext
	case http && (strings.Contains(result.Error, "EOF") || strings.Contains(result.Error, "connection reset")):
		return hop.Refused
	}
	return ""
}

// mutually reads what became of a handshake with a certificate of the mesh. Up to TLS 1.2 the server judges the client's
// certificate before the handshake is over (RFC 5246, section 7.3). In TLS 1.3 it does so after the client has done with the
// handshake, and refuses by an alert (RFC 8446, section 4.4.2.4): then a handshake alone is no acceptance. A reset may
// overtake the alert, and what did not come in time may still come, so after either it is not known. A close overtakes
// nothing: an alert would have been read before it.
func mutually(result probe.Result) hop.Outcome {
	switch {
	case result.End == probe.NotSent, result.End == probe.NotConnected, result.End == probe.Silent && !result.Handshake:
		return ""
	case !result.Handshake, !result.Asked, result.End == probe.Alerts:
		return hop.Refused
	case result.Version == "TLSv1.3" && (result.End == probe.Reset || result.End == probe.Silent):
		return ""
	}
	return hop.MTLS
}

// speaksHTTP tells whether what stands before an application answers a request of HTTP/1.1 wherever it takes plaintext. A
// proxy does so on ports that are declared grpc too; a gRPC server without one closes the connection.
func speaksHTTP(protocol hop.Protocol, endpoint oracle.Workload) bool {
	return protocol == hop.HTTP || protocol == hop.GRPC && endpoint.HasProxy
}
