package existing

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/e2e-framework/klient/decoder"
	"sigs.k8s.io/e2e-framework/klient/k8s"
	"sigs.k8s.io/e2e-framework/klient/wait"

	"mtls.test/conformance/e2e/live/kube"
	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/e2e/live/policy"
	"mtls.test/conformance/e2e/live/timeout"
	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/upgrade"
	"mtls.test/conformance/fixtures/agent/lease"
)

// Enter makes the world, and what is allowed beyond it. Whatever is not inside of a namespace of the suite's bears the run's
// label, so that LeaveOwn knows it.
func Enter(ctx context.Context, client *kube.Client, files fs.FS, p fixture.Placement, image, runID string, say func(line string)) error {
	policies := policy.New(client, fixture.Move(files, p), runID)
	if err := mesh.PlugIn(ctx, client, p, policies.Labels()); err != nil {
		return err
	}
	if err := mesh.ApplyWorld(ctx, client, files, p, image, policies.Labels(), say); err != nil {
		return err
	}
	if p.NoGateway != "" || !p.Allowed.GatewayLog {
		return nil
	}
	taken, err := policies.Lease(ctx, runID+"-gateway", "the gateway's log for run "+runID, lease.Limit)
	if err != nil {
		return err
	}
	filters, err := decoder.DecodeAllFiles(ctx, fixture.Move(files, p), "existing/gateway*.yaml", kube.Labelled(mesh.PartOf, mesh.Suite), decoder.MutateOption(func(object k8s.Object) error {
		return onGateway(object, p.Gateway)
	}))
	if err != nil {
		return fmt.Errorf("fixtures/existing: %w", err)
	}
	if len(filters) == 0 {
		return errors.New("fixtures/existing: no filter for the gateway")
	}
	say("the gateway's log is in the suite's format, on lease " + taken.Name())
	return taken.Apply(ctx, filters, fixture.Whenever)
}

// onGateway puts a filter where the gateway is, and on nothing else there.
func onGateway(object k8s.Object, gateway fixture.Workload) error {
	object.SetNamespace(gateway.Namespace)
	filter, is := object.(*unstructured.Unstructured)
	if !is {
		return fmt.Errorf("%s is no EnvoyFilter", kube.Name(object))
	}
	key, value := gateway.Label()
	return unstructured.SetNestedStringMap(filter.Object, map[string]string{key: value}, "spec", "workloadSelector", "labels")
}

const goneInterval = 500 * time.Millisecond

// one is an object that the suite made.
type one struct {
	kind            schema.GroupVersionKind
	namespace, name string
}

// beyond are what the world has outside of the suite's namespaces.
func beyond(p fixture.Placement) []one {
	access := func(kind string) schema.GroupVersionKind {
		return schema.GroupVersionKind{Group: "rbac.authorization.k8s.io", Version: "v1", Kind: kind}
	}
	return []one{
		{access("RoleBinding"), p.Istiod, fixture.IstiodReader},
		{access("Role"), p.Istiod, fixture.IstiodReader},
		{access("ClusterRoleBinding"), "", "mtls-conformance-sweeper"},
		{access("ClusterRole"), "", "mtls-conformance-sweeper"},
		{schema.GroupVersionKind{Group: "apiextensions.k8s.io", Version: "v1", Kind: "CustomResourceDefinition"}, "", "policyleases.mtls.test"},
	}
}

// servicesOf are the Services that runs made in namespaces of others: only one that watches an upgrade does, wherever istiod and the
// gateway were then.
func servicesOf(ctx context.Context, client *kube.Client) ([]one, error) {
	var services corev1.ServiceList
	err := client.List(ctx, "", policy.RunLabel+","+mesh.PartOf+"="+mesh.Suite, &services)
	var all []one
	for _, service := range services.Items {
		all = append(all, one{corev1.SchemeGroupVersion.WithKind("Service"), service.Namespace, service.Name})
	}
	return all, err
}

// Leave ends every lease, and takes away all that Enter and the run made, whichever run it was; it returns once it is gone.
// What bears another's label, or none, stays. It is for the beginning of a run: holds tells, after everything was looked up
// and before anything is deleted, whether the run holds the lock, so that nothing of it can be a successor's.
func Leave(ctx context.Context, client *kube.Client, p fixture.Placement, runID string, holds func(context.Context) error) error {
	found, err := lookUp(ctx, client, p, runID, func(string) bool { return true })
	if lost := holds(ctx); lost != nil {
		return errors.Join(err, lost)
	}
	return errors.Join(err, found.takeAway(ctx, client))
}

