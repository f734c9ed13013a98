package guest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
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

	"mtls.test/conformance/e2e/fixture"
	"mtls.test/conformance/e2e/kube"
	"mtls.test/conformance/e2e/mesh"
	"mtls.test/conformance/e2e/policy"
)

// stayLimit is how long what hangs on the run's lease may stand: the longest that a lease can.
const stayLimit = time.Hour

// Enter makes the world, and what is allowed beyond it.
func Enter(ctx context.Context, client *kube.Client, files fs.FS, p fixture.Placement, image, runID string, say func(line string)) error {
	if err := mesh.PlugIn(ctx, client, p); err != nil {
		return err
	}
	if err := mesh.ApplyWorld(ctx, client, files, p, image, say); err != nil {
		return err
	}
	if p.NoGateway != "" || !p.Allowed.GatewayLog {
		return nil
	}
	policies := policy.New(client, fixture.Move(files, p), runID)
	lease, err := policies.Lease(ctx, runID+"-gateway", "the gateway's log for run "+runID, stayLimit)
	if err != nil {
		return err
	}
	filters, err := decoder.DecodeAllFiles(ctx, fixture.Move(files, p), "existing/gateway.yaml", kube.Labelled(mesh.PartOf, mesh.Suite), decoder.MutateOption(func(object k8s.Object) error {
		return onGateway(object, p.Gateway)
	}))
	if err != nil {
		return fmt.Errorf("existing/gateway.yaml: %w", err)
	}
	if len(filters) == 0 {
		return errors.New("existing/gateway.yaml: it holds no filter")
	}
	say("the gateway's log is in the suite's format, on lease " + lease.Name())
	return lease.Apply(ctx, filters, fixture.Whenever)
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

const (
	goneLimit    = 3 * time.Minute
	goneInterval = 500 * time.Millisecond
)

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

// Leave ends every lease, and takes away all that Enter and the run made, whichever run it was; it returns once it is gone.
// What bears another's label, or none, stays.
func Leave(ctx context.Context, client *kube.Client, p fixture.Placement, runID string) error {
	r, err := client.Resources()
	if err != nil {
		return err
	}
	failed := []error{endAll(ctx, client, runID)}
	for _, name := range p.Made() {
		var namespace corev1.Namespace
		err := r.Get(ctx, name, "", &namespace)
		switch {
		case apierrors.IsNotFound(err):
			continue
		case err != nil:
			failed = append(failed, err)
			continue
		case namespace.Labels[mesh.PartOf] != mesh.Suite:
			failed = append(failed, fmt.Errorf("namespace %s is not the suite's (label %s): it stays", name, mesh.PartOf))
			continue
		}
		failed = append(failed, ignoreGone(r.Delete(ctx, &namespace)))
	}
	for _, one := range beyond(p) {
		object := &metav1.PartialObjectMetadata{}
		object.SetGroupVersionKind(one.kind)
		object.SetNamespace(one.namespace)
		object.SetName(one.name)
		failed = append(failed, ignoreGone(r.Delete(ctx, object)))
	}
	err = wait.For(func(ctx context.Context) (bool, error) {
		for _, name := range p.Made() {
			err := r.Get(ctx, name, "", &corev1.Namespace{})
			if !apierrors.IsNotFound(err) {
				return false, err
			}
		}
		return true, nil
	}, wait.WithContext(ctx), wait.WithTimeout(goneLimit), wait.WithInterval(goneInterval), wait.WithImmediate())
	if err != nil {
		failed = append(failed, fmt.Errorf("namespaces %v are not gone after %s: %w", p.Made(), goneLimit, err))
	}
	return errors.Join(failed...)
}

// endAll ends the leases and deletes the policies of any run, in whatever namespace.
func endAll(ctx context.Context, client *kube.Client, runID string) error {
	policies := policy.New(client, nil, runID)
	var failed []error
	leases, err := policies.Leases(ctx)
	if err != nil && !noKind(err) {
		failed = append(failed, err)
	}
	for _, lease := range leases {
		if err := lease.End(ctx); !policy.Ended(err) {
			failed = append(failed, err)
		}
	}
	left, err := policies.Leftovers(ctx)
	if err != nil {
		failed = append(failed, err)
	}
	return errors.Join(append(failed, policies.Delete(ctx, left))...)
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
