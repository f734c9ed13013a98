package oracle

import (
	"slices"

	networking "istio.io/api/networking/v1alpha3"

	"mtls.test/conformance/e2e/pure/hop"
)

// connection is what reaches the server: plaintext, or a TLS handshake and its client's requirements.
type connection struct {
	tls bool
	// bare is TLS of the client's application that the client's proxy does not wrap in its own TLS.
	bare bool
	// own is a TLS client of ours, which checks nothing of the server's.
	own         bool
	alpn        []string
	versions    []Version
	certificate Certificate
	domain      string // the certificate's trust domain
	identity    hop.Identity
	sni         string
	checks      checks
	// unread names a credential that the server would verify and that the snapshot does not hold.
	unread string
	// speaks is what the client's application speaks, inside TLS or not.
	speaks hop.Protocol
}

// checks are a client's requirements for the server's certificate.
type checks struct {
	none           bool // insecureSkipVerify, or a client of our own
	trustsMesh     bool
	trustsProducts bool
	names          []string // one of these must stand in it; none demands none
	hostName       string   // the request's host, which must stand in it; empty where it need not
	unread         string   // names roots that the snapshot does not hold
}

// istioALPNs are the ALPNs by which a server knows Istio's mTLS
// (istio/istio pilot/pkg/networking/core/listener.go, allIstioMtlsALPNs).
var istioALPNs = []string{"istio", "istio-peer-exchange", "istio-http/1.0", "istio-http/1.1", "istio-h2"}

func (c connection) istio() bool {
	return slices.ContainsFunc(c.alpn, func(name string) bool { return slices.Contains(istioALPNs, name) })
}

// plain is what a client's application sends by itself.
func plain(speaks hop.Protocol) connection {
	if speaks == hop.TLS {
		return connection{tls: true, bare: true, certificate: None, speaks: speaks, checks: checks{none: true}}
	}
	return connection{speaks: speaks}
}

// probe is what a TLS client of our own sends.
func (s Snapshot) probe(client Workload, offer Offer, speaks hop.Protocol) connection {
	c := connection{
		tls: true, own: true, alpn: offer.ALPN, versions: offer.Versions, certificate: offer.Certificate,
		domain: s.Mesh.TrustDomain, sni: offer.SNI, speaks: speaks, checks: checks{none: true},
	}
	switch offer.Certificate {
	case "":
		c.certificate = None
	case OfMesh, FirstCA, ForeignCA:
		c.identity = s.identity(client)
	case WrongTrustDomain:
		c.domain = offer.TrustDomain
		c.identity = identityOf(offer.TrustDomain, client.Namespace, client.ServiceAccount)
	}
	return c
}

// istioMutual is what a proxy sends with the mesh's certificates
// (istio/istio pilot/pkg/networking/core/cluster_tls.go, ISTIO_MUTUAL).
func (s Snapshot) istioMutual(client Workload, names []string, speaks hop.Protocol) connection {
	return connection{
		tls: true, alpn: []string{"istio"}, certificate: OfMesh, domain: s.Mesh.TrustDomain, identity: s.identity(client),
		speaks: speaks, checks: checks{trustsMesh: true, names: names},
	}
}

// ownTLS is what a proxy sends under SIMPLE and MUTUAL
// (istio/istio pilot/pkg/networking/core/cluster_tls.go, constructUpstreamTLS).
func (s Snapshot) ownTLS(client Workload, tls *networking.ClientTLSSettings, to target, speaks hop.Protocol, t usedRules) connection {
	c := connection{tls: true, certificate: None, domain: s.Mesh.TrustDomain, speaks: speaks, sni: tls.GetSni()}
	t.use(RuleOwnALPN)
	certificate, roots := tls.GetClientCertificate(), tls.GetCaCertificates()
	if tls.GetCredentialName() != "" {
		certificate, roots = tls.GetCredentialName(), tls.GetCredentialName()
	}
	if tls.GetMode() == networking.ClientTLSSettings_MUTUAL {
		c.certificate = ""
		if credential, found := s.credential(client.Namespace, certificate); found {
			c.certificate = credential.Certificate
			c.identity = s.proved(client, credential)
			c.domain = s.Mesh.TrustDomain
			if credential.Certificate == WrongTrustDomain {
				c.domain = credential.TrustDomain
			}
		} else {
			c.unread = certificate
		}
	}
	if tls.GetInsecureSkipVerify().GetValue() {
		t.use(RuleSkipVerify)
		c.checks.none = true
		return c
	}
	switch credential, found := s.credential(client.Namespace, roots); {
	case roots == "":
		t.use(RuleSystemRoots)
	case found:
		c.checks.trustsMesh, c.checks.trustsProducts = credential.TrustsMesh, credential.TrustsProducts
	default:
		c.checks.unread = roots
	}
	c.checks.names = tls.GetSubjectAltNames()
	if len(c.checks.names) == 0 && to.entry {
		c.checks.names = s.accounts(to)
	}
	// The names are asked for on HTTP clusters alone: auto_san_validation is an option of their protocol.
	if http := speaks == hop.HTTP || speaks == hop.GRPC; http && tls.GetSni() == "" && len(tls.GetSubjectAltNames()) == 0 {
		t.use(RuleAutoNames)
		c.checks.hostName = to.host
	}
	return c
}

// proved is the identity in a client's own certificate.
func (s Snapshot) proved(client Workload, credential Credential) hop.Identity {
	switch credential.Certificate {
	case OfMesh:
		return s.identity(client)
	case WrongTrustDomain:
		return identityOf(credential.TrustDomain, client.Namespace, client.ServiceAccount)
	}
	return ""
}

// identity is a workload's SPIFFE ID (https://istio.io/latest/docs/concepts/security/#istio-identity).
func (s Snapshot) identity(w Workload) hop.Identity {
	return identityOf(s.Mesh.TrustDomain, w.Namespace, w.ServiceAccount)
}

func identityOf(domain, namespace, account string) hop.Identity {
	return hop.Identity("spiffe://" + domain + "/ns/" + namespace + "/sa/" + account)
}
