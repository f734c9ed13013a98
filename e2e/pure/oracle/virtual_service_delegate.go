package oracle

import (
	"cmp"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"

	networking "istio.io/api/networking/v1alpha3"
)

// resolved is a copy of a rule whose names are whole in another namespace than that of the root which takes it.
func (s Snapshot) resolved(rule *networking.HTTPRoute, namespace string) *networking.HTTPRoute {
	rule = proto.CloneOf(rule)
	for _, destination := range destinationsOf(rule) {
		destination.Host = s.wholeHost(destination.GetHost(), namespace)
	}
	for _, match := range rule.GetMatch() {
		match.Gateways = gatewayNames(match.GetGateways(), namespace)
	}
	return rule
}

// destinationsOf lists all destinations that a rule names, its mirrors among them.
func destinationsOf(rule *networking.HTTPRoute) []*networking.Destination {
	var all []*networking.Destination
	for _, weighted := range rule.GetRoute() {
		all = append(all, weighted.GetDestination())
	}
	for _, mirror := range rule.GetMirrors() {
		all = append(all, mirror.GetDestination())
	}
	all = append(all, rule.GetMirror())
	return slices.DeleteFunc(all, func(d *networking.Destination) bool { return d == nil })
}

// mergeDelegate gives a delegate's rule what it does not say itself of the root's rule; nil where their conditions conflict
// (istio/istio pilot/pkg/model/virtualservice.go, mergeHTTPRoute). It changes the delegate's rule, which is a copy.
func mergeDelegate(root, own *networking.HTTPRoute) *networking.HTTPRoute {
	match, conflict := mergeMatches(root.GetMatch(), own.GetMatch())
	if conflict {
		return nil
	}
	own.Match = match
	if own.DirectResponse == nil {
		own.DirectResponse = root.GetDirectResponse()
	}
	if own.Mirror == nil {
		own.Mirror = root.GetMirror()
	}
	if own.MirrorPercent == nil { //nolint:staticcheck // deprecated, and still in force
		own.MirrorPercent = root.GetMirrorPercent() //nolint:staticcheck // deprecated, and still in force
	}
	if own.MirrorPercentage == nil {
		own.MirrorPercentage = root.GetMirrorPercentage()
	}
	if own.Mirrors == nil {
		own.Mirrors = root.GetMirrors()
	}
	return own
}

// mergeMatches joins each of a delegate's conditions with each of the root's that it does not conflict with.
func mergeMatches(root, own []*networking.HTTPMatchRequest) (merged []*networking.HTTPMatchRequest, conflict bool) {
	switch {
	case len(root) == 0:
		return own, false
	case len(own) == 0:
		return root, false
	}
	for _, leaf := range own {
		before := len(merged)
		for _, above := range root {
			if !conflicts(above, leaf) {
				merged = append(merged, mergeMatch(above, leaf))
			}
		}
		if len(merged) == before {
			return nil, true
		}
	}
	return merged, false
}

func mergeMatch(root, own *networking.HTTPMatchRequest) *networking.HTTPMatchRequest {
	merged := proto.CloneOf(own)
	merged.Uri = cmp.Or(merged.Uri, root.GetUri())
	merged.Scheme = cmp.Or(merged.Scheme, root.GetScheme())
	merged.Method = cmp.Or(merged.Method, root.GetMethod())
	merged.Authority = cmp.Or(merged.Authority, root.GetAuthority())
	merged.Headers = overlay(root.GetHeaders(), merged.Headers)
	merged.WithoutHeaders = overlay(root.GetWithoutHeaders(), merged.WithoutHeaders)
	merged.QueryParams = overlay(root.GetQueryParams(), merged.QueryParams)
	merged.SourceLabels = overlay(root.GetSourceLabels(), merged.SourceLabels)
	merged.Port = cmp.Or(merged.Port, root.GetPort())
	merged.SourceNamespace = cmp.Or(merged.SourceNamespace, root.GetSourceNamespace())
	if len(merged.Gateways) == 0 {
		merged.Gateways = root.GetGateways()
	}
	return merged
}

// conflicts reports whether a delegate's conditions are no subset of the root's
// (istio/istio pilot/pkg/model/virtualservice.go, hasConflict).
func conflicts(root, leaf *networking.HTTPMatchRequest) bool {
	texts := textsConflict(root.GetUri(), leaf.GetUri()) || textsConflict(root.GetScheme(), leaf.GetScheme()) ||
		textsConflict(root.GetMethod(), leaf.GetMethod()) || textsConflict(root.GetAuthority(), leaf.GetAuthority())
	named := namedConflict(root.GetHeaders(), leaf.GetHeaders()) || namedConflict(root.GetWithoutHeaders(), leaf.GetWithoutHeaders()) ||
		namedConflict(root.GetQueryParams(), leaf.GetQueryParams())
	ports := root.GetPort() > 0 && leaf.GetPort() > 0 && root.GetPort() != leaf.GetPort()
	namespaces := root.GetSourceNamespace() != "" && leaf.GetSourceNamespace() != root.GetSourceNamespace()
	return texts || named || ports || namespaces || root.GetIgnoreUriCase() != leaf.GetIgnoreUriCase() ||
		labelsConflict(root.GetSourceLabels(), leaf.GetSourceLabels()) || gatewaysConflict(root.GetGateways(), leaf.GetGateways())
}

func namedConflict(root, leaf map[string]*networking.StringMatch) bool {
	for name, own := range leaf {
		if textsConflict(root[name], own) {
			return true
		}
	}
	return false
}

func labelsConflict(root, leaf map[string]string) bool {
	for name, own := range leaf {
		if above, given := root[name]; given && above != own {
			return true
		}
	}
	return false
}

func gatewaysConflict(root, leaf []string) bool {
	if len(root) == 0 || len(leaf) == 0 {
		return false
	}
	return len(root) < len(leaf) || slices.ContainsFunc(leaf, func(own string) bool { return !slices.Contains(root, own) })
}

// textsConflict reports whether a delegate's comparison is no subset of the root's. Two comparisons conflict where one is a
// regular expression, for istiod does not compare those.
func textsConflict(root, leaf *networking.StringMatch) bool {
	if root == nil || leaf == nil {
		return false
	}
	value := cmp.Or(leaf.GetExact(), leaf.GetPrefix())
	switch {
	case root.GetRegex() != "" || leaf.GetRegex() != "" || value == "":
		return true
	case root.GetExact() != "":
		return leaf.GetExact() != root.GetExact()
	case root.GetPrefix() != "":
		return !strings.HasPrefix(value, root.GetPrefix())
	}
	return true
}
