package exemption

import (
	"context"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/e2e-framework/klient/k8s"

	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/oracle"
	"mtls.test/conformance/fixtures/agent/lease"
)

// allowPlaintext makes the server PERMISSIVE where it is STRICT, before clients are switched to DISABLE.
func (e *Exemption) allowPlaintext(ctx context.Context, service fixture.Service) error {
	snapshot, err := e.run.Snapshot(ctx)
	if err != nil {
		return err
	}
	strict := false
	for _, a := range e.hops {
		strict = strict || snapshot.Ask(oracle.QuestionOf(a.Hop, fixture.Expect{})).Server.Mode == oracle.Strict
	}
	if !strict {
		return e.lease.SetPlaintext(ctx, lease.ByServer)
	}
	workload := service.Workloads[0]
	policies, err := e.inForce(ctx, "PeerAuthentication")
	if err != nil {
		return err
	}
	for _, present := range policies {
		selector, _, _ := unstructured.NestedStringMap(present.Object, "spec", "selector", "matchLabels")
		if present.GetNamespace() == workload.Namespace && fixture.Selects(selector, workload.Labels) {
			if err := e.lease.SetPlaintext(ctx, lease.ByPatch); err != nil {
				return err
			}
			return e.patch(ctx, present, map[string]any{"mtls": map[string]any{"mode": "PERMISSIVE"}, "portLevelMtls": nil})
		}
	}
	if err := e.lease.SetPlaintext(ctx, lease.ByException); err != nil {
		return err
	}
	return e.create(ctx, object("security.istio.io/v1", "PeerAuthentication", workload.Namespace, workload.Name+"-lease", map[string]any{
		"selector": map[string]any{"matchLabels": map[string]any{"app": workload.Labels["app"]}},
		"mtls":     map[string]any{"mode": "PERMISSIVE"},
	}))
}

// disableTLS makes the clients send plaintext: by the service's own rule where there is one, for the oldest wins.
func (e *Exemption) disableTLS(ctx context.Context, service fixture.Service) error {
	disable := map[string]any{"mode": "DISABLE"}
	rules, err := e.inForce(ctx, "DestinationRule")
	if err != nil {
		return err
	}
	for _, present := range rules {
		host, _, _ := unstructured.NestedString(present.Object, "spec", "host")
		if host != service.Host() && (host != service.Name || present.GetNamespace() != service.Namespace) {
			continue
		}
		// Settings for ports and subsets would go on saying otherwise.
		changed := map[string]any{"trafficPolicy": map[string]any{"tls": disable, "portLevelSettings": nil}}
		if subsets, found, _ := unstructured.NestedSlice(present.Object, "spec", "subsets"); found {
			for _, subset := range subsets {
				if fields, ok := subset.(map[string]any); ok {
					delete(fields, "trafficPolicy")
				}
			}
			changed["subsets"] = subsets
		}
		if err := e.patch(ctx, present, changed); err != nil {
			return err
		}
	}
	if len(e.lease.Patched("DestinationRule")) > 0 {
		return nil
	}
	return e.create(ctx, object("networking.istio.io/v1", "DestinationRule", service.Namespace, service.Name+"-disable-mtls", map[string]any{
		"host": service.Host(), "trafficPolicy": map[string]any{"tls": disable},
	}))
}

// inForce lists the objects of a kind that are in force.
func (e *Exemption) inForce(ctx context.Context, kind string) ([]*unstructured.Unstructured, error) {
	all, err := e.r.Policies.InForce(ctx)
	var found []*unstructured.Unstructured
	for i := range all {
		if all[i].GetKind() == kind {
			found = append(found, &all[i])
		}
	}
	return found, err
}

func (e *Exemption) create(ctx context.Context, made *unstructured.Unstructured) error {
	objects := []k8s.Object{made}
	made.SetLabels(e.r.Policies.Labels())
	return e.run.Change(ctx, 0, "apply", objects, func() error {
		if err := e.lease.Apply(ctx, objects, fixture.Whenever); err != nil {
			return err
		}
		e.made = append(e.made, made)
		return nil
	})
}

func (e *Exemption) patch(ctx context.Context, present *unstructured.Unstructured, spec map[string]any) error {
	part := object(present.GetAPIVersion(), present.GetKind(), present.GetNamespace(), present.GetName(), spec)
	return e.run.Change(ctx, 0, "patch", []k8s.Object{present}, func() error { return e.lease.PatchWith(ctx, part) })
}

func object(apiVersion, kind, namespace, name string, spec map[string]any) *unstructured.Unstructured {
	made := &unstructured.Unstructured{Object: map[string]any{"apiVersion": apiVersion, "kind": kind, "spec": spec}}
	made.SetNamespace(namespace)
	made.SetName(name)
	return made
}
