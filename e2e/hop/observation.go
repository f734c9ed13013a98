package hop

import (
	"net/netip"
	"time"
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
	Cipher  string   `json:"cipher,omitempty"`
	SNI     string   `json:"sni,omitempty"`
	Peer    Identity `json:"peer,omitempty"` // the identity that the other end proved
	Serial  string   `json:"serial,omitempty"`
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
	At       time.Time `json:"at,omitzero"`
	Conn     FiveTuple `json:"conn,omitzero"`
	Says     Outcome   `json:"says,omitempty"` // empty when the observer has nothing to say
	TLS      *TLSFacts `json:"tls,omitempty"`
	Symptom  Symptom   `json:"symptom,omitzero"`
	Attempts int       `json:"attempts,omitempty"` // upstream attempts, where the observer is a client proxy
	Missing  string    `json:"missing,omitempty"`  // why a required observer has nothing to say
}
