package hop

// Outcome is the result of one attempt to use a hop: as a case expects it, as the policies require it, as the configuration
// predicts it or as an observer saw it.
type Outcome string

// The outcomes of an attempt. A case wants one of these.
const (
	MTLS      Outcome = "mtls"      // both ends proved an identity over TLS
	Plaintext Outcome = "plaintext" // the request was served in the clear
	Refused   Outcome = "refused"   // the request was not served
	OneWayTLS Outcome = "tls"       // TLS that ends at the server without a client certificate
	AppTLS    Outcome = "app-tls"   // the application's own TLS, which no proxy terminates
)

// The outcomes of an observer that cannot know more.
const (
	Encrypted Outcome = "encrypted" // the wire: both ends spoke TLS
	Served    Outcome = "served"    // the application: it was reached, by a protocol without headers
	Raw       Outcome = "raw"       // a proxy: it passed bytes on unread, and answers back
	Cut       Outcome = "cut"       // the connection ended before an answer came: the wire saw none at all, a proxy none of the application's
	Absent    Outcome = "absent"    // the observer was watching, and the attempt did not pass it
)

// Alike reports whether two outcomes are the same for a client. A client cannot know who terminates TLS that is not mutual.
func (o Outcome) Alike(other Outcome) bool {
	oneWay := func(one Outcome) bool { return one == OneWayTLS || one == AppTLS }
	return o == other || oneWay(o) && oneWay(other)
}

// Refusal is the cause for which an attempt is not served. Each cause has its own symptom per observer.
type Refusal string

// The causes of a refusal.
const (
	// NoFilterChain: no inbound filter chain matches the connection's first bytes (Envoy response flag NR).
	NoFilterChain Refusal = "no-filter-chain"
	// NotTLS: TLS at a server that does not terminate it (BoringSSL WRONG_VERSION_NUMBER at the client).
	NotTLS Refusal = "not-tls"
	// NotHTTP: bytes at an HTTP filter chain that are no HTTP (Envoy response flag DPE).
	NotHTTP Refusal = "not-http"
	// NoClientCertificate: the client sent none (PEER_DID_NOT_RETURN_A_CERTIFICATE; alert certificate_required).
	NoClientCertificate Refusal = "no-client-certificate"
	// UnknownCA: no trusted root signed the client's certificate (CERTIFICATE_VERIFY_FAILED; alert unknown_ca).
	UnknownCA Refusal = "unknown-ca"
	// Expired: the client's certificate is outside its validity (alert certificate_expired, or certificate_unknown).
	Expired Refusal = "expired"
	// WrongTrustDomain: the client's identity is of a trust domain that the server does not accept.
	WrongTrustDomain Refusal = "wrong-trust-domain"
	// WrongSAN: the client refuses the server, whose certificate holds none of the names it asks for.
	WrongSAN Refusal = "wrong-san"
	// UnknownServerCA: the client refuses the server, whose certificate no root that it trusts has signed.
	UnknownServerCA Refusal = "unknown-server-ca"
	// ProtocolVersion: the two ends share no TLS version (alert protocol_version).
	ProtocolVersion Refusal = "protocol-version"
	// NoSharedCipher: the two ends share no cipher suite (NO_SHARED_CIPHER; alert handshake_failure).
	NoSharedCipher Refusal = "no-shared-cipher"
	// Unauthorized: an AuthorizationPolicy denies the identity that the client proved (RBAC; 403 or a closed connection).
	Unauthorized Refusal = "unauthorized"
	// NoCluster: the client's proxy has no cluster for the destination (Envoy response flag NC).
	NoCluster Refusal = "no-cluster"
	// NoEndpoint: the client's proxy has no endpoint that it may use (Envoy response flag UH).
	NoEndpoint Refusal = "no-endpoint"
	// Blocked: the client's proxy does not know the destination, and its outboundTrafficPolicy is REGISTRY_ONLY (over HTTP the
	// route block_all answers 502; else the cluster BlackHoleCluster, Envoy response flag UH).
	Blocked Refusal = "blocked"
	// ServerFirst: the server's bytes are awaited before the client may speak, and each waits for the other.
	ServerFirst Refusal = "server-first"
	// Closed: a connection from before was closed and serves no more.
	Closed Refusal = "closed"
)

// Result is the verdict on a check, a case or a run.
type Result string

// The results; only Pass makes a run green.
const (
	Pass         Result = "PASS"         // all agree, and with what was wanted
	Fail         Result = "FAIL"         // all agree with one another, not with what was wanted
	Mismatch     Result = "MISMATCH"     // they do not agree with one another
	Inconclusive Result = "INCONCLUSIVE" // a required observer is missing, or the mesh did not settle
	Skipped      Result = "SKIPPED"      // not run, with a reason
)
