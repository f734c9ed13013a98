package sabotage

import (
	"context"
	"fmt"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/e2e-framework/klient/wait"

	"mtls.test/conformance/e2e/live/kube"
	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/e2e/live/timeout"
)

// RefuseUpdates has the API server refuse every update of DestinationRules, by a webhook whose service does not exist. It
// returns once it does, as a dry run of an update of the rule shows. Allow ends that, and may be called again.
func RefuseUpdates(ctx context.Context, k *kube.Client, rule *unstructured.Unstructured) (allow func(context.Context) error, err error) {
	fail, none, seconds, path := admissionv1.Fail, admissionv1.SideEffectClassNone, int32(1), "/"
	webhook := &admissionv1.ValidatingWebhookConfiguration{
		ObjectMeta: metav1.ObjectMeta{Name: "mtls-conformance-refuses-updates", Labels: map[string]string{mesh.PartOf: mesh.Suite}},
		Webhooks: []admissionv1.ValidatingWebhook{{
			Name:          "refuses-updates.mtls.test",
			FailurePolicy: &fail, SideEffects: &none, TimeoutSeconds: &seconds, AdmissionReviewVersions: []string{"v1"},
			ClientConfig: admissionv1.WebhookClientConfig{Service: &admissionv1.ServiceReference{Namespace: rule.GetNamespace(), Name: "does-not-exist", Path: &path}},
			Rules: []admissionv1.RuleWithOperations{{
				Operations: []admissionv1.OperationType{admissionv1.Update},
				Rule:       admissionv1.Rule{APIGroups: []string{"networking.istio.io"}, APIVersions: []string{"*"}, Resources: []string{"destinationrules"}},
			}},
		}},
	}
	allow = func(ctx context.Context) error {
		if err := k.Delete(ctx, webhook); !apierrors.IsNotFound(err) {
			return err
		}
		return nil
	}
	if err := k.Create(ctx, webhook); err != nil {
		return allow, err
	}
	return allow, wait.For(func(ctx context.Context) (bool, error) {
		now := rule.DeepCopy()
		if err := k.Get(ctx, rule.GetNamespace(), rule.GetName(), now); err != nil {
			return false, err
		}
		return refused(k.Update(ctx, now, client.DryRunAll)), nil
	}, wait.WithContext(ctx), wait.WithTimeout(timeout.RefusalKnown.Duration()), wait.WithInterval(leasePoll), wait.WithImmediate())
}

// refused is true of the error of an update that a webhook which cannot be called has the API server refuse.
func refused(err error) bool { return apierrors.IsInternalError(err) }

// StopIstiod scales istiod to no replica, and returns once none is left. Start scales it to one and waits until that is
// ready; it may be called again.
func StopIstiod(ctx context.Context, k *kube.Client) (start func(context.Context) error, err error) {
	start = func(ctx context.Context) error { return scaleIstiod(ctx, k, 1) }
	return start, scaleIstiod(ctx, k, 0)
}

func scaleIstiod(ctx context.Context, k *kube.Client, replicas int) error {
	istiod := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: "istio-system", Name: "istiod"}}
	if err := k.MergePatch(ctx, istiod, fmt.Appendf(nil, `{"spec":{"replicas":%d}}`, replicas)); err != nil {
		return fmt.Errorf("scale istiod: %w", err)
	}
	return mesh.RolledOut(ctx, k, istiod)
}
