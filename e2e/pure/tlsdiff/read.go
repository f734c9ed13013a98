package tlsdiff

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"mtls.test/conformance/e2e/pure/envoy"
	"mtls.test/conformance/e2e/pure/tlscheck"
)

// unreadRoots stands for roots by which a peer is verified and which the configuration does not hold, such as those of a file.
const unreadRoots = "not read"

// The values of fields that are yes or no.
const (
	yes = "yes"
	no  = "no"
)

// Names tell of a pod, by NAMESPACE/NAME, what a snapshot keeps of it.
type Names struct {
	Controller func(pod string) string // what made it
	Version    func(pod string) Version
}

// Hops are those of a host that tls-check has inspected.
func Hops(host tlscheck.Host, names Names) []Hop {
	var all []Hop
	for _, row := range host.Rows {
		for _, h := range row.Hops {
			one := Hop{
				Key:      Key{Client: names.Controller(h.Client), Host: host.Host, Port: h.Port, Way: row.Way, Server: names.Controller(h.Endpoint), Behind: h.Behind},
				Subset:   subsetOf(h),
				Ambient:  h.Ambient,
				Versions: Versions{Client: names.Version(h.Client), Server: names.Version(h.Endpoint)},
			}
			switch {
			case h.Unknown != "":
				one.Missing = h.Unknown
			case h.Configured == nil:
				one.Missing = "no proxy of it was read"
			case h.Configured.Missing != "":
				one.Missing = h.Configured.Missing
			default:
				one.read(*h.Configured)
			}
			all = append(all, one)
		}
	}
	return all
}

func subsetOf(h tlscheck.Hop) string {
	if h.Route != nil {
		return h.Route.Subset
	}
	return h.Subset
}

// read takes what the proxies of both ends are configured to do. An end that is nil has no proxy that was read.
func (h *Hop) read(configured tlscheck.Configured) {
	h.Facts = Facts{Outcome: {outcome(configured.Prediction)}}
	if client := configured.ClientEnd; client != nil {
		h.Facts.addClient(*client)
	}
	if server := configured.ServerEnd; server != nil && !server.NoProxy {
		h.Gateway = server.Gateway
		h.addServer(*server)
	}
}

func outcome(prediction envoy.Prediction) string {
	switch {
	case prediction.Says == "":
		return "not known"
	case prediction.Refusal != "":
		return fmt.Sprintf("%s (%s)", prediction.Says, prediction.Refusal)
	}
	return string(prediction.Says)
}

func (f Facts) addClient(c envoy.ClientFacts) {
	f[EndpointMark], f[ClientSocket] = value(c.Match), value(c.Socket)
	if c.Socket != envoy.TLSSocket {
		return
	}
	sni := value(c.SNI)
	if c.AutoSNI && c.SNI == "" {
		sni = []string{"the request's authority"}
	}
	sans := sorted(c.SANs)
	if c.AutoSAN {
		sans = append(sans, "the request's authority")
	}
	f[ClientSNI], f[ClientSANs] = sni, sans
	f.addContext(c.TLSContext, contextFields{
		alpn: ClientALPN, roots: ClientRoots, untrusted: ClientUntrusted, lowest: ClientMinVersion, highest: ClientMaxVersion,
		ciphers: ClientCiphers, groups: ClientGroups, identity: ClientIdentity, key: ClientKey, lifetime: ClientLifetime,
	})
}

func (h *Hop) addServer(s envoy.ServerFacts) {
	chains := s.Chains
	if s.DefaultChain != nil {
		chains = append(slices.Clone(chains), *s.DefaultChain)
	}
	var order []string
	for _, chain := range chains {
		order = append(order, chainText(chain))
	}
	h.Facts[ServerChains], h.Facts[ServerPlaintext] = order, []string{outcome(s.Plain)}
	for _, chain := range chains {
		if chain.Socket != envoy.TLSSocket {
			continue
		}
		// istiod gives the chains of a sidecar's port one TLS context, and those of a gateway's one for each of its servers.
		if one := chainOf(chain); !slices.ContainsFunc(h.Chains, one.like) {
			h.Chains = append(h.Chains, one)
		}
	}
}

