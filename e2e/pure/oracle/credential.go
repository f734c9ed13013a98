package oracle

// Credential is a Secret, or a file in a proxy, that a DestinationRule or Gateway names.
type Credential struct {
	Namespace string // empty for a file
	Name      string // of the Secret, or the file's path
	// Certificate is the kind of certificate in it, as a client of it would offer.
	Certificate Certificate
	TrustDomain string // of a certificate of another trust domain
	// Names are the DNS names in the certificate, as a server that presents it proves them; none where they are not known.
	Names []string
	// TrustsMesh and TrustsProducts say whose certificates its roots accept: the mesh's, and those of the applications' CA.
	TrustsMesh     bool
	TrustsProducts bool
}

// String returns NAMESPACE/NAME, or the path.
func (c Credential) String() string { return c.Namespace + "/" + c.Name }

// meshRoot is the file in which every proxy finds the mesh's root
// (istio/istio manifests/charts/istio-control/istio-discovery/files/injection-template.yaml, istiod-ca-cert).
const meshRoot = "/var/run/secrets/istio/root-cert.pem"

// credential finds a Secret of the proxy's namespace or a file.
func (s Snapshot) credential(namespace, name string) (Credential, bool) {
	for _, own := range s.Credentials {
		if own.Name == name && (own.Namespace == namespace || own.Namespace == "") {
			return own, true
		}
	}
	if name == meshRoot {
		return Credential{Name: name, TrustsMesh: true}, true
	}
	return Credential{}, false
}
