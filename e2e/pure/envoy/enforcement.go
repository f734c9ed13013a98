package envoy

import "mtls.test/conformance/e2e/pure/hop"

// Enforced is whether a port takes a kind of connection.
type Enforced string

// The answers. Without any the configuration could not be read far enough.
const (
	Takes   Enforced = "takes"
	Refuses Enforced = "refuses"
)

// EnforcedBy is an answer with its reason.
type EnforcedBy struct {
	Says Enforced `json:"says,omitempty"`
	Why  string   `json:"why"`
}

// Enforcement is what a port's filter chains do with each kind of connection, whatever AuthorizationPolicies add. PeerAuthentication's
// modes show in it: STRICT refuses plaintext, DISABLE takes nothing but plaintext, PERMISSIVE takes plaintext and the mesh's
// clients. Source: https://istio.io/latest/docs/reference/config/security/peer_authentication/#PeerAuthentication-MutualTLS-Mode
type Enforcement struct {
	Plaintext EnforcedBy `json:"plaintext"` // in the clear
	MTLS      EnforcedBy `json:"mtls"`      // mTLS as the mesh's proxies offer it, with Istio's ALPN and a mesh certificate
	BareTLS   EnforcedBy `json:"bareTLS"`   // mTLS with a mesh certificate and without Istio's ALPN
	// NoCertificate is TLS with Istio's ALPN that presents no certificate: a port that takes it encrypts and asks for no identity.
	NoCertificate EnforcedBy `json:"noCertificate"`
}

// Enforces derives what the port enforces from its filter chains, as Predict does for a hop. What TLS a chain passes on unread
// to the application counts as refused: no proxy terminates it. A chain for some clients, by their addresses, counts as one for all:
// what it takes the port takes.
func (s ServerFacts) Enforces() Enforcement {
	if s.bySource {
		s.Undecided = ""
	}
	istio := Hello{TLSContext: istioClient.TLSContext}
	bare, anonymous := istio, istio
	bare.ALPN = nil
	anonymous.CertificateSecret = ""
	return Enforcement{
		Plaintext: anySpeech(func(speaks Speech) Prediction {
			return PredictPlain(s, Attempt{Speaks: speaks, Authorized: true})
		}, hop.Plaintext),
		MTLS:          s.takesTLS(istio, hop.MTLS),
		BareTLS:       s.takesTLS(bare, hop.MTLS),
		NoCertificate: s.takesTLS(anonymous, hop.OneWayTLS),
	}
}

func (s ServerFacts) takesTLS(hello Hello, as hop.Outcome) EnforcedBy {
	return anySpeech(func(speaks Speech) Prediction {
		return PredictProbe(hello, s, Attempt{Speaks: speaks, Authorized: true})
	}, as)
}

// anySpeech asks for each kind of first bytes that a chain may ask for: a port takes a connection where it takes it with some of them.
func anySpeech(predict func(Speech) Prediction, as hop.Outcome) EnforcedBy {
	var answer EnforcedBy
	for i, speaks := range []Speech{SpeaksHTTP1, SpeaksHTTP2, SpeaksBytes} {
		p := predict(speaks)
		switch {
		case p.Says == as:
			return EnforcedBy{Says: Takes, Why: p.Why}
		case i == 0:
			answer = EnforcedBy{Why: p.Why}
			if p.Says != "" {
				answer.Says = Refuses
			}
		case p.Says == "":
			answer = EnforcedBy{Why: p.Why}
		}
	}
	return answer
}
