package existing

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"mtls.test/conformance/e2e/live/survey"
	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/oracle"
)

// Wish is what a run asks of a cluster.
type Wish struct {
	Revision string // of istiod; the default one, or the only one, where it is empty
	Gateway  string // label KEY=VALUE of the ingress gateway; istio=ingressgateway, or the only gateway, where it is empty
	Allowed  fixture.Allowed
}

// Place is where the world would stand in a cluster. An error means that it cannot.
func Place(s *survey.Survey, wish Wish) (fixture.Placement, survey.Plane, error) {
	plane, err := choose(s.Planes, wish.Revision)
	if err != nil {
		return fixture.Placement{}, plane, err
	}
	p := fixture.Elsewhere()
	p.Allowed, p.Forwarded = wish.Allowed, true
	p.Root, p.Istiod, p.Revision, p.TrustDomain, p.MeshConfig = plane.Mesh.RootNamespace, plane.Namespace, plane.Revision, plane.Mesh.TrustDomain, plane.Settings
	p.Domain = plane.Mesh.Domain
	p.Gateway, p.NoGateway = gatewayOf(s, wish.Gateway)
	p.NoGatewayAPI = s.NoGatewayAPI
	p.ByIntent = policiesOfMesh(s, p.Root)
	return p, plane, nil
}

// choose picks the plane by its revision, or the default, or the only one.
func choose(planes []survey.Plane, revision string) (survey.Plane, error) {
	var names []string
	for _, plane := range planes {
		names = append(names, plane.Revision)
		if plane.Revision == cmp.Or(revision, "default") {
			return plane, nil
		}
	}
	if revision == "" && len(planes) == 1 {
		return planes[0], nil
	}
	return survey.Plane{}, fmt.Errorf("istiod runs in revisions %s: name one of them with REVISION=", strings.Join(names, ", "))
}

// gatewayOf finds the pods of the ingress gateway, which are one workload; why there is none to work with otherwise.
func gatewayOf(s *survey.Survey, label string) (fixture.Workload, string) {
	label = cmp.Or(label, "istio=ingressgateway")
	found := s.Gateways(label)
	missing := fixture.Workload{Name: "istio-ingressgateway", Namespace: "none", Selector: label, Proxied: true}
	if len(found) == 0 {
		return missing, fmt.Sprintf("no gateway pod bears the label %s (GATEWAY_SELECTOR= names another label)", label)
	}
	pod, _ := s.Workload(found[0])
	for _, name := range found[1:] {
		if other, _ := s.Workload(name); other.Namespace != pod.Namespace || other.ServiceAccount != pod.ServiceAccount {
			return missing, fmt.Sprintf("pods %s and %s are of two gateways, and both bear the label %s (GATEWAY_SELECTOR= names another label)", found[0], name, label)
		}
	}
	return fixture.Workload{
		Name: missing.Name, Namespace: pod.Namespace, Selector: label, Labels: pod.Labels, ServiceAccount: pod.ServiceAccount, Proxied: true,
	}, ""
}

// policiesOfMesh tells of policies that reach the suite's namespaces; empty where there is none. A case states what follows
// from its own policies, so with others there the policies in force say what is wanted.
func policiesOfMesh(s *survey.Survey, root string) string {
	all := slices.Concat(ofNamespace(s.Snapshot.PeerAuthentications, root), ofNamespace(s.Snapshot.DestinationRules, root), ofNamespace(s.Authorization, root),
		ofNamespace(s.Snapshot.Sidecars, root))
	slices.Sort(all)
	return strings.Join(all, ", ")
}

func ofNamespace[Spec any](objects []oracle.Object[Spec], namespace string) []string {
	var all []string
	for _, object := range objects {
		if object.Namespace == namespace {
			all = append(all, object.String())
		}
	}
	return all
}
