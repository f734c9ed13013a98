// Package recording holds what `make record` recorded of live meshes: for each Istio minor the configuration of the proxies,
// the access log lines and the packets of known situations, each beside what its case expects. The unit tests of envoy,
// accesslog and handshake read it: what they make of the raw data must be what the case expects.
//
// A minor is a folder of testdata, a situation a folder of that:
//
//	1.31/provenance.json                     what was recorded, and how
//	1.31/certificates/WORKLOAD.json          what a proxy holds by SDS, without keys
//	1.31/mesh-strict/situation.json          the policies, and the attempts with their expectations
//	1.31/mesh-strict/proxies/WORKLOAD.json   a config_dump, cut down
//	1.31/mesh-strict/ATTEMPT.client.log      the access log line of the client's proxy
//	1.31/mesh-strict/ATTEMPT.server.log      and of the server's proxy
//	1.31/mesh-strict/ATTEMPT.pcap            the packets, up to the end of the handshake
package recording

import (
	"net/netip"

	"mtls.test/conformance/e2e/pure/envoy"
	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/hop"
)

// Cases are the situations that every recording has: each is a case of the suite up to its first expectation.
var Cases = []string{
	"default-mesh",               // auto mTLS, and plaintext of a client without a proxy
	"mesh-strict",                // plaintext refused: no-filter-chain
	"disable-under-strict",       // a DISABLE rule under STRICT: refused
	"mutual-against-disable",     // TLS at a server in the clear: not-tls
	"simple-against-permissive",  // TLS without Istio's ALPN and without a certificate
	"subset-overrides-tls",       // a subset with mTLS beside one in the clear
	"subject-alt-names",          // the client refuses the server: wrong-san
	"deny-plaintext",             // an AuthorizationPolicy: unauthorized
	"wire-parameters",            // what TLS 1.3 shows on the wire; TCP beside HTTP and gRPC
	"tls-versions",               // TLS 1.2, 1.3, and 1.1 refused
	"inbound-tcp-strict",         // TCP: mTLS, no-filter-chain, no-client-certificate
	"inbound-app-tls-permissive", // TLS of the application's own
	"pod-address",                // a pod's own address, which is in no Service
	"headless-workload-disable",  // a headless Service
	"gateway-simple",             // a gateway's server of mode SIMPLE
	"gateway-mutual",             // and of mode MUTUAL
}

// Minor is the recording of one Istio minor.
type Minor struct {
	Name       string // 1.31
	Provenance Provenance
	Situations []Situation

	Certificates map[string][]byte // what each proxy holds by SDS, by workload
}

// Provenance tells what was recorded, and how.
type Provenance struct {
	Command    string `json:"command"`
	Date       string `json:"date"`                 // YYYY-MM-DD
	Istio      string `json:"istio"`                // its version
	Commit     string `json:"commit,omitempty"`     // of Istio, where the version is of no release
	CommitDate string `json:"commitDate,omitempty"` // YYYY-MM-DD
	Envoy      string `json:"envoy"`
	Kubernetes string `json:"kubernetes"`
	Profile    string `json:"profile"` // of the proxies: vanilla or default
}

// Situation is a case up to its first expectation, and what was recorded of it.
type Situation struct {
	Case     string    `json:"case"`
	Step     int       `json:"step"`    // index of the expectation in the case
	Applied  []string  `json:"applied"` // policy files that were in force
	Attempts []Attempt `json:"attempts"`

	Proxies      map[string][]byte `json:"-"` // config_dumps by workload
	Certificates map[string][]byte `json:"-"` // what each proxy held by SDS, by workload; Add gives it to the minor
}

// Attempt is one attempt over one hop: what the case expects of it, and where its evidence is.
type Attempt struct {
	Name string `json:"name"` // of its files
	hop.Hop
	Want     hop.Outcome    `json:"want"`
	Cause    hop.Refusal    `json:"cause,omitempty"`
	Subset   string         `json:"subset,omitempty"`
	As       string         `json:"as,omitempty"` // how a port of undeclared protocol is spoken to
	Probe    *fixture.Probe `json:"probe,omitempty"`
	Wire     *fixture.Wire  `json:"wire,omitempty"` // what the packets must show
	Identity Identity       `json:"identity"`       // that the ends must prove where the hop is mTLS

	ID         string         `json:"id"` // the request's x-hop-id
	Protocol   hop.Protocol   `json:"protocol"`
	ClientKind hop.ClientKind `json:"clientKind"`
	Client     string         `json:"client,omitempty"`  // the workload whose proxy is the client's; empty where there is none
	Cluster    string         `json:"cluster,omitempty"` // by which it reaches the server
	Server     string         `json:"server,omitempty"`  // the workload whose proxy is the server's; empty where there is none
	Relays     bool           `json:"relays,omitempty"`  // the server is a gateway
	Address    netip.AddrPort `json:"address"`           // of the server's pod
	Conn       hop.FiveTuple  `json:"conn,omitzero"`     // on the wire
	Packets    *hop.Packets   `json:"packets,omitempty"` // as the tap counted them

	Does  envoy.Attempt `json:"does"`            // the applications at both ends
	Hello *envoy.Hello  `json:"hello,omitempty"` // of a probe

	ClientLine []byte `json:"-"`
	ServerLine []byte `json:"-"`
	Pcap       []byte `json:"-"`
}

// Identity is what each end must prove.
type Identity struct {
	Client hop.Identity `json:"client,omitempty"`
	Server hop.Identity `json:"server,omitempty"`
}

// Lacks names the evidence that the attempt's outcome must leave and that is not there. A proxy has a line of each attempt that
// it took part in. A server's proxy takes no part where the client's opens no connection; where the client's breaks off the
// handshake, whether the server's has a line depends on how far it had come.
func (a Attempt) Lacks() []string {
	var lacking []string
	lack := func(what string, evidence []byte, due bool) {
		if due && len(evidence) == 0 {
			lacking = append(lacking, what)
		}
	}
	lack("the line of the client's proxy", a.ClientLine, a.Client != "")
	lack("the line of the server's proxy", a.ServerLine, a.Server != "" && !a.atClient())
	lack("packets", a.Pcap, a.Cause != hop.NoEndpoint)
	return lacking
}

// atClient reports whether the client's end is the one that refuses.
func (a Attempt) atClient() bool {
	switch a.Cause {
	case hop.NoCluster, hop.NoEndpoint, hop.NotTLS, hop.WrongSAN, hop.UnknownServerCA:
		return true
	}
	return false
}
