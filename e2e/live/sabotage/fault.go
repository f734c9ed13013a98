package sabotage

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/e2e-framework/klient/wait"

	"mtls.test/conformance/e2e/live/kube"
	"mtls.test/conformance/e2e/live/policy"
	"mtls.test/conformance/e2e/live/proof"
	"mtls.test/conformance/e2e/live/timeout"
)

// Fault is something around a run that breaks, and comes back by itself.
type Fault struct {
	Name   string
	Strike func(context.Context, *kube.Client, proof.Shell) error
	Awaits bool // it waits for its moment in a case, and is to be let loose before it
}

// Faults are those that a run must survive without a wrong verdict.
var Faults = []Fault{
	{Name: "api-server-restarted", Strike: onNodes("pkill -KILL -x kube-apiserver")},
	{Name: "kubelet-stopped", Strike: onNodes("systemctl stop kubelet && sleep 5 && systemctl start kubelet")},
	{Name: "product-service-crashes", Strike: onNodes(`pkill -KILL -f '^/agent product-service$'`)},
	{Name: "tap-killed", Strike: onNodes(`pkill -KILL -f '^/agent tap$'`)},
	{Name: "istiod-restarted", Strike: deletion("istio-system", "app=istiod")},
	{Name: "gateway-deleted", Strike: deletion("istio-system", "istio=ingressgateway")},
	{Name: "lease-ended", Strike: caseLeaseEnded, Awaits: true},
}

// leasePoll is how often the lease of a case is looked for.
const leasePoll = 100 * time.Millisecond

// caseLeaseEnded ends the lease of the case that is played, once it has one, as the sweeper does with what has expired.
func caseLeaseEnded(ctx context.Context, k *kube.Client, _ proof.Shell) error {
	policies := policy.New(k, nil, "")
	return wait.For(func(ctx context.Context) (bool, error) {
		all, err := policies.Leases(ctx)
		i := slices.IndexFunc(all, func(l *policy.Lease) bool { return strings.HasPrefix(l.Owner(), "case ") })
		if err != nil || i < 0 {
			return false, err
		}
		return true, all[i].End(ctx)
	}, wait.WithContext(ctx), wait.WithTimeout(timeout.FirstLease.Duration()), wait.WithInterval(leasePoll), wait.WithImmediate())
}

// HoldAPIServer has no API server answer for some time.
func HoldAPIServer(ctx context.Context, k *kube.Client, shell proof.Shell, during time.Duration) error {
	return onNodes(fmt.Sprintf("pkill -STOP -x kube-apiserver && sleep %g && pkill -CONT -x kube-apiserver", during.Seconds()))(ctx, k, shell)
}

// StopKubeProxy has no node learn of Services and their endpoints until start is called.
func StopKubeProxy(ctx context.Context, k *kube.Client, shell proof.Shell) (start func(context.Context) error, err error) {
	start = func(ctx context.Context) error { return onNodes("pkill -CONT -x kube-proxy")(ctx, k, shell) }
	return start, onNodes("pkill -STOP -x kube-proxy")(ctx, k, shell)
}

// onNodes runs a script on every node. That one has nothing to kill is no error.
func onNodes(script string) func(context.Context, *kube.Client, proof.Shell) error {
	return func(ctx context.Context, k *kube.Client, shell proof.Shell) error {
		// Asked before the API server may be away.
		nodes, err := k.Nodes(ctx)
		if err != nil {
			return err
		}
		for _, node := range nodes {
			if _, err := shell(ctx, node.Name, script+" || [ $? = 1 ]"); err != nil {
				return err
			}
		}
		return nil
	}
}

// deletion deletes the pods of a selector, at once.
func deletion(namespace, selector string) func(context.Context, *kube.Client, proof.Shell) error {
	return func(ctx context.Context, k *kube.Client, _ proof.Shell) error {
		pods, err := k.Pods(ctx, namespace, selector)
		if err != nil {
			return err
		}
		if len(pods) == 0 {
			return fmt.Errorf("no pod %s runs in %s", selector, namespace)
		}
		for i := range pods {
			if err := k.Delete(ctx, &pods[i], client.GracePeriodSeconds(0)); err != nil {
				return err
			}
		}
		return nil
	}
}
