package envoy

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	rbacv3 "github.com/envoyproxy/go-control-plane/envoy/config/rbac/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"

	"mtls.test/conformance/e2e/pure/hop"
)

// Authorization is one RBAC filter of a chain, in the order in which they are asked.
type Authorization struct {
	Layer string          `json:"layer"` // network or http
	Rules json.RawMessage `json:"rules"` // an envoy.config.rbac.v3.RBAC
}

func (c *ChainFacts) addAuthorization(layer string, raw json.RawMessage) error {
	var filter struct {
		Rules json.RawMessage `json:"rules"`
	}
	if err := json.Unmarshal(raw, &filter); err != nil {
		return err
	}
	// A filter without rules only logs what shadow rules would do, or does nothing.
	if filter.Rules != nil {
		c.Authorization = append(c.Authorization, Authorization{Layer: layer, Rules: filter.Rules})
	}
	return nil
}

// answer is what can be said of a rule from the connection alone.
type answer int

const (
	no answer = iota
	unknown
	yes
)

func truth(b bool) answer {
	if b {
		return yes
	}
	return no
}

func not(a answer) answer { return yes - a }

func all[T any](rules []T, ask func(T) answer) answer {
	least := yes
	for _, r := range rules {
		least = min(least, ask(r))
	}
	return least
}

func one[T any](rules []T, ask func(T) answer) answer {
	most := no
	for _, r := range rules {
		most = max(most, ask(r))
	}
	return most
}

// caller is what an RBAC filter knows of a connection.
type caller struct {
	tls      bool
	identity hop.Identity
	port     uint16 // the destination port
}

// allows returns whether a filter lets the caller pass. An ALLOW filter passes a caller that some policy matches, a DENY
// filter a caller that no policy matches.
// Source: RBAC in https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/rbac/v3/rbac.proto
func (a Authorization) allows(c caller) (answer, error) {
	var rules rbacv3.RBAC
	if err := decode(a.Rules, &rules); err != nil {
		return unknown, fmt.Errorf("%s RBAC filter: %w", a.Layer, err)
	}
	policies := slices.Collect(maps.Values(rules.GetPolicies()))
	matched := one(policies, func(p *rbacv3.Policy) answer {
		if p.GetCondition() != nil || p.GetCheckedCondition() != nil || p.GetCelConfig() != nil {
			return unknown
		}
		return min(one(p.GetPermissions(), c.permission), one(p.GetPrincipals(), c.principal))
	})
	switch rules.GetAction() {
	case rbacv3.RBAC_ALLOW:
		return matched, nil
	case rbacv3.RBAC_DENY:
		return not(matched), nil
	default:
		return yes, nil
	}
}

func (c caller) permission(p *rbacv3.Permission) answer {
	switch rule := p.GetRule().(type) {
	case *rbacv3.Permission_Any:
		return truth(rule.Any)
	case *rbacv3.Permission_AndRules:
		return all(rule.AndRules.GetRules(), c.permission)
	case *rbacv3.Permission_OrRules:
		return one(rule.OrRules.GetRules(), c.permission)
	case *rbacv3.Permission_NotRule:
		return not(c.permission(rule.NotRule))
	case *rbacv3.Permission_DestinationPort:
		return truth(rule.DestinationPort == uint32(c.port))
	case *rbacv3.Permission_DestinationPortRange:
		return truth(int32(c.port) >= rule.DestinationPortRange.GetStart() && int32(c.port) < rule.DestinationPortRange.GetEnd())
	default:
		return unknown
	}
}

// peerPrincipal is the filter state in which Istio's own filters keep the peer's identity; sidecars set it from TLS.
const peerPrincipal = "io.istio.peer_principal"

func (c caller) principal(p *rbacv3.Principal) answer {
	switch rule := p.GetIdentifier().(type) {
	case *rbacv3.Principal_Any:
		return truth(rule.Any)
	case *rbacv3.Principal_AndIds:
		return all(rule.AndIds.GetIds(), c.principal)
	case *rbacv3.Principal_OrIds:
		return one(rule.OrIds.GetIds(), c.principal)
	case *rbacv3.Principal_NotId:
		return not(c.principal(rule.NotId))
	case *rbacv3.Principal_Authenticated_:
		return c.authenticated(rule.Authenticated)
	case *rbacv3.Principal_FilterState:
		if rule.FilterState.GetKey() != peerPrincipal {
			return unknown
		}
		return c.named(rule.FilterState.GetStringMatch())
	default:
		return unknown
	}
}

// authenticated holds for any peer over TLS when no name is asked for, and never in the clear.
func (c caller) authenticated(a *rbacv3.Principal_Authenticated) answer {
	if !c.tls {
		return no
	}
	if a.GetPrincipalName() == nil {
		return yes
	}
	return c.named(a.GetPrincipalName())
}

func (c caller) named(m *matcherv3.StringMatcher) answer {
	if c.identity == "" {
		return no
	}
	matched, decided := matches(m, string(c.identity))
	if !decided {
		return unknown
	}
	return truth(matched)
}
