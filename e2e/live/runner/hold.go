package runner

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/e2e-framework/klient/k8s"

	"mtls.test/conformance/e2e/live/policy"
	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/oracle"
	"mtls.test/conformance/e2e/pure/verdict"
	"mtls.test/conformance/fixtures/agent/lease"
)

// Hold is mTLS taken off a service for a person, on a lease.
type Hold struct {
	play   *play
	before []fixture.Expect // what the policies ask for without it
	hops   []attempt
}

// TakeOff takes mTLS off a service of the world: it patches the service's rule or makes one, and where the workload would
// refuse plaintext makes an exception for it first. It returns once every client with a proxy has been seen to speak plaintext
// to the service's ports of HTTP and gRPC; the checks are in the verdict. On error nothing of it is left.
func (p *Player) TakeOff(ctx context.Context, service, owner string, limit time.Duration) (*Hold, verdict.Case, error) {
	if !slices.Contains(p.plainServices(), service) {
		return nil, verdict.Case{}, fmt.Errorf("SERVICE=%s: no service of the world with one workload and a new connection for each request; there are %s", service, strings.Join(p.plainServices(), ", "))
	}
	if err := p.left.retry(ctx); err != nil {
		return nil, verdict.Case{}, err
	}
	own, _ := p.World.Service(service)
	h := &Hold{play: p.begun(fixture.Case{ID: "lease-" + service, Title: "mTLS is off for " + service})}
	if err := h.look(ctx, []string{service}); err != nil {
		return nil, verdict.Case{}, err
	}
	var err error
	h.play.leasedAt = time.Now()
	if h.play.lease, err = p.Policies.Lease(ctx, h.play.run+"-"+h.play.c.ID, owner, limit); err != nil {
		return nil, verdict.Case{}, err
	}
	if err := h.takeOff(ctx, own); err != nil {
		_, undone := h.PutBack(context.WithoutCancel(ctx))
		return nil, verdict.Case{}, errors.Join(err, undone)
	}
	told := h.play.verdict
	told.Conclude()
	return h, told, nil
}

// Prove sends over every hop from a client with a proxy to the services that a lease can be taken for, and tells whether each
// is what the policies ask for.
func (p *Player) Prove(ctx context.Context) (verdict.Case, error) {
	h := &Hold{play: p.begun(fixture.Case{ID: "lease-ended", Title: "no lease stands, each hop is as the policies ask"})}
	if err := h.look(ctx, p.plainServices()); err != nil {
		return verdict.Case{}, err
	}
	if err := h.play.expect(ctx, 0, h.before); err != nil {
		return verdict.Case{}, err
	}
	h.play.verdict.Conclude()
	return h.play.verdict, nil
}

// plainServices are those that a lease can be taken for.
func (p *Player) plainServices() []string {
	var names []string
	for _, service := range p.World.Services {
		if service.Kind == fixture.ClusterIP && len(service.Workloads) == 1 && !service.Relays() && !service.Pooled {
			names = append(names, service.Name)
		}
	}
	return names
}

// look remembers what is asked of the hops from clients with a proxy to services now.
func (h *Hold) look(ctx context.Context, services []string) error {
	for _, a := range h.play.everyHop() {
		_, port, _ := h.play.World.Port(a.To)
		client, _ := h.play.World.Client(a.From)
		if slices.Contains(services, a.To.Service) && client.Kind != hop.Plain && (port.Protocol == hop.HTTP || port.Protocol == hop.GRPC) {
			a.id = a.String()
			h.hops = append(h.hops, a)
		}
	}
	intents, err := h.play.ask(ctx, h.hops)
	if err != nil {
		return err
	}
	for _, a := range h.hops {
		asked := intents[a.id]
		if asked.Says == "" {
			return fmt.Errorf("%s: the policies do not tell what it is: %s", a.Hop, asked.Missing)
		}
		h.before = append(h.before, expectation(a.Hop, asked.Says, asked.Refusal))
	}
	return nil
}

func expectation(h hop.Hop, want hop.Outcome, cause hop.Refusal) fixture.Expect {
	return fixture.Expect{From: fixture.Names{h.From}, To: fixture.Names{h.To.String()}, Want: want, Cause: cause}
}

func (h *Hold) takeOff(ctx context.Context, service fixture.Service) error {
	if err := h.except(ctx, service); err != nil {
		return err
	}
	if err := h.rule(ctx, service); err != nil {
		return err
	}
	var expects []fixture.Expect
	for _, a := range h.hops {
		expects = append(expects, expectation(a.Hop, hop.Plaintext, ""))
	}
	return h.play.expect(ctx, 0, expects)
}

