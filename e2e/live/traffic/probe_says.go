package traffic

import (
	"slices"
	"strings"
	"time"

	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/fixtures/agent/probe"
)

// Probed is what a probe observed.
func Probed(attempt ProbeAttempt, by mesh.Proxy, result probe.Result) hop.Observation {
	seen := hop.Observation{
		Source: hop.Probe, By: by.String(), ID: result.ID, At: result.At, Conn: hop.FiveTuple{Source: result.Local, Destination: result.Remote},
		TLS: probedTLS(attempt, result), Symptom: probedSymptom(result),
	}
	switch {
	case result.End == probe.NotSent:
		seen.Missing = result.Error
	case result.Answered:
		seen.Says = accepted(result)
	default:
		seen.Says, seen.Refusal = hop.Refused, refusal(result)
	}
	return seen
}

// accepted tells what it means that the application answered. Who terminated TLS is known by the server's certificate;
// an application that passes no certificate on may have asked for ours and not looked at it.
func accepted(result probe.Result) hop.Outcome {
	if len(result.Server) == 0 {
		return ""
	}
	terminated := hop.OneWayTLS
	if result.Sent != nil {
		terminated = hop.MTLS
	}
	switch {
	case slices.Contains(result.VerifiedBy, meshRoot) && workloadID(result.Server[0]) != "":
		return terminated
	case slices.Contains(result.VerifiedBy, productsRoot) && slices.Contains(result.Server[0].DNS, fixture.IngressHost):
		return terminated
	case slices.Contains(result.VerifiedBy, productsRoot):
		return hop.AppTLS
	}
	return "" // a server that nobody vouches for has proved nothing
}

// refusal names the cause of a refusal, as far as it shows at the client. Of a server's alerts:
//
//	protocol_version                    the ends share no version                                  protocol-version
//	certificate_required                TLS 1.3, no certificate                                    no-client-certificate
//	handshake_failure                   TLS 1.2, no certificate although the server asked          no-client-certificate
//	handshake_failure                   before the server asked for one                            no-shared-cipher
//	unknown_ca                          self-signed, or of a CA without a root there               unknown-ca
//	certificate_expired                 past its validity, or not yet in it                        expired
//	certificate_unknown                 Envoy's SAN matcher refused an identity of another domain  wrong-trust-domain
//
// RFC 8446 section 6.2; Envoy 1.39 sent these to a client of each kind, under TLS 1.2 and 1.3 alike but for a missing
// certificate. An end without a byte from the server has several causes (no filter chain, or an application that was
// given TLS and closed), so it names none.
func refusal(result probe.Result) hop.Refusal {
	switch result.End {
	case probe.Alerts:
		return alerted(result)
	case probe.Clear:
		return hop.NotTLS
	case probe.Denied:
		return denied(result)
	case probe.GaveUp:
		if result.Alert == "protocol_version" {
			return hop.ProtocolVersion
		}
	}
	return ""
}

func alerted(result probe.Result) hop.Refusal {
	switch result.Alert {
	case "protocol_version":
		return hop.ProtocolVersion
	case "certificate_required":
		return hop.NoClientCertificate
	case "handshake_failure":
		switch {
		case !result.Asked:
			return hop.NoSharedCipher
		case result.Sent == nil:
			return hop.NoClientCertificate
		}
	case "unknown_ca":
		return hop.UnknownCA
	case "certificate_expired":
		return hop.Expired
	case "certificate_unknown":
		if foreign(result) {
			return hop.WrongTrustDomain
		}
	}
	return ""
}

// denied names the cause of an error that was answered inside the session.
func denied(result probe.Result) hop.Refusal {
	switch {
	case result.Status == 403, result.Code == "PERMISSION_DENIED":
		return hop.Unauthorized
	case result.Status == 0 && strings.HasPrefix(result.Text, "HTTP/1.1 400"):
		return hop.NotHTTP // a line of text was read as HTTP
	}
	return ""
}

// foreign tells whether the client proved another trust domain than the server.
func foreign(result probe.Result) bool {
	if result.Sent == nil || len(result.Server) == 0 {
		return false
	}
	client, server := workloadID(*result.Sent), workloadID(result.Server[0])
	return client != "" && server != "" && trustDomain(client) != trustDomain(server)
}

// workloadID is the SPIFFE ID of a certificate, which is its only URI SAN
// (https://github.com/spiffe/spiffe/blob/main/standards/X509-SVID.md#2-spiffe-id).
func workloadID(certificate probe.Certificate) hop.Identity {
	if len(certificate.URIs) != 1 || !strings.HasPrefix(certificate.URIs[0], "spiffe://") {
		return ""
	}
	return hop.Identity(certificate.URIs[0])
}

// trustDomain is what a SPIFFE ID has between its scheme and its path.
func trustDomain(id hop.Identity) string {
	domain, _, _ := strings.Cut(strings.TrimPrefix(string(id), "spiffe://"), "/")
	return domain
}

func probedTLS(attempt ProbeAttempt, result probe.Result) *hop.TLSFacts {
	facts := &hop.TLSFacts{
		Version: result.Version, Cipher: result.Cipher, SNI: attempt.SNI, Group: result.Group, Offered: attempt.ALPN, ALPN: result.ALPN,
		Versions: []string{"TLSv1.3", "TLSv1.2"}, Alert: string(result.Alert),
	}
	if attempt.TLS != "" {
		facts.Versions = []string{"TLSv" + attempt.TLS}
	}
	for i, certificate := range result.Server {
		name := certificate.Subject
		if id := workloadID(certificate); id != "" {
			name = string(id)
		}
		facts.ChainNames = append(facts.ChainNames, name)
		if i == 0 {
			facts.Peer, facts.Serial, facts.KeyType = workloadID(certificate), certificate.Serial, certificate.KeyType
			facts.Names = certificate.DNS
			facts.NotBefore, facts.NotAfter = certificate.NotBefore.Format(time.RFC3339), certificate.NotAfter.Format(time.RFC3339)
		}
	}
	return facts
}

func probedSymptom(result probe.Result) hop.Symptom {
	symptom := hop.Symptom{Status: result.Status, Code: result.Code, Error: result.Error, Details: result.Text}
	if result.Alert != "" {
		symptom.TransportFailure = string(result.End) + " " + string(result.Alert)
	}
	return symptom
}
