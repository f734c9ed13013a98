package oracle

// Certificate is the kind of certificate that a client offers.
type Certificate string

// The kinds of certificate; all but the last by the words of a case's probe.
const (
	None             Certificate = "none"
	SelfSigned       Certificate = "self-signed"
	ForeignCA        Certificate = "foreign-ca"
	Expired          Certificate = "expired"
	NotYetValid      Certificate = "not-yet-valid"
	WrongTrustDomain Certificate = "wrong-trust-domain"
	OfMesh           Certificate = "mesh"
	FirstCA          Certificate = "first-ca"
	// OfProducts is signed by the CA of the applications, which the mesh does not trust.
	OfProducts Certificate = "products"
)

// Version is a TLS version without its name: 1.2.
type Version string

// The TLS versions that a proxy may be set to (MeshConfig.TLSConfig.TLSProtocol).
const (
	TLS10 Version = "1.0"
	TLS11 Version = "1.1"
	TLS12 Version = "1.2"
	TLS13 Version = "1.3"
)

// Offer is the ClientHello and the certificate of a TLS client of our own.
type Offer struct {
	Certificate Certificate
	ALPN        []string
	// Versions are the TLS versions offered; 1.2 and 1.3 when empty.
	Versions []Version
	SNI      string
	// TrustDomain is of a certificate of another trust domain, where an alias may name it.
	TrustDomain string
}
