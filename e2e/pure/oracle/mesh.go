package oracle

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/istioversion"
)

// Mesh holds what of a control plane decides hops: its settings, from MeshConfig and from istiod's own arguments, and its version.
type Mesh struct {
	// Istio is istiod's version. One that is not known counts as the newest.
	Istio         istioversion.Version
	RootNamespace string
	TrustDomain   string
	// Domain is the cluster's DNS domain, in which istiod names Services: its argument --domain.
	Domain     string
	Aliases    []string // other trust domains that count as the mesh's own
	CADomains  []string // trust domains of meshConfig.caCertificates
	AutoMTLS   bool
	MinVersion Version // that sidecars accept
	// DefaultMinVersion is that of meshConfig.tlsDefaults; empty where it is not set.
	DefaultMinVersion Version
	// CipherSuites are those that sidecars accept over TLS 1.2, by OpenSSL's names; empty for Istio's own.
	CipherSuites []string
	// ExportRules is where a DestinationRule without exportTo is seen; empty for everywhere.
	ExportRules []string
	// ExportServices is where a Service or ServiceEntry without exportTo is seen; empty for everywhere.
	ExportServices []string
	// ExportRoutes is where a VirtualService without exportTo is seen; empty for everywhere.
	ExportRoutes []string
	// Roots are those that the mesh trusts.
	Roots []fixture.Root
	// RegistryOnly is outboundTrafficPolicy REGISTRY_ONLY: a sidecar calls only what the mesh knows.
	RegistryOnly bool
}

// DefaultMesh is what Istio assumes of settings not given (istio/istio pkg/config/mesh/mesh.go, DefaultMeshConfig;
// https://istio.io/latest/docs/reference/commands/pilot-discovery/, --domain).
func DefaultMesh() Mesh {
	return Mesh{RootNamespace: "istio-system", TrustDomain: "cluster.local", Domain: "cluster.local", AutoMTLS: true, MinVersion: TLS12, Roots: []fixture.Root{fixture.FirstRoot}}
}

// hostName is the host of a Service.
func (m Mesh) hostName(name, namespace string) string {
	return name + "." + namespace + ".svc." + m.Domain
}

// meshKeys are the keys of MeshConfig that are read
// (https://istio.io/latest/docs/reference/config/istio.mesh.v1alpha1/#MeshConfig).
type meshKeys struct {
	RootNamespace  *string   `yaml:"rootNamespace"`
	TrustDomain    *string   `yaml:"trustDomain"`
	Aliases        *[]string `yaml:"trustDomainAliases"`
	EnableAutoMTLS *bool     `yaml:"enableAutoMtls"`
	MeshMTLS       *struct {
		MinProtocolVersion string   `yaml:"minProtocolVersion"`
		CipherSuites       []string `yaml:"cipherSuites"`
	} `yaml:"meshMTLS"`
	TLSDefaults *struct {
		MinProtocolVersion string `yaml:"minProtocolVersion"`
	} `yaml:"tlsDefaults"`
	CACertificates *[]struct {
		TrustDomains []string `yaml:"trustDomains"`
	} `yaml:"caCertificates"`
	ExportRules    *[]string `yaml:"defaultDestinationRuleExportTo"`
	ExportServices *[]string `yaml:"defaultServiceExportTo"`
	ExportRoutes   *[]string `yaml:"defaultVirtualServiceExportTo"`
	OutboundPolicy *struct {
		Mode string `yaml:"mode"`
	} `yaml:"outboundTrafficPolicy"`
}

// With applies keys of MeshConfig, as YAML or JSON, to the settings.
func (m Mesh) With(meshConfig []byte) (Mesh, error) {
	var keys meshKeys
	if err := yaml.Unmarshal(meshConfig, &keys); err != nil {
		return Mesh{}, fmt.Errorf("mesh settings: %w", err)
	}
	set(&m.RootNamespace, keys.RootNamespace)
	set(&m.TrustDomain, keys.TrustDomain)
	set(&m.Aliases, keys.Aliases)
	set(&m.AutoMTLS, keys.EnableAutoMTLS)
	set(&m.ExportRules, keys.ExportRules)
	set(&m.ExportServices, keys.ExportServices)
	set(&m.ExportRoutes, keys.ExportRoutes)
	if keys.MeshMTLS != nil {
		m.MinVersion, m.CipherSuites = TLS12, keys.MeshMTLS.CipherSuites
		if keys.MeshMTLS.MinProtocolVersion == "TLSV1_3" {
			m.MinVersion = TLS13
		}
	}
	if keys.TLSDefaults != nil {
		m.DefaultMinVersion = map[string]Version{"TLSV1_2": TLS12, "TLSV1_3": TLS13}[keys.TLSDefaults.MinProtocolVersion]
	}
	if keys.CACertificates != nil {
		m.CADomains = nil
		for _, certificate := range *keys.CACertificates {
			m.CADomains = append(m.CADomains, certificate.TrustDomains...)
		}
	}
	if keys.OutboundPolicy != nil {
		m.RegistryOnly = keys.OutboundPolicy.Mode == "REGISTRY_ONLY"
	}
	return m, nil
}

// set replaces a setting that was given.
func set[T any](setting *T, given *T) {
	if given != nil {
		*setting = *given
	}
}

// sharesCipher reports whether a client and a sidecar have a cipher suite in common. The mesh's leaf keys are RSA, so over
// TLS 1.2 a suite must be of ECDHE-RSA, all of which clients of today offer.
func (m Mesh) sharesCipher(c connection) bool {
	if len(m.CipherSuites) == 0 || c.offers(TLS13) {
		return true
	}
	return slices.ContainsFunc(m.CipherSuites, func(suite string) bool { return strings.HasPrefix(suite, "ECDHE-RSA-") })
}

// accepts reports whether a server of the mesh accepts identities of the trust domain
// (istio/istio pilot/pkg/networking/plugin/authn/util.go).
func (m Mesh) accepts(trustDomain string) (accepted, alias bool) {
	if trustDomain == m.TrustDomain {
		return true, false
	}
	for _, other := range join(m.Aliases, m.CADomains) {
		if trustDomain != "" && trustDomain == other {
			return true, true
		}
	}
	return false, false
}

// vouchesFor reports whether a root that the mesh trusts has signed a kind of certificate. second is true where that root is
// not the mesh's first one. Certificates that istiod signs now are trusted as long as the mesh is consistent
// (https://istio.io/latest/docs/tasks/security/cert-management/plugin-ca-cert/).
func (m Mesh) vouchesFor(certificate Certificate) (vouches, second bool) {
	switch certificate {
	case OfMesh:
		return true, false
	case FirstCA, Expired, NotYetValid, WrongTrustDomain:
		return slices.Contains(m.Roots, fixture.FirstRoot), false
	case ForeignCA:
		return slices.Contains(m.Roots, fixture.ForeignRoot), true
	}
	return false, false
}