// LeaveOwn takes away what one run made, and nothing of another's: also after the run has lost the lock.
func LeaveOwn(ctx context.Context, client *kube.Client, p fixture.Placement, runID string) error {
	found, err := lookUp(ctx, client, p, runID, ownedBy(runID))
	return errors.Join(err, found.takeAway(ctx, client))
}

// ownedBy tells whether the label of an object is a run's, or of a suite that the run started, whose id begins with the run's.
func ownedBy(runID string) func(label string) bool {
	return func(label string) bool { return label == runID || strings.HasPrefix(label, runID+"-") }
}

// things are what runs made in a cluster, as they were found.
type things struct {
	policies *policy.Policies
	leases   []*policy.Lease
	applied  []k8s.Object
	rest     []k8s.Object // namespaces, and what is in none of them
}

// lookUp finds what runs made, of which owned takes the labels. What it could not look up is in the error; the rest is found.
func lookUp(ctx context.Context, client *kube.Client, p fixture.Placement, runID string, owned func(label string) bool) (things, error) {
	found := things{policies: policy.New(client, nil, runID)}
	var failed []error
	leases, err := found.policies.Leases(ctx)
	if err != nil && !noKind(err) {
		failed = append(failed, err)
	}
	for _, lease := range leases {
		if owned(lease.Run()) {
			found.leases = append(found.leases, lease)
		}
	}
	left, err := found.policies.Leftovers(ctx)
	failed = append(failed, err)
	for _, object := range left {
		if owned(object.GetLabels()[policy.RunLabel]) {
			found.applied = append(found.applied, object)
		}
	}
	services, err := servicesOf(ctx, client)
	failed = append(failed, err)
	wanted := append(beyond(p), services...)
	// Whatever this run may do, one that watched an upgrade, or had a tap, may have been killed.
	largest := p.With(upgrade.Namespaces()...)
	largest.Allowed.Tap = true
	for _, name := range largest.Made() {
		wanted = append(wanted, one{kind: corev1.SchemeGroupVersion.WithKind("Namespace"), name: name})
	}
	for _, one := range wanted {
		object := &metav1.PartialObjectMetadata{}
		object.SetGroupVersionKind(one.kind)
		err := client.Get(ctx, one.namespace, one.name, object)
		switch {
		case apierrors.IsNotFound(err):
		case err != nil:
			failed = append(failed, err)
		case !owned(object.Labels[policy.RunLabel]):
		case object.Labels[mesh.PartOf] != mesh.Suite:
			failed = append(failed, fmt.Errorf("%s %s is not the suite's (label %s): it stays", one.kind.Kind, one.name, mesh.PartOf))
		default:
			object.SetGroupVersionKind(one.kind)
			found.rest = append(found.rest, object)
		}
	}
	return found, errors.Join(failed...)
}

// takeAway ends the leases, deletes everything else, and waits until it is gone. What has a name by now that something of it
// had is another run's, and stays.
func (t things) takeAway(ctx context.Context, client *kube.Client) error {
	var failed []error
	for _, lease := range t.leases {
		if err := lease.End(ctx); !policy.Ended(err) {
			failed = append(failed, err)
		}
	}
	failed = append(failed, t.policies.Delete(ctx, t.applied))
	for _, object := range t.rest {
		failed = append(failed, client.DeleteThis(ctx, object))
	}
	var there []string
	err := wait.For(func(ctx context.Context) (bool, error) {
		there = nil
		for _, object := range t.rest {
			now := &metav1.PartialObjectMetadata{}
			now.SetGroupVersionKind(object.GetObjectKind().GroupVersionKind())
			err := client.Get(ctx, object.GetNamespace(), object.GetName(), now)
			if ignoreGone(err) != nil {
				return false, err
			}
			if err == nil && now.UID == object.GetUID() {
				there = append(there, kube.Name(object))
			}
		}
		return len(there) == 0, nil
	}, wait.WithContext(ctx), wait.WithTimeout(timeout.Removed.Duration()), wait.WithInterval(goneInterval), wait.WithImmediate())
	if err != nil {
		failed = append(failed, fmt.Errorf("not gone after %s: %s: %w", timeout.Removed, strings.Join(there, ", "), err))
	}
	return errors.Join(failed...)
}

// noKind is true where the cluster does not know leases: nothing of the world is there.
func noKind(err error) bool {
	var status apierrors.APIStatus
	return apierrors.IsNotFound(err) || meta.IsNoMatchError(err) || errors.As(err, &status) && status.Status().Code == 404
}

func ignoreGone(err error) error {
	if apierrors.IsNotFound(err) {
		return nil
	}
	return err
}
