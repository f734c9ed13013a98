package accesslog

import (
	"strings"

	"mtls.test/conformance/e2e/pure/hop"
)

// denied is the start of the details of a request or a connection that an AuthorizationPolicy denied.
// Source: https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/rbac_filter
const denied = "rbac_access_denied"

// named is a text by which a proxy names a cause. Of two that fit, the first holds.
type named struct {
	text  string
	cause hop.Refusal
}

// byServer are the texts of a proxy that accepted a connection. Names without ALERT are its own findings, by BoringSSL's
// reasons and X509_verify_cert_error_string; an alert is what the client found.
var byServer = []named{
	{"filter_chain_not_found", hop.NoFilterChain},
	{denied, hop.Unauthorized},
	{"PEER_DID_NOT_RETURN_A_CERTIFICATE", hop.NoClientCertificate},
	// Istio's server names one SAN, the prefix of the trust domain.
	{"SAN_matcher", hop.WrongTrustDomain},
	{"certificate_has_expired", hop.Expired},
	{"certificate_is_not_yet_valid", hop.Expired},
	{"issuer_certificate", hop.UnknownCA}, // unable to get, or to get the local one
	{"self_signed_certificate", hop.UnknownCA},
	{"certificate_signature_failure", hop.UnknownCA}, // an issuer of a trusted name with another key
	{"UNSUPPORTED_PROTOCOL", hop.ProtocolVersion},
	{"NO_SHARED_CIPHER", hop.NoSharedCipher},
	{"ALERT_UNKNOWN_CA", hop.UnknownServerCA},
	// Envoy sends it for a name that does not match; each finding of X509_verify_cert has an alert of its own.
	{"ALERT_CERTIFICATE_UNKNOWN", hop.WrongSAN},
}

// byClient are the texts of a proxy that opened a connection; an alert is what the server found. A server that refuses
// over TLS 1.3 sends its alert after the client's handshake is done, and the client's line does not name it.
var byClient = []named{
	{"WRONG_VERSION_NUMBER", hop.NotTLS},
	{"SAN_matcher", hop.WrongSAN},
	{"verify_SAN_list", hop.WrongSAN}, // of names that are the request's
	{"issuer_certificate", hop.UnknownServerCA},
	{"self_signed_certificate", hop.UnknownServerCA},
	{"certificate_signature_failure", hop.UnknownServerCA},
	{"UNSUPPORTED_PROTOCOL", hop.ProtocolVersion},
	{"ALERT_PROTOCOL_VERSION", hop.ProtocolVersion},
	{"HANDSHAKE_FAILURE_ON_CLIENT_HELLO", hop.NoSharedCipher},
	// TLS 1.2 has no alert of its own for a missing certificate (RFC 5246, 7.4.6).
	{"ALERT_HANDSHAKE_FAILURE", hop.NoClientCertificate},
	{"ALERT_CERTIFICATE_REQUIRED", hop.NoClientCertificate},
	{"ALERT_UNKNOWN_CA", hop.UnknownCA},
	{"ALERT_CERTIFICATE_EXPIRED", hop.Expired},
	{"ALERT_CERTIFICATE_UNKNOWN", hop.WrongTrustDomain},
}

// serverCause names why the connection failed, as far as the proxy that accepted it knows; empty where its line fits several
// causes. Bytes that are not HTTP may be TLS. The proxy knows that only where its TLS inspector looked at them, and a port
// where no TLS is expected has no inspector.
func (l Line) serverCause() hop.Refusal {
	switch {
	case l.has("DPE") && l.inspectedTLS():
		return hop.NotTLS
	case l.has("UH"):
		return hop.NoEndpoint // of those that a gateway passes TLS on to
	case l.has("DPE") && (l.inspectorNote() || l.DownstreamTLSVersion != ""):
		return hop.NotHTTP
	default:
		return first(byServer, l.details()+" "+l.DownstreamTransportFailureReason)
	}
}

// clientCause names why the connection failed, as far as the proxy that opened it knows; empty where its line fits several
// causes.
func (l Line) clientCause() hop.Refusal {
	switch {
	case l.blocked():
		return hop.Blocked
	case l.has("NC"):
		return hop.NoCluster
	case l.has("UH"):
		return hop.NoEndpoint
	case l.forbidden():
		return hop.Unauthorized
	default:
		return first(byClient, l.UpstreamTransportFailureReason)
	}
}

// blackHole is the cluster without endpoints by which a sidecar under REGISTRY_ONLY drops what it does not know, and the status
// is that of its route for such requests (istio/istio pilot/pkg/networking/core/httproute.go, buildCatchAllVirtualHost).
const (
	blackHole       = "BlackHoleCluster"
	blackHoleStatus = 502
)

// blocked reports whether the proxy dropped a request because it does not know the destination. Its route for such requests is
// told from one of a VirtualService that answers by itself by the status alone.
func (l Line) blocked() bool {
	return l.UpstreamCluster == blackHole || l.ResponseCode == blackHoleStatus && l.ResponseCodeDetails == "direct_response"
}

// forbidden reports whether the answer is the one that a proxy gives when its AuthorizationPolicy denies a request.
func (l Line) forbidden() bool { return l.ResponseCode == 403 || l.GRPCStatus == "PermissionDenied" }

func first(names []named, told string) hop.Refusal {
	for _, name := range names {
		if strings.Contains(told, name.text) {
			return name.cause
		}
	}
	return ""
}
