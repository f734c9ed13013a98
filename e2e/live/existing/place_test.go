package existing

import (
	"strings"
	"testing"

	"mtls.test/conformance/e2e/live/survey"
)

const cluster = `
{kind: Pod, metadata: {name: edge-1, namespace: edge, labels: {istio: ingressgateway, app: edge}}, spec: {serviceAccountName: edge, containers: [{name: istio-proxy}]}}
---
{kind: Pod, metadata: {name: inner-1, namespace: edge, labels: {app: inner}}, spec: {containers: [{name: istio-proxy}]}}
`

func read(t *testing.T, objects string) *survey.Survey {
	t.Helper()
	s, err := survey.Read([]byte(objects))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestPlace(t *testing.T) {
	s := read(t, cluster)
	p, _, err := Place(s, Wish{})
	if err != nil {
		t.Fatal(err)
	}
	if p.NoGateway != "" || p.Gateway.Namespace != "edge" || p.Gateway.ServiceAccount != "edge" || p.ByIntent != "" || !p.Existing || p.Allowed.Tap {
		t.Errorf("%+v", p)
	}
	for _, namespace := range p.Made() {
		if !strings.HasPrefix(namespace, "mtls-") {
			t.Errorf("it makes namespace %s", namespace)
		}
	}
	if p, _, _ := Place(s, Wish{Gateway: "app=inner"}); p.NoGateway != "" {
		t.Errorf("the gateway that was named is not found: %s", p.NoGateway)
	}
	if p, _, _ := Place(read(t, strings.ReplaceAll(cluster, "app: inner", "istio: ingressgateway")), Wish{}); !strings.Contains(p.NoGateway, "two gateways") {
		t.Errorf("of two gateways one is taken: %q", p.NoGateway)
	}
	if p, _, _ := Place(read(t, strings.ReplaceAll(cluster, "app: inner}}, spec: {", "istio: ingressgateway}}, spec: {serviceAccountName: edge, ")), Wish{}); p.NoGateway != "" {
		t.Errorf("a gateway of two pods is none: %q", p.NoGateway)
	}
	if p, _, _ := Place(s, Wish{Gateway: "app=nobody"}); !strings.Contains(p.NoGateway, "no gateway pod bears") {
		t.Errorf("of no pod: %q", p.NoGateway)
	}
}

// With policies that reach the suite's namespaces the policies in force say what is wanted.
func TestPoliciesOfTheMesh(t *testing.T) {
	for policy, want := range map[string]string{
		"{kind: PeerAuthentication, metadata: {name: p, namespace: istio-system}, spec: {mtls: {mode: STRICT}}}": "PeerAuthentication istio-system/p",
		"{kind: DestinationRule, metadata: {name: r, namespace: istio-system}, spec: {host: '*.local'}}":         "DestinationRule istio-system/r",
		"{kind: AuthorizationPolicy, metadata: {name: a, namespace: istio-system}, spec: {action: DENY}}":        "AuthorizationPolicy istio-system/a",
		"{kind: Sidecar, metadata: {name: s, namespace: istio-system}, spec: {egress: [{hosts: ['./*']}]}}":      "Sidecar istio-system/s",
		"{kind: PeerAuthentication, metadata: {name: p, namespace: edge}, spec: {mtls: {mode: STRICT}}}":         "",
	} {
		if p, _, _ := Place(read(t, cluster+"\n---\n"+policy), Wish{}); p.ByIntent != want {
			t.Errorf("%s: %q", policy, p.ByIntent)
		}
	}
}

func TestChoose(t *testing.T) {
	planes := []survey.Plane{{Revision: "canary"}, {Revision: "default"}}
	for _, row := range []struct {
		planes          []survey.Plane
		revision, chose string
	}{
		{planes, "", "default"}, {planes, "canary", "canary"}, {planes[:1], "", "canary"}, {planes, "nope", ""},
		{[]survey.Plane{{Revision: "a"}, {Revision: "b"}}, "", ""},
	} {
		plane, err := choose(row.planes, row.revision)
		if plane.Revision != row.chose || (err == nil) != (row.chose != "") {
			t.Errorf("%v %q: %q %v, want %q", row.planes, row.revision, plane.Revision, err, row.chose)
		}
	}
}

// Nothing is asked leave for that the run does not do where it is not allowed.
func TestNeeded(t *testing.T) {
	p, _, err := Place(read(t, cluster), Wish{})
	if err != nil {
		t.Fatal(err)
	}
	for _, access := range needed(p) {
		if access.Namespace == p.Root && access.Group == "security.istio.io" {
			t.Errorf("%s without ALLOW_MESH_POLICY", access)
		}
		if access.Namespace == "edge" && access.Resource == "envoyfilters" {
			t.Errorf("%s without ALLOW_GATEWAY_LOG", access)
		}
	}
}
