package policy

import (
	"context"
	"errors"
	"sync"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/e2e-framework/klient/k8s"

	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/e2e/pure/fixture"
)

// kinds are those that cases may apply. What depends on nothing else comes first, so that it is deleted last.
var kinds = []schema.GroupVersionKind{
	{Version: "v1", Kind: "ServiceAccountList"},
	{Version: "v1", Kind: "SecretList"},
	{Version: "v1", Kind: "ConfigMapList"},
	{Version: "v1", Kind: "ServiceList"},
	{Group: "apps", Version: "v1", Kind: "DeploymentList"},
	{Group: "networking.istio.io", Version: "v1", Kind: "ServiceEntryList"},
	{Group: "networking.istio.io", Version: "v1", Kind: "WorkloadEntryList"},
	{Group: "networking.istio.io", Version: "v1", Kind: "GatewayList"},
	{Group: "networking.istio.io", Version: "v1", Kind: "SidecarList"},
	{Group: "networking.istio.io", Version: "v1alpha3", Kind: "EnvoyFilterList"},
	{Group: "networking.istio.io", Version: "v1", Kind: "DestinationRuleList"},
	{Group: "networking.istio.io", Version: "v1", Kind: "VirtualServiceList"},
	{Group: fixture.GatewayAPI, Version: "v1", Kind: "HTTPRouteList"},
	{Group: fixture.GatewayAPI, Version: "v1", Kind: "GRPCRouteList"},
	{Group: fixture.GatewayAPI, Version: "v1", Kind: "BackendTLSPolicyList"},
	{Group: "telemetry.istio.io", Version: "v1", Kind: "TelemetryList"},
	{Group: "security.istio.io", Version: "v1", Kind: "AuthorizationPolicyList"},
	{Group: "security.istio.io", Version: "v1", Kind: "PeerAuthenticationList"},
}

// applied selects what runs applied to the mesh. What a run's own world has on a cluster of another's bears the run's label too, and says
// that it is part of the suite.
const applied = RunLabel + "," + mesh.PartOf + "!=" + mesh.Suite

// Leftovers lists the objects of any run that are in the mesh.
func (p *Policies) Leftovers(ctx context.Context) ([]k8s.Object, error) {
	labels := map[string]string{}
	for _, kind := range kinds {
		labels[kind.Kind] = applied
	}
	listed, err := p.list(ctx, labels)
	var found []k8s.Object
	for i := range listed {
		found = append(found, &listed[i])
	}
	return found, err
}

// decisive are the kinds that the oracle reads, each with the label that its objects must bear.
var decisive = map[string]string{
	"PeerAuthenticationList": "", "DestinationRuleList": "", "ServiceEntryList": "", "AuthorizationPolicyList": "", "GatewayList": "", "VirtualServiceList": "",
	"SidecarList": "", "WorkloadEntryList": "",
	"HTTPRouteList": "", "GRPCRouteList": "", "BackendTLSPolicyList": "",
	// The world's own are known, and those of others have no part in it.
	"ServiceList": applied,
}

// InForce lists every object in the mesh that decides what a hop must be: policies of whatever owner, and services that
// runs applied.
func (p *Policies) InForce(ctx context.Context) ([]unstructured.Unstructured, error) {
	return p.list(ctx, decisive)
}

// list lists the objects of the kinds that labels names, in the order of kinds; each must bear the label of its kind. A kind
// that cannot be listed does not keep the others: what was found is returned beside the error. Of a kind that the API server does
// not serve there is none.
func (p *Policies) list(ctx context.Context, labels map[string]string) ([]unstructured.Unstructured, error) {
	lists := make([]unstructured.UnstructuredList, len(kinds))
	failed := make([]error, len(kinds))
	var listing sync.WaitGroup
	for i, kind := range kinds {
		label, listed := labels[kind.Kind]
		if !listed {
			continue
		}
		listing.Go(func() {
			lists[i].SetGroupVersionKind(kind)
			if err := p.kube.List(ctx, "", label, &lists[i]); !meta.IsNoMatchError(err) {
				failed[i] = err
			}
		})
	}
	listing.Wait()
	var found []unstructured.Unstructured
	for _, list := range lists {
		found = append(found, list.Items...)
	}
	return found, errors.Join(failed...)
}
