package hop

import (
	"net/netip"
	"time"

	"mtls.test/conformance/e2e/pure/clock"
)

// Source names an observer.
type Source string

// The observers, and the order in which reports list them.
const (
	Client      Source = "client"      // the client proxy's access log, or the socket of a client without proxy
	Server      Source = "server"      // the server proxy's access log
	Application Source = "application" // what product-service received
	Wire        Source = "wire"        // packets of the connection's 5-tuple
	Probe       Source = "probe"       // a TLS client of our own
	Stats       Source = "stats"       // Envoy counters before and after
)

// FiveTuple names one TCP connection as the server's node sees it, after Service translation.
type FiveTuple struct {
	Source      netip.AddrPort `json:"source"`
	Destination netip.AddrPort `json:"destination"`
}

// String returns "10.244.0.5:43502 -> 10.244.0.7:50051".
func (t FiveTuple) String() string { return t.Source.String() + " -> " + t.Destination.String() }

// Identity is a SPIFFE ID, spiffe://TRUST-DOMAIN/ns/NAMESPACE/sa/SERVICE-ACCOUNT; empty when none was proved.
type Identity string

// TLSFacts are the parameters of a TLS session as one end recorded them.
type TLSFacts struct {
	Version string   `json:"version,omitempty"` // as Envoy spells it: TLSv1.3
	Cipher  string   `json:"cipher,omitempty"`  // by its IANA name: TLS_AES_128_GCM_SHA256
	SNI     string   `json:"sni,omitempty"`
	Peer    Identity `json:"peer,omitempty"` // the identity that the other end proved
	Serial  string   `json:"serial,omitempty"`

	// What the wire and a probe see besides.
	Group      string   `json:"group,omitempty"`     // of the key exchange: X25519
	Offered    []string `json:"offered,omitempty"`   // ALPN that the client offered
	ALPN       string   `json:"alpn,omitempty"`      // that was chosen; TLS 1.3 hides it from the wire
	Versions   []string `json:"versions,omitempty"`  // that the client offered, newest first: TLSv1.3
	Retried    bool     `json:"retried,omitempty"`   // the server answered first with a HelloRetryRequest
	Alert      string   `json:"alert,omitempty"`     // by its name in RFC 8446: certificate_required; on the wire only one in the clear
	Suites     []string `json:"suites,omitempty"`    // that the client offered
	Groups     []string `json:"groups,omitempty"`    // that the client offered
	NotBefore  string   `json:"notBefore,omitempty"` // of the peer's certificate, RFC 3339
	NotAfter   string   `json:"notAfter,omitempty"`
	KeyType    string   `json:"keyType,omitempty"`    // of the peer's certificate: RSA 2048, ECDSA P-256
	ChainNames []string `json:"chainNames,omitempty"` // subjects or URI SANs of the peer's chain, leaf first
	Names      []string `json:"names,omitempty"`      // DNS names in the peer's certificate, where the observer reads it: see Serial
}

// Symptom is how a refusal or an answer looked to one observer, in the observer's own words.
type Symptom struct {
	Status           int    `json:"status,omitempty"`           // HTTP status; 200 for every gRPC answer
	Code             string `json:"code,omitempty"`             // gRPC status in capitals: OK, UNAVAILABLE
	Flags            string `json:"flags,omitempty"`            // Envoy %RESPONSE_FLAGS%: UC, NR, UF,URX
	Details          string `json:"details,omitempty"`          // Envoy %RESPONSE_CODE_DETAILS%
	TransportFailure string `json:"transportFailure,omitempty"` // Envoy %UPSTREAM_/DOWNSTREAM_TRANSPORT_FAILURE_REASON%
	Error            string `json:"error,omitempty"`            // a socket's or client library's error
}

// Observation is what one observer saw of one connection or attempt.
type Observation struct {
	Source   Source    `json:"source"`
	By       string    `json:"by,omitempty"` // the pod or file that was read: default/product-service-x/istio-proxy
	ID       string    `json:"id,omitempty"` // the request's x-hop-id; empty where the observer cannot see it
	At       time.Time `json:"at,omitzero"`  // by the clock of the observer's node; of the wire by the runner's, as Packets.Opened
	Conn     FiveTuple `json:"conn,omitzero"`
	Says     Outcome   `json:"says,omitempty"`    // empty when the observer has nothing to say
	Refusal  Refusal   `json:"refusal,omitempty"` // the cause that its symptom names; empty where the symptom fits several
	TLS      *TLSFacts `json:"tls,omitempty"`
	Symptom  Symptom   `json:"symptom,omitzero"`
	Attempts int       `json:"attempts,omitempty"` // upstream attempts, where the observer is a client proxy
	Packets  *Packets  `json:"packets,omitempty"`  // of the wire
	Missing  string    `json:"missing,omitempty"`  // why a required observer has nothing to say
}

// Packets counts what the tap saw of one connection.
type Packets struct {
	Opened      time.Time `json:"opened,omitzero"`   // when its SYN passed, by the runner's clock
	ClientBytes int64     `json:"clientBytes"`       // payload from the client
	ServerBytes int64     `json:"serverBytes"`       // payload from the server
	Dropped     uint64    `json:"dropped,omitempty"` // packets that the tap lost in the time of the connection
	Closed      bool      `json:"closed,omitempty"`  // a FIN or RST passed
	Reset       string    `json:"reset,omitempty"`   // who sent a RST: client or server

	// Clock is the tap's, by which Opened was converted: it is wrong by at most the clock's uncertainty.
	Clock clock.Reading `json:"clock,omitzero"`
}
