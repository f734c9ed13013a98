package oracle

import (
	"strings"

	networking "istio.io/api/networking/v1alpha3"
)

// refusesGateway holds the part on TLS of istio/istio pkg/config/validation/validation.go, validateServer.
func refusesGateway(gateway Object[*networking.Gateway]) string {
	var all []string
	for _, server := range gateway.Spec.GetServers() {
		all = append(all, refusesServer(server)...)
	}
	return strings.Join(all, "; ")
}

func refusesServer(server *networking.Server) []string {
	protocol := strings.ToLower(server.GetPort().GetProtocol())
	secure := protocol == "https" || protocol == "tls"
	switch {
	case secure && server.GetTls() == nil:
		return []string{"server must have TLS settings for HTTPS/TLS protocols"}
	case server.GetTls() == nil:
		return nil
	}
	return refusesServerTLS(server.GetTls())
}

// refusesServerTLS holds istio/istio pkg/config/validation/validation.go, validateTLSOptions.
func refusesServerTLS(tls *networking.ServerTLSSettings) []string {
	type field struct {
		given bool
		name  string
	}
	var all []string
	certificate, key := tls.GetServerCertificate() != "", tls.GetPrivateKey() != ""
	named, several := tls.GetCredentialName() != "", len(tls.GetCredentialNames()) > 0
	switch tls.GetMode() {
	case networking.ServerTLSSettings_ISTIO_MUTUAL:
		for _, other := range []field{
			{certificate, "server certificate"}, {key, "private key"}, {tls.GetCaCertificates() != "", "CA bundle"},
			{named, "credentialName"}, {several, "credentialNames"},
		} {
			if other.given {
				all = append(all, "ISTIO_MUTUAL TLS cannot have associated "+other.name)
			}
		}
		return all
	case networking.ServerTLSSettings_PASSTHROUGH, networking.ServerTLSSettings_AUTO_PASSTHROUGH:
		return nil
	}
	if certificate && key && (named || several) || named && several {
		all = append(all, "only one of credential_name, credential_names, server_certificate/private_key, tls_certificates should be specified")
	}
	if named || several || len(tls.GetTlsCertificates()) > 0 {
		return all
	}
	prefix := "SIMPLE TLS"
	if tls.GetMode() != networking.ServerTLSSettings_SIMPLE {
		prefix = "MUTUAL TLS"
		if tls.GetCaCertificates() == "" {
			all = append(all, prefix+" requires a client CA bundle")
		}
	}
	if !certificate {
		all = append(all, prefix+" requires a server certificate")
	}
	if !key {
		all = append(all, prefix+" requires a private key")
	}
	return all
}
