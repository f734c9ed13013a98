package envoy

import (
	"fmt"
	"slices"

	"mtls.test/conformance/e2e/hop"
)

// Prediction is what two configurations together will do with a connection. It speaks of the form of the connection
// only: whether the certificates satisfy each other is for the wire to show.
type Prediction struct {
	Says    hop.Outcome `json:"says,omitempty"` // empty when the configurations could not be read far enough
	Refusal hop.Refusal `json:"refusal,omitempty"`
	Why     string      `json:"why"`
}

// Predict says what happens when a client so configured connects to a server so configured.
func Predict(client ClientFacts, server ServerFacts) Prediction {
	switch client.Socket {
	case TLSSocket:
		return predictTLS(client, server)
	case RawSocket:
		return PredictPlain(server)
	default:
		return Prediction{Why: "the client's transport socket could not be read: " + client.Socket}
	}
}

// PredictPlain says what happens when a client without a proxy connects in the clear and speaks HTTP.
func PredictPlain(server ServerFacts) Prediction {
	if server.Undecided != "" {
		return Prediction{Why: server.Undecided}
	}
	// Of the versions that an inspector tells apart either will do: Istio lists both wherever it lists one.
	chain, found := server.Match(Connection{ALPN: []string{"http/1.1", "h2c"}})
	if !found {
		return Prediction{Says: hop.Refused, Refusal: hop.NoFilterChain, Why: "the client sends plaintext, and the server has no filter chain for it"}
	}
	switch chain.Socket {
	case RawSocket:
		return Prediction{Says: hop.Plaintext, Why: fmt.Sprintf("the client sends plaintext, and the server's chain %s takes it", chain.Name)}
	case TLSSocket:
		return Prediction{Says: hop.Refused, Why: fmt.Sprintf("the client sends plaintext, and the server's chain %s expects TLS", chain.Name)}
	default:
		return unreadable(chain)
	}
}

func predictTLS(client ClientFacts, server ServerFacts) Prediction {
	if server.Undecided != "" {
		return Prediction{Why: server.Undecided}
	}
	chain, found := server.Match(Connection{TLS: true, SNI: client.SNI, ALPN: client.ALPN})
	if !found {
		return Prediction{Says: hop.Refused, Refusal: hop.NoFilterChain, Why: fmt.Sprintf("the client sends TLS with ALPN %v, and the server has no filter chain for it", client.ALPN)}
	}
	switch {
	case chain.Socket == RawSocket:
		return Prediction{Says: hop.Refused, Refusal: hop.NotTLS, Why: fmt.Sprintf("the client sends TLS, and the server's chain %s %s", chain.Name, handlesTLS(chain))}
	case chain.Socket != TLSSocket:
		return unreadable(chain)
	case client.CertificateSecret == "" && chain.RequireClientCertificate:
		return Prediction{Says: hop.Refused, Why: fmt.Sprintf("the client has no certificate, and the server's chain %s requires one", chain.Name)}
	case client.CertificateSecret == "":
		return Prediction{Says: hop.OneWayTLS, Why: fmt.Sprintf("the client has no certificate, and the server's chain %s does without", chain.Name)}
	case chain.ValidationSecret == "":
		return Prediction{Says: hop.OneWayTLS, Why: fmt.Sprintf("the server's chain %s has no roots to verify the client's certificate with", chain.Name)}
	default:
		return Prediction{Says: hop.MTLS, Why: fmt.Sprintf("the client has a certificate, and the server's chain %s verifies it", chain.Name)}
	}
}

func unreadable(chain ChainFacts) Prediction {
	return Prediction{Why: fmt.Sprintf("the transport socket of the server's chain %s could not be read: %s", chain.Name, chain.Socket)}
}

const httpConnectionManager = "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"

// handlesTLS tells what becomes of TLS on a chain that does not terminate it.
func handlesTLS(chain ChainFacts) string {
	if slices.ContainsFunc(chain.Filters, func(f Filter) bool { return f.Type == httpConnectionManager }) {
		return "reads it as HTTP in the clear"
	}
	return "passes it on to the application as it is"
}
