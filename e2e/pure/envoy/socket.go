package envoy

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// The transport sockets that are told apart. A socket that cannot be read keeps its type URL as its name.
const (
	TLSSocket = "tls"
	RawSocket = "raw_buffer"
)

// TLSContext is what one end of a TLS connection is configured with.
type TLSContext struct {
	ALPN              []string `json:"alpn,omitempty"`              // offered by a client, accepted by a server
	CertificateSecret string   `json:"certificateSecret,omitempty"` // SDS name; "(inline)" where the configuration holds it itself
	ValidationSecret  string   `json:"validationSecret,omitempty"`  // SDS name of the trusted roots; "(inline)"; empty when the peer is not verified
	SANs              []string `json:"sans,omitempty"`              // what the peer's certificate must hold: "exact:spiffe://…", "prefix:spiffe://…"
	AcceptsUntrusted  bool     `json:"acceptsUntrusted,omitempty"`  // trust_chain_verification ACCEPT_UNTRUSTED: whatever is wrong with the peer's certificate
	MinTLS            string   `json:"minTLS,omitempty"`            // as Envoy's configuration spells it: TLSv1_2
	MaxTLS            string   `json:"maxTLS,omitempty"`
	Ciphers           []string `json:"ciphers,omitempty"` // TLS 1.2 suites; those of TLS 1.3 cannot be configured
	Groups            []string `json:"groups,omitempty"`  // for the key exchange, TlsParameters.ecdh_curves; Envoy's own choice where there is none

	// What the secrets hold; nil where the dump does not. Reports list secrets beside the configuration.
	Certificate *SecretFacts `json:"-"`
	Roots       *SecretFacts `json:"-"`
}

// VerifiesPeer reports whether the peer's certificate must be signed by a trusted root.
func (t TLSContext) VerifiesPeer() bool { return t.ValidationSecret != "" }

// inline stands for a certificate or for roots that the configuration holds without a secret's name.
const inline = "(inline)"

// anySocket is a transport socket before its type is known.
type anySocket struct {
	Name  string          `json:"name"`
	Typed json.RawMessage `json:"typed_config"`

	// What is made of it at the first use. Dumps that share a pool share sockets.
	classified sync.Once
	class      string
	known      bool
	decoded    sync.Once
	upstream   *tlsv3.UpstreamTlsContext
	fault      error
}

type typed struct {
	Type  string `json:"@type"`
	Inner string `json:"type_url"` // of a TypedStruct, which wraps filters that Envoy's core does not know
}

func typeOf(raw json.RawMessage) string {
	var t typed
	if err := json.Unmarshal(raw, &t); err != nil {
		return ""
	}
	if t.Inner != "" {
		t.Type = t.Inner
	}
	return strings.TrimPrefix(t.Type, "type.googleapis.com/")
}

const (
	upstreamTLS   = "envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext"
	downstreamTLS = "envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext"
	rawBuffer     = "envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer"
)

// kind tells TLS from raw; a socket of another type is named by that type, and known is false.
func (s *anySocket) kind() (kind string, known bool) {
	if s == nil {
		return RawSocket, true
	}
	s.classified.Do(func() { s.class, s.known = s.classify() })
	return s.class, s.known
}

func (s *anySocket) classify() (kind string, known bool) {
	switch t := typeOf(s.Typed); t {
	case upstreamTLS, downstreamTLS:
		return TLSSocket, true
	case rawBuffer:
		return RawSocket, true
	case "":
		return s.Name, s.Name == "envoy.transport_sockets.raw_buffer"
	default:
		return t, false
	}
}

// asUpstream is what a socket of a client's TLS says.
func (s *anySocket) asUpstream() (*tlsv3.UpstreamTlsContext, error) {
	s.decoded.Do(func() {
		s.upstream = &tlsv3.UpstreamTlsContext{}
		s.fault = decodeTyped(s.Typed, s.upstream)
	})
	return s.upstream, s.fault
}

// decode reads one element; fields that this build does not know are left out, an unknown Any is an error.
func decode(raw json.RawMessage, into proto.Message) error {
	return protojson.UnmarshalOptions{DiscardUnknown: true}.Unmarshal(raw, into)
}

// body takes "@type" off an Any's JSON, for protojson decodes a message of a known type without it.
func body(raw json.RawMessage) (json.RawMessage, error) {
	fields := map[string]json.RawMessage{}
	if err := json.Unmarshal(raw, &fields); err != nil {
		return nil, err
	}
	delete(fields, "@type")
	return json.Marshal(fields)
}

func decodeTyped(raw json.RawMessage, into proto.Message) error {
	fields, err := body(raw)
	if err != nil {
		return err
	}
	return decode(fields, into)
}

