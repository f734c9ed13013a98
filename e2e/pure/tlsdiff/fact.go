package tlsdiff

import "slices"

// Field is one thing to know of a hop.
type Field string

// The fields. Those of a client are of the cluster and the endpoint that it picks, those of a server of its filter chains for the
// port: what they are for, what becomes of plaintext, and of each that terminates TLS the rest.
const (
	Outcome Field = "outcome" // what both ends together lead to

	EndpointMark      Field = "client: endpoint mark" // the transport socket match that the endpoint's metadata picks
	ClientSocket      Field = "client: socket"
	ClientSNI         Field = "client: SNI"
	ClientALPN        Field = "client: ALPN"
	ClientSANs        Field = "client: SAN checks"
	ClientRoots       Field = "client: trust roots"
	ClientUntrusted   Field = "client: takes untrusted certificates"
	ClientMinVersion  Field = "client: lowest TLS version"
	ClientMaxVersion  Field = "client: highest TLS version"
	ClientCiphers     Field = "client: ciphers"
	ClientGroups      Field = "client: groups"
	ClientIdentity    Field = "client: identity"
	ClientKey         Field = "client: key"
	ClientLifetime    Field = "client: certificate lifetime"
	ServerChains      Field = "server: filter chains" // what each is for, in their order
	ServerPlaintext   Field = "server: plaintext"     // what becomes of it
	ServerCertificate Field = "server: client certificate"
	ServerALPN        Field = "server: ALPN"
	ServerSANs        Field = "server: SAN checks"
	ServerRoots       Field = "server: trust roots"
	ServerUntrusted   Field = "server: takes untrusted certificates"
	ServerMinVersion  Field = "server: lowest TLS version"
	ServerMaxVersion  Field = "server: highest TLS version"
	ServerCiphers     Field = "server: ciphers"
	ServerGroups      Field = "server: groups"
	ServerIdentity    Field = "server: identity"
	ServerKey         Field = "server: key"
	ServerLifetime    Field = "server: certificate lifetime"
)

// Facts are the values of fields. A field that does not apply, such as the ALPN of an end in the clear, is left out; one that Envoy
// is left to decide is empty.
type Facts map[Field][]string

func (f Facts) equal(other Facts) bool {
	if len(f) != len(other) {
		return false
	}
	for field, value := range f {
		others, found := other[field]
		if !found || !slices.Equal(value, others) {
			return false
		}
	}
	return true
}