func chainOf(chain envoy.ChainFacts) Chain {
	facts := Facts{
		ServerCertificate: {map[bool]string{true: "required", false: "not required"}[chain.RequireClientCertificate]},
		ServerSANs:        sorted(chain.SANs),
	}
	facts.addContext(chain.TLSContext, contextFields{
		alpn: ServerALPN, roots: ServerRoots, untrusted: ServerUntrusted, lowest: ServerMinVersion, highest: ServerMaxVersion,
		ciphers: ServerCiphers, groups: ServerGroups, identity: ServerIdentity, key: ServerKey, lifetime: ServerLifetime,
	})
	return Chain{SNI: strings.Join(sorted(chain.ServerNames), ","), Facts: facts}
}

// chainText is what a chain is for, without the name that istiod gives it.
func chainText(chain envoy.ChainFacts) string {
	match := []string{"any transport"}
	if chain.TransportProtocol != "" {
		match = []string{chain.TransportProtocol}
	}
	if len(chain.ApplicationProtocols) > 0 {
		match = append(match, "ALPN "+strings.Join(chain.ApplicationProtocols, ","))
	}
	if len(chain.ServerNames) > 0 {
		match = append(match, "SNI "+strings.Join(chain.ServerNames, ","))
	}
	if len(chain.Addresses) > 0 {
		match = append(match, "some addresses")
	}
	reads := "bytes"
	if chain.HTTP {
		reads = "HTTP"
	}
	return fmt.Sprintf("%s: %s, %s", strings.Join(match, " "), chain.Socket, reads)
}

// contextFields are the fields of one end's TLS context.
type contextFields struct {
	alpn, roots, untrusted, lowest, highest, ciphers, groups, identity, key, lifetime Field
}

func (f Facts) addContext(context envoy.TLSContext, to contextFields) {
	f[to.alpn], f[to.ciphers], f[to.groups] = list(context.ALPN), list(context.Ciphers), list(context.Groups)
	f[to.lowest], f[to.highest] = value(context.MinTLS), value(context.MaxTLS)
	f[to.untrusted] = []string{no}
	if context.AcceptsUntrusted {
		f[to.untrusted] = []string{yes}
	}
	f[to.roots] = []string{}
	if context.VerifiesPeer() && context.Roots == nil {
		f[to.roots] = []string{unreadRoots}
	}
	if context.Roots != nil {
		for _, root := range context.Roots.Roots {
			sum := sha256.Sum256(root.DER)
			f[to.roots] = append(f[to.roots], hex.EncodeToString(sum[:8]))
		}
		slices.Sort(f[to.roots])
	}
	if own := context.Certificate; own != nil && own.Key != "" {
		f[to.identity], f[to.key] = value(string(own.Identity)), value(own.Key)
		f[to.lifetime] = []string{lifetime(own.NotAfter.Sub(own.NotBefore))}
	}
}

// lifetime is rounded to whole hours, and below two hours to minutes: istiod dates a certificate back by two minutes, and cuts it at
// the end of its CA (istio/istio security/pkg/pki/util/generate_cert.go).
func lifetime(d time.Duration) string {
	if d < 2*time.Hour {
		return (time.Duration(math.Round(d.Minutes())) * time.Minute).String()
	}
	return (time.Duration(math.Round(d.Hours())) * time.Hour).String()
}

func value(text string) []string {
	if text == "" {
		return []string{}
	}
	return []string{text}
}

// list is a copy, which is not nil: the field applies.
func list(values []string) []string { return append([]string{}, values...) }

func sorted(values []string) []string {
	all := list(values)
	slices.Sort(all)
	return all
}