func (d *Dump) readTLS(common *tlsv3.CommonTlsContext) TLSContext {
	facts := TLSContext{
		ALPN:              common.GetAlpnProtocols(),
		CertificateSecret: certificateOf(common),
		Ciphers:           common.GetTlsParams().GetCipherSuites(),
		Groups:            common.GetTlsParams().GetEcdhCurves(),
		MinTLS:            version(common.GetTlsParams().GetTlsMinimumProtocolVersion()),
		MaxTLS:            version(common.GetTlsParams().GetTlsMaximumProtocolVersion()),
	}
	secret, validation := validationOf(common)
	if secret == "" && validation.GetTrustedCa() != nil {
		secret = inline
	}
	facts.ValidationSecret = secret
	facts.SANs = subjectAltNames(validation)
	facts.AcceptsUntrusted = validation.GetTrustChainVerification() == tlsv3.CertificateValidationContext_ACCEPT_UNTRUSTED
	facts.Certificate, facts.Roots = d.held[facts.CertificateSecret], d.held[facts.ValidationSecret]
	if own := common.GetTlsCertificates(); facts.CertificateSecret == inline && len(own) == 1 {
		if chain, err := inlineCertificates(own[0].GetCertificateChain()); err == nil {
			facts.Certificate = &SecretFacts{Name: inline}
			facts.Certificate.readChain(chain)
		}
	}
	if facts.ValidationSecret == inline {
		if roots, err := inlineCertificates(validation.GetTrustedCa()); err == nil {
			facts.Roots = &SecretFacts{Name: inline, Roots: roots}
		}
	}
	return facts
}

func version(v tlsv3.TlsParameters_TlsProtocol) string {
	if v == tlsv3.TlsParameters_TLS_AUTO {
		return ""
	}
	return v.String()
}

func certificateOf(common *tlsv3.CommonTlsContext) string {
	var names []string
	for _, sds := range common.GetTlsCertificateSdsSecretConfigs() {
		names = append(names, sds.GetName())
	}
	if len(names) == 0 && (len(common.GetTlsCertificates()) > 0 || common.GetTlsCertificateProviderInstance() != nil) {
		return inline
	}
	return strings.Join(names, ",")
}

func validationOf(common *tlsv3.CommonTlsContext) (secret string, inPlace *tlsv3.CertificateValidationContext) {
	if combined := common.GetCombinedValidationContext(); combined != nil {
		return combined.GetValidationContextSdsSecretConfig().GetName(), combined.GetDefaultValidationContext()
	}
	return common.GetValidationContextSdsSecretConfig().GetName(), common.GetValidationContext()
}

// subjectAltNames reads both the typed matchers and the older field that Istio still fills.
// The older one is read by reflection, for its generated accessor is marked deprecated.
func subjectAltNames(validation *tlsv3.CertificateValidationContext) []string {
	var sans []string
	for _, typed := range validation.GetMatchTypedSubjectAltNames() {
		sans = append(sans, matcherText(typed.GetMatcher()))
	}
	if validation == nil {
		return sans
	}
	message := validation.ProtoReflect()
	field := message.Descriptor().Fields().ByName("match_subject_alt_names")
	if field == nil {
		return sans
	}
	list := message.Get(field).List()
	for i := range list.Len() {
		if matcher, ok := list.Get(i).Message().Interface().(*matcherv3.StringMatcher); ok {
			sans = append(sans, matcherText(matcher))
		}
	}
	return sans
}

// matcherText writes a matcher as "exact:VALUE"; one that is no plain string is named by its kind alone.
func matcherText(matcher *matcherv3.StringMatcher) string {
	message := matcher.ProtoReflect()
	set := message.WhichOneof(message.Descriptor().Oneofs().ByName("match_pattern"))
	if set == nil {
		return "any"
	}
	if set.Kind() == protoreflect.StringKind {
		return fmt.Sprintf("%s:%s", set.Name(), message.Get(set).String())
	}
	return string(set.Name())
}

// dataBytes returns what a data source holds itself. A file's content is not in a dump.
func dataBytes(source *corev3.DataSource) ([]byte, error) {
	switch s := source.GetSpecifier().(type) {
	case *corev3.DataSource_InlineBytes:
		return s.InlineBytes, nil
	case *corev3.DataSource_InlineString:
		return []byte(s.InlineString), nil
	case *corev3.DataSource_Filename:
		return nil, fmt.Errorf("it is in the file %s of the proxy, which the dump does not hold", s.Filename)
	default:
		return nil, fmt.Errorf("it has no content")
	}
}
