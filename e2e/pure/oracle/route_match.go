package oracle

import (
	"maps"
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"

	"mtls.test/conformance/e2e/pure/hop"
)

// asker is a proxy for which istiod decides a route's conditions on the source, and the gateway by which it asks: mesh, or
// NAMESPACE/NAME of a Gateway.
type asker struct {
	Workload
	gateway string
}

// fits reports whether conditions of an HTTP route on port and source hold for the proxy. Where they name gateways, labels and
// namespace of the source are not looked at (istio/istio pilot/pkg/networking/core/route/route.go, sourceMatchHTTP).
func (a asker) fits(match *networking.HTTPMatchRequest, port uint16, t usedRules) bool {
	if match.GetPort() != 0 {
		t.use(RoutePort)
		if match.GetPort() != uint32(port) {
			return false
		}
	}
	labels, namespace := match.GetSourceLabels(), match.GetSourceNamespace()
	if names := match.GetGateways(); len(names) > 0 {
		t.use(RouteMatchGateways)
		if len(labels) > 0 || namespace != "" {
			t.use(RouteSourceIgnored)
		}
		return slices.Contains(names, a.gateway)
	}
	if len(labels) > 0 || namespace != "" {
		t.use(RouteSource)
	}
	return selects(labels, a.Labels) && (namespace == "" || namespace == a.Namespace)
}

// fitsConnection is fits for a route of TCP or TLS, where all conditions on the source count
// (istio/istio pilot/pkg/networking/core/tls.go, matchTCP and matchTLS).
func (a asker) fitsConnection(match *networking.L4MatchAttributes, port uint16, t usedRules) bool {
	if match.GetPort() != 0 {
		t.use(RoutePort)
	}
	if len(match.GetGateways()) > 0 {
		t.use(RouteMatchGateways)
	}
	here := (match.GetPort() == 0 || match.GetPort() == uint32(port)) &&
		(len(match.GetGateways()) == 0 || slices.Contains(match.GetGateways(), a.gateway))
	if !here || a.gateway != meshGateway {
		return here
	}
	if len(match.GetSourceLabels()) > 0 || match.GetSourceNamespace() != "" {
		t.use(RouteSource)
	}
	return selects(match.GetSourceLabels(), a.Labels) && (match.GetSourceNamespace() == "" || match.GetSourceNamespace() == a.Namespace)
}

// conditions are what a request must have for an HTTP route
// (istio/istio pilot/pkg/networking/core/route/route.go, TranslateRouteMatch). A path prefix of the Gateway API is one of whole
// segments.
func conditions(match *networking.HTTPMatchRequest, api bool) hop.RouteMatch {
	var all hop.RouteMatch
	if match.GetUri() != nil {
		path := condition(hop.OfPath, "", match.GetUri())
		path.IgnoreCase = match.GetIgnoreUriCase()
		if api && path.Kind == hop.MatchPrefix && path.Value != "/" {
			path.Kind, path.Value = hop.MatchSegmentPrefix, strings.TrimSuffix(path.Value, "/")
		}
		all = append(all, path)
	}
	if match.GetMethod() != nil {
		all = append(all, condition(hop.OfMethod, "", match.GetMethod()))
	}
	if match.GetAuthority() != nil {
		all = append(all, condition(hop.OfAuthority, "", match.GetAuthority()))
	}
	if match.GetScheme() != nil {
		all = append(all, condition(hop.OfScheme, "", match.GetScheme()))
	}
	for _, name := range slices.Sorted(maps.Keys(match.GetHeaders())) {
		all = append(all, headerCondition(name, match.GetHeaders()[name]))
	}
	for _, name := range slices.Sorted(maps.Keys(match.GetWithoutHeaders())) {
		header := headerCondition(name, match.GetWithoutHeaders()[name])
		header.Not = true
		all = append(all, header)
	}
	for _, name := range slices.Sorted(maps.Keys(match.GetQueryParams())) {
		all = append(all, condition(hop.OfQuery, name, match.GetQueryParams()[name]))
	}
	return all
}

// claimHeader begins the names of headers that stand for claims of a token, which istiod compares in dynamic metadata
// (https://istio.io/latest/docs/tasks/security/authentication/jwt-route/).
const claimHeader = "@request.auth.claims"

func headerCondition(name string, match *networking.StringMatch) hop.RouteCondition {
	if strings.HasPrefix(name, claimHeader) {
		return hop.RouteCondition{Of: hop.Unread, Name: "dynamic_metadata"}
	}
	subject, lower := hop.OfHeader(name)
	return condition(subject, lower, match)
}

// condition reads a comparison; one without a value, and the regular expression *, ask that there is a value.
func condition(subject hop.MatchSubject, name string, match *networking.StringMatch) hop.RouteCondition {
	c := hop.RouteCondition{Of: subject, Name: name, Kind: hop.MatchPresent}
	switch match := match.GetMatchType().(type) {
	case *networking.StringMatch_Exact:
		c.Kind, c.Value = hop.MatchExact, match.Exact
	case *networking.StringMatch_Prefix:
		c.Kind, c.Value = hop.MatchPrefix, match.Prefix
	case *networking.StringMatch_Regex:
		if match.Regex != "*" {
			c.Kind, c.Value = hop.MatchRegex, match.Regex
		}
	}
	return c
}

// takesAll reports whether every request meets the conditions, so that no later route is reached
// (istio/istio pilot/pkg/networking/core/route/route.go, IsCatchAllRoute).
func takesAll(match hop.RouteMatch) bool {
	return !slices.ContainsFunc(match, func(c hop.RouteCondition) bool {
		all := c.Kind == hop.MatchPrefix && c.Value == "/" || c.Kind == hop.MatchRegex && c.Value == ".*"
		return c.Of != hop.OfPath || !all
	})
}
