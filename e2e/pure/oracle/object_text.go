package oracle

import (
	"slices"
	"strings"
)

// text is the YAML of an object of the snapshot by its name, KIND NAMESPACE/NAME; empty of one that the snapshot does not hold.
func (s Snapshot) text(object string) string {
	kind, _, _ := strings.Cut(object, " ")
	switch kind {
	case "PeerAuthentication":
		return textIn(s.PeerAuthentications, object)
	case "AuthorizationPolicy":
		return textIn(s.AuthorizationPolicies, object)
	case "DestinationRule":
		return textIn(s.DestinationRules, object)
	case "Gateway":
		return textIn(s.Gateways, object)
	case "ServiceEntry":
		return textIn(s.ServiceEntries, object)
	case "Sidecar":
		return textIn(s.Sidecars, object)
	case "VirtualService":
		return textIn(s.VirtualServices, object)
	case backendTLSKind:
		return textIn(s.BackendTLSPolicies, object)
	case "HTTPRoute":
		return textIn(s.HTTPRoutes, object)
	case "GRPCRoute":
		return textIn(s.GRPCRoutes, object)
	}
	i := slices.IndexFunc(s.Services, func(own Service) bool { return "Service "+own.String() == object })
	if i < 0 {
		return ""
	}
	var annotations map[string]string
	if exports := s.Services[i].ExportTo; len(exports) > 0 {
		annotations = map[string]string{exportAnnotation: strings.Join(exports, ",")}
	}
	return textOf(Meta{Kind: "Service", Name: s.Services[i].Name, Namespace: s.Services[i].Namespace}, annotations, nil)
}

func textIn[Spec any](all []Object[Spec], object string) string {
	i := slices.IndexFunc(all, func(own Object[Spec]) bool { return own.String() == object })
	if i < 0 {
		return ""
	}
	return textOf(all[i].Meta, nil, all[i].Spec)
}
