package oracle

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"

	"mtls.test/conformance/e2e/pure/fixture"
)

// apiVirtualServices turns routes of the Gateway API into what istiod makes of them: one VirtualService for each parent and
// host, in which the rules of all routes with that parent and host are sorted
// (istio/istio pilot/pkg/config/kube/gateway/route_collections.go, HTTPRouteCollection and mergeHTTPRoutes).
func (s Snapshot) apiVirtualServices() []*virtualService {
	byKey := map[string][]*virtualService{}
	var keys []string
	for _, object := range slices.Concat(s.HTTPRoutes, s.GRPCRoutes) {
		for _, bound := range s.bind(object) {
			if byKey[bound.key] == nil {
				keys = append(keys, bound.key)
			}
			byKey[bound.key] = append(byKey[bound.key], bound.virtualService)
		}
	}
	var all []*virtualService
	for _, key := range keys {
		all = append(all, mergeAPI(key, byKey[key]))
	}
	return all
}

// mergeAPI joins VirtualServices of one key, the oldest first, and sorts their rules.
func mergeAPI(key string, same []*virtualService) *virtualService {
	slices.SortStableFunc(same, func(a, b *virtualService) int {
		return cmp.Or(a.Created.Compare(b.Created), cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
	})
	merged := *same[0]
	if len(same) > 1 {
		merged.rules = append(merged.rules, RouteAPIMerge)
	}
	for _, other := range same[1:] {
		merged.http = append(merged.http, other.http...)
		merged.notes = append(merged.notes, other.notes...)
		merged.rules = append(merged.rules, other.rules...)
	}
	merged.key = strings.ReplaceAll(key, "/", "~") // its name at istiod
	slices.SortStableFunc(merged.http, byAPIPrecedence)
	return &merged
}

// byAPIPrecedence orders rules of at most one match: exact paths before prefixes before expressions, longer ones first, then
// those with a method, with more headers and with more query parameters
// (istio/istio pilot/pkg/config/kube/gateway/conversion.go, sortHTTPRoutes).
func byAPIPrecedence(a, b httpRule) int {
	if len(a.Match) == 0 || len(b.Match) == 0 {
		return cmp.Compare(len(b.Match), len(a.Match))
	}
	one, other := a.Match[0], b.Match[0]
	rankOne, lengthOne := pathRank(one.GetUri())
	rankOther, lengthOther := pathRank(other.GetUri())
	return cmp.Or(
		cmp.Compare(rankOther, rankOne), cmp.Compare(lengthOther, lengthOne), cmp.Compare(has(other.GetMethod()), has(one.GetMethod())),
		cmp.Compare(len(other.GetHeaders()), len(one.GetHeaders())), cmp.Compare(len(other.GetQueryParams()), len(one.GetQueryParams())),
	)
}

func pathRank(path *networking.StringMatch) (rank, length int) {
	switch match := path.GetMatchType().(type) {
	case *networking.StringMatch_Exact:
		return 3, len(match.Exact)
	case *networking.StringMatch_Prefix:
		return 2, len(match.Prefix)
	case *networking.StringMatch_Regex:
		return 1, len(match.Regex)
	}
	return 0, 0
}

func has(match *networking.StringMatch) int {
	if match == nil {
		return 0
	}
	return 1
}

// refusedRoute is why istiod makes nothing of a route; empty where it makes something.
type refusedRoute string

// apiRules turns the rules of a route into those of a VirtualService, one for each match; why istiod refuses the route.
// Backends in other namespaces need a ReferenceGrant where the parent is a Gateway
// (istio/istio pilot/pkg/config/kube/gateway/conversion.go, convertHTTPRoute and convertGRPCRoute).
func (s Snapshot) apiRules(object Object[*APIRoute], ofMesh bool) ([]httpRule, refusedRoute) {
	var all []httpRule
	for _, rule := range object.Spec.Rules {
		made, refused := s.apiActions(object.Meta, rule, ofMesh)
		if refused != "" {
			return nil, refused
		}
		matches := rule.Matches
		if len(matches) == 0 {
			all = append(all, httpRule{HTTPRoute: made, by: object.Meta})
		}
		for _, match := range matches {
			asked, refused := apiConditions(object.Kind, match)
			if refused != "" {
				return nil, refused
			}
			all = append(all, httpRule{by: object.Meta, HTTPRoute: &networking.HTTPRoute{
				Match: []*networking.HTTPMatchRequest{asked}, Route: made.Route, Mirrors: made.Mirrors, Redirect: made.Redirect, DirectResponse: made.DirectResponse,
			}})
		}
	}
	return all, ""
}

// supportedFilters are the filters that istiod knows; a route with another one is refused.
var supportedFilters = map[string][]string{
	"HTTPRoute": {"RequestHeaderModifier", "ResponseHeaderModifier", "RequestRedirect", "RequestMirror", "URLRewrite", "CORS"},
	"GRPCRoute": {"RequestHeaderModifier", "ResponseHeaderModifier", "RequestMirror"},
}

// apiActions are the destinations and mirrors of a rule.
func (s Snapshot) apiActions(of Meta, rule apiRule, ofMesh bool) (*networking.HTTPRoute, refusedRoute) {
	made := &networking.HTTPRoute{}
	for _, filter := range rule.Filters {
		switch {
		case !slices.Contains(supportedFilters[of.Kind], filter.Type):
			return nil, refusedRoute(fmt.Sprintf("filter %s is not supported", filter.Type))
		case filter.Type == "RequestRedirect":
			made.Redirect = &networking.HTTPRedirect{}
		case filter.Type == "RequestMirror" && filter.RequestMirror != nil:
			to, fault := s.backend(of, filter.RequestMirror.BackendRef, ofMesh)
			switch {
			case fault == "":
				made.Mirrors = append(made.Mirrors, &networking.HTTPMirrorPolicy{Destination: to, Percentage: filter.RequestMirror.percentage()})
			case of.Kind == "GRPCRoute":
				return nil, refusedRoute("the mirror: " + fault)
			}
		}
	}
	for _, one := range rule.BackendRefs {
		weight := int32(1)
		if one.Weight != nil {
			weight = *one.Weight
		}
		if weight == 0 {
			continue
		}
		for _, filter := range one.Filters {
			if !strings.HasSuffix(filter.Type, "HeaderModifier") {
				return nil, refusedRoute(fmt.Sprintf("filter %s of a backend is not supported", filter.Type))
			}
		}
		destination, fault := s.backend(of, one.apiReference, ofMesh)
		if destination == nil {
			return nil, refusedRoute(fault)
		}
		made.Route = append(made.Route, &networking.HTTPRouteDestination{Destination: destination, Weight: weight})
	}
	if len(made.Route) == 0 && made.Redirect == nil {
		made.DirectResponse = &networking.HTTPDirectResponse{Status: 500}
	}
	return made, ""
}

// backend is the destination that a reference names, and what is wrong with it. It is nil where istiod refuses the whole route,
// and empty where the route may not name the backend, or where the backend is of a kind that istiod does not know
// (istio/istio pilot/pkg/config/kube/gateway/conversion.go, buildDestination).
func (s Snapshot) backend(of Meta, to apiReference, ofMesh bool) (destination *networking.Destination, fault string) {
	kind := cmp.Or(to.Kind, "Service")
	namespace := cmp.Or(to.Namespace, of.Namespace)
	if !ofMesh && namespace != of.Namespace && !s.granted(of, to.Group, kind, to.Name, namespace) {
		return &networking.Destination{}, fmt.Sprintf("no ReferenceGrant lets it name %s %s/%s", kind, namespace, to.Name)
	}
	destination = &networking.Destination{Host: s.Mesh.hostName(to.Name, namespace)}
	switch {
	case to.Group == "" && kind == "Service" && strings.Contains(to.Name, "."):
		return nil, "a backend is named by a host, " + to.Name
	case to.Group == "" && kind == "Service":
	case to.Group == "networking.istio.io" && kind == "Hostname":
		destination.Host = to.Name
	default:
		return &networking.Destination{}, "backends of kind " + kind + " are not supported"
	}
	if to.Port == nil {
		return nil, fmt.Sprintf("backend %s has no port", to.Name)
	}
	destination.Port = &networking.PortSelector{Number: uint32(*to.Port)}
	if _, found := s.registry(destination.Host); !found {
		fault = destination.Host + " is no service of the mesh"
	}
	return destination, fault
}

// granted reports whether a ReferenceGrant of a backend's namespace lets routes of another name it
// (https://gateway-api.sigs.k8s.io/reference/spec/#referencegrant).
func (s Snapshot) granted(from Meta, group, kind, name, namespace string) bool {
	return slices.ContainsFunc(s.ReferenceGrants, func(grant Object[*ReferenceGrant]) bool {
		return grant.Namespace == namespace &&
			slices.ContainsFunc(grant.Spec.From, func(own apiReference) bool {
				return own.Group == fixture.GatewayAPI && own.Kind == from.Kind && own.Namespace == from.Namespace
			}) &&
			slices.ContainsFunc(grant.Spec.To, func(own apiReference) bool {
				return own.Group == group && own.Kind == kind && (own.Name == "" || own.Name == name)
			})
	})
}

// apiConditions are the conditions of a match; why istiod refuses the route.
func apiConditions(kind string, match apiMatch) (*networking.HTTPMatchRequest, refusedRoute) {
	asked := &networking.HTTPMatchRequest{}
	var refused refusedRoute
	if asked.Headers, refused = apiNamed(match.Headers); refused != "" {
		return nil, refused
	}
	if kind == "GRPCRoute" {
		asked.Uri, refused = apiCallPath(match.Method)
		return asked, refused
	}
	if asked.QueryParams, refused = apiNamed(match.QueryParams); refused != "" {
		return nil, refused
	}
	if len(match.Method) > 0 {
		var method string
		if err := json.Unmarshal(match.Method, &method); err != nil {
			return nil, "a method is no text"
		}
		asked.Method = exactly(method)
	}
	path := "/"
	if match.Path.Value != nil {
		path = *match.Path.Value
	}
	switch cmp.Or(match.Path.Type, "PathPrefix") {
	case "PathPrefix":
		if path != "/" {
			path = strings.TrimSuffix(path, "/")
		}
		asked.Uri = beginning(path)
	case "Exact":
		asked.Uri = exactly(path)
	case "RegularExpression":
		asked.Uri = expression(path)
	default:
		return nil, refusedRoute("a path is compared by " + match.Path.Type)
	}
	return asked, ""
}

func apiNamed(all []apiText) (map[string]*networking.StringMatch, refusedRoute) {
	named := map[string]*networking.StringMatch{}
	for _, one := range all {
		value := ""
		if one.Value != nil {
			value = *one.Value
		}
		switch cmp.Or(one.Type, "Exact") {
		case "Exact":
			named[one.Name] = exactly(value)
		case "RegularExpression":
			named[one.Name] = expression(value)
		default:
			return nil, refusedRoute(one.Name + " is compared by " + one.Type)
		}
	}
	return named, ""
}

// apiCallPath is the path of a call of gRPC, /SERVICE/METHOD
// (istio/istio pilot/pkg/config/kube/gateway/conversion.go, createGRPCURIMatch).
func apiCallPath(method json.RawMessage) (*networking.StringMatch, refusedRoute) {
	if len(method) == 0 {
		return nil, ""
	}
	var call apiCall
	if err := json.Unmarshal(method, &call); err != nil {
		return nil, "a method is none of gRPC"
	}
	expressions := call.Type == "RegularExpression"
	switch {
	case call.Service == "" && call.Method == "":
		return nil, "a match of a method names neither service nor method"
	case call.Service == "":
		return expression("/[^/]+/" + call.Method), ""
	case call.Method == "" && expressions:
		return expression("/" + call.Service + "/.+"), ""
	case call.Method == "":
		return beginning("/" + call.Service + "/"), ""
	case expressions:
		return expression("/" + call.Service + "/" + call.Method), ""
	}
	return exactly("/" + call.Service + "/" + call.Method), ""
}

func exactly(text string) *networking.StringMatch {
	return &networking.StringMatch{MatchType: &networking.StringMatch_Exact{Exact: text}}
}

func beginning(text string) *networking.StringMatch {
	return &networking.StringMatch{MatchType: &networking.StringMatch_Prefix{Prefix: text}}
}

func expression(text string) *networking.StringMatch {
	return &networking.StringMatch{MatchType: &networking.StringMatch_Regex{Regex: text}}
}