// except has the workload take plaintext, where it would not: the policy gives way before the clients do.
func (h *Hold) except(ctx context.Context, service fixture.Service) error {
	snapshot, err := h.play.snapshot(ctx)
	if err != nil {
		return err
	}
	strict := false
	for _, a := range h.hops {
		strict = strict || snapshot.Ask(oracle.QuestionOf(a.Hop, fixture.Expect{})).Server.Mode == oracle.Strict
	}
	if !strict {
		return h.play.lease.SetPlaintext(ctx, lease.ByServer)
	}
	workload := service.Workloads[0]
	policies, err := h.ofKind(ctx, "PeerAuthentication")
	if err != nil {
		return err
	}
	for _, present := range policies {
		selector, _, _ := unstructured.NestedStringMap(present.Object, "spec", "selector", "matchLabels")
		if present.GetNamespace() == workload.Namespace && fixture.Selects(selector, workload.Labels) {
			if err := h.play.lease.SetPlaintext(ctx, lease.ByPatch); err != nil {
				return err
			}
			return h.patch(ctx, present, map[string]any{"mtls": map[string]any{"mode": "PERMISSIVE"}, "portLevelMtls": nil})
		}
	}
	if err := h.play.lease.SetPlaintext(ctx, lease.ByException); err != nil {
		return err
	}
	return h.create(ctx, object("security.istio.io/v1", "PeerAuthentication", workload.Namespace, workload.Name+"-lease", map[string]any{
		"selector": map[string]any{"matchLabels": map[string]any{"app": workload.Labels["app"]}},
		"mtls":     map[string]any{"mode": "PERMISSIVE"},
	}))
}

// rule has the clients send plaintext: by the service's own rule where there is one, for the oldest wins.
func (h *Hold) rule(ctx context.Context, service fixture.Service) error {
	disable := map[string]any{"mode": "DISABLE"}
	rules, err := h.ofKind(ctx, "DestinationRule")
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
		if err := h.patch(ctx, present, changed); err != nil {
			return err
		}
	}
	if len(h.play.lease.Patched("DestinationRule")) > 0 {
		return nil
	}
	return h.create(ctx, object("networking.istio.io/v1", "DestinationRule", service.Namespace, service.Name+"-disable-mtls", map[string]any{
		"host": service.Host(), "trafficPolicy": map[string]any{"tls": disable},
	}))
}

// ofKind lists the objects of a kind that are in force.
func (h *Hold) ofKind(ctx context.Context, kind string) ([]*unstructured.Unstructured, error) {
	all, err := h.play.Policies.InForce(ctx)
	var found []*unstructured.Unstructured
	for i := range all {
		if all[i].GetKind() == kind {
			found = append(found, &all[i])
		}
	}
	return found, err
}

func (h *Hold) create(ctx context.Context, made *unstructured.Unstructured) error {
	objects := []k8s.Object{made}
	made.SetLabels(h.play.Policies.Labels())
	return h.play.change(ctx, 0, "apply", objects, func() error {
		if err := h.play.lease.Apply(ctx, objects, fixture.Whenever); err != nil {
			return err
		}
		h.play.applied = append(h.play.applied, file{name: made.GetName(), objects: objects})
		return nil
	})
}

func (h *Hold) patch(ctx context.Context, present *unstructured.Unstructured, spec map[string]any) error {
	part := object(present.GetAPIVersion(), present.GetKind(), present.GetNamespace(), present.GetName(), spec)
	return h.play.change(ctx, 0, "patch", []k8s.Object{present}, func() error { return h.play.lease.PatchWith(ctx, part) })
}

func object(apiVersion, kind, namespace, name string, spec map[string]any) *unstructured.Unstructured {
	made := &unstructured.Unstructured{Object: map[string]any{"apiVersion": apiVersion, "kind": kind, "spec": spec}}
	made.SetNamespace(namespace)
	made.SetName(name)
	return made
}

// Stands tells whether the lease is still on record: somebody else may have ended it.
func (h *Hold) Stands(ctx context.Context) (bool, error) {
	all, err := h.play.Policies.Leases(ctx)
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(all, func(l *policy.Lease) bool { return l.Name() == h.play.lease.Name() }), nil
}

// PutBack ends the lease if nobody else did, waits until every client has what it had before, and proves on new connections
// that the hops are what the policies ask for without it.
func (h *Hold) PutBack(ctx context.Context) (verdict.Case, error) {
	p := h.play
	p.verdict.Title = "mTLS is back"
	checked := len(p.verdict.Checks)
	var made []k8s.Object
	for _, f := range p.applied {
		made = append(made, f.objects...)
	}
	err := tryAll(ctx,
		cleanup{revertLimit, func(ctx context.Context) error {
			return p.change(ctx, 1, "revert", slices.Concat(made, p.lease.Patched("")), func() error {
				return errors.Join(p.Policies.Delete(ctx, made), p.lease.Restore(ctx))
			})
		}},
		// Also where it could not be told how the mesh stood before, and nothing was changed.
		cleanup{revertLimit, func(ctx context.Context) error { return p.Policies.Delete(ctx, made) }},
		cleanup{revertLimit, func(ctx context.Context) error {
			if err := p.endLease(ctx); !policy.Ended(err) {
				return err
			}
			return nil
		}},
	)
	if err != nil {
		return p.verdict, err
	}
	if err := p.expect(ctx, 1, h.before); err != nil {
		return p.verdict, err
	}
	told := p.verdict
	told.Checks = told.Checks[checked:]
	told.Conclude()
	return told, nil
}
