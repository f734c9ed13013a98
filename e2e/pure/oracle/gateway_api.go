package oracle

import (
	"encoding/json"
	"fmt"

	networking "istio.io/api/networking/v1alpha3"

	"mtls.test/conformance/e2e/pure/fixture"
)

// apiGatewayKind is the Gateway of the Gateway API, told from Istio's by its group as Kubernetes writes it (RESOURCE.GROUP).
const apiGatewayKind = "Gateway." + fixture.GatewayAPI

// apiReference names an object from another; a field that is not given is empty.
type apiReference struct {
	Group       string  `json:"group,omitempty"`
	Kind        string  `json:"kind,omitempty"`
	Namespace   string  `json:"namespace,omitempty"`
	Name        string  `json:"name,omitempty"`
	SectionName string  `json:"sectionName,omitempty"`
	Port        *uint16 `json:"port,omitempty"`
}

// APIRoute is an HTTPRoute or a GRPCRoute, as far as it decides where requests lead
// (https://gateway-api.sigs.k8s.io/reference/spec/#httproute).
type APIRoute struct {
	ParentRefs []apiReference `json:"parentRefs,omitempty"`
	Hostnames  []string       `json:"hostnames,omitempty"`
	Rules      []apiRule      `json:"rules,omitempty"`
}

type apiRule struct {
	Matches     []apiMatch   `json:"matches,omitempty"`
	Filters     []apiFilter  `json:"filters,omitempty"`
	BackendRefs []apiBackend `json:"backendRefs,omitempty"`
}

// apiMatch has the fields of both kinds: Method is a text of an HTTPRoute's match, and an object of a GRPCRoute's.
type apiMatch struct {
	Path        apiText         `json:"path,omitzero"`
	Headers     []apiText       `json:"headers,omitempty"`
	QueryParams []apiText       `json:"queryParams,omitempty"`
	Method      json.RawMessage `json:"method,omitempty"`
}

// apiText is a comparison; without a type it is exact, and that of a path a prefix.
type apiText struct {
	Type  string  `json:"type,omitempty"`
	Name  string  `json:"name,omitempty"`
	Value *string `json:"value,omitempty"`
}

// apiCall is the method of a GRPCRoute's match.
type apiCall struct {
	Type    string `json:"type"`
	Service string `json:"service"`
	Method  string `json:"method"`
}

type apiFilter struct {
	Type          string     `json:"type,omitempty"`
	RequestMirror *apiMirror `json:"requestMirror,omitempty"`
}

type apiMirror struct {
	BackendRef apiReference `json:"backendRef,omitzero"`
	Percent    *int32       `json:"percent,omitempty"`
	Fraction   *struct {
		Numerator   int32  `json:"numerator"`
		Denominator *int32 `json:"denominator,omitempty"`
	} `json:"fraction,omitempty"`
}

// percentage of the requests that are copied, nil for all.
func (m apiMirror) percentage() *networking.Percent {
	switch {
	case m.Fraction != nil && m.Fraction.Denominator != nil:
		return &networking.Percent{Value: 100 * float64(m.Fraction.Numerator) / float64(*m.Fraction.Denominator)}
	case m.Fraction != nil:
		return &networking.Percent{Value: float64(m.Fraction.Numerator)}
	case m.Percent != nil:
		return &networking.Percent{Value: float64(*m.Percent)}
	}
	return nil
}

type apiBackend struct {
	apiReference
	Weight  *int32      `json:"weight,omitempty"`
	Filters []apiFilter `json:"filters,omitempty"`
}

// APIGateway is a Gateway of the Gateway API (https://gateway-api.sigs.k8s.io/reference/spec/#gateway).
type APIGateway struct {
	GatewayClassName string `json:"gatewayClassName"`
	Addresses        []struct {
		Type  string `json:"type"`
		Value string `json:"value"`
	} `json:"addresses"`
	Listeners []apiListener `json:"listeners"`
}

type apiListener struct {
	Name     string  `json:"name"`
	Hostname *string `json:"hostname"`
	Port     uint16  `json:"port"`
	Protocol string  `json:"protocol"`
	TLS      *struct {
		Mode string `json:"mode"`
	} `json:"tls"`
	AllowedRoutes struct {
		Namespaces struct {
			From     string `json:"from"`
			Selector *struct {
				MatchLabels      map[string]string `json:"matchLabels"`
				MatchExpressions []json.RawMessage `json:"matchExpressions"`
			} `json:"selector"`
		} `json:"namespaces"`
		Kinds []apiReference `json:"kinds"`
	} `json:"allowedRoutes"`
}

// ReferenceGrant lets routes of other namespaces name backends of its own
// (https://gateway-api.sigs.k8s.io/reference/spec/#referencegrant).
type ReferenceGrant struct {
	From []apiReference `json:"from"`
	To   []apiReference `json:"to"`
}

// BackendTLSPolicy says how gateways and sidecars speak TLS with a service
// (https://gateway-api.sigs.k8s.io/reference/spec/#backendtlspolicy).
type BackendTLSPolicy struct {
	TargetRefs []apiReference `json:"targetRefs,omitempty"`
	Validation struct {
		CACertificateRefs       []apiReference `json:"caCertificateRefs,omitempty"`
		WellKnownCACertificates string         `json:"wellKnownCACertificates,omitempty"`
		Hostname                string         `json:"hostname,omitempty"`
		SubjectAltNames         []struct {
			Type     string `json:"type,omitempty"`
			Hostname string `json:"hostname,omitempty"`
			URI      string `json:"uri,omitempty"`
		} `json:"subjectAltNames,omitempty"`
	} `json:"validation"`
}

// addAPI reads a spec of the Gateway API. Fields that decide nothing here are not read.
func addAPI[Spec any](to *[]Object[*Spec], meta Meta, content json.RawMessage) error {
	var spec Spec
	if len(content) > 0 {
		if err := json.Unmarshal(content, &spec); err != nil {
			return fmt.Errorf("spec: %w", err)
		}
	}
	*to = append(*to, Object[*Spec]{Meta: meta, Spec: &spec})
	return nil
}
