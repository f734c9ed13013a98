package sabotage

import (
	"context"
	"errors"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"mtls.test/conformance/e2e/live/kube"
	"mtls.test/conformance/e2e/live/proof"
	"mtls.test/conformance/e2e/pure/fixture"
)

// remark is in every rule of ours at a node, so that what a killed run left is found.
const remark = "mtls-conformance-mutant"

// xdsPort is istiod's, of the pod as of the Service.
const xdsPort = "15012"

// isolate has the node reset what passes between a workload's pod and istiod, either way.
func (w *work) isolate(ctx context.Context, name string) error {
	pod, err := proof.PodOf(ctx, w.Kube, w.World, name)
	if err != nil {
		return err
	}
	for _, way := range []string{"-s $ADDRESS -p tcp --dport " + xdsPort, "-d $ADDRESS -p tcp --sport " + xdsPort} {
		if err := w.rule(ctx, pod, "filter FORWARD", way+" -j REJECT --reject-with tcp-reset"); err != nil {
			return err
		}
	}
	return nil
}

// redirect has the node send what comes for a workload port to another pod, unless it comes from there.
func (w *work) redirect(ctx context.Context, r fixture.Redirect) error {
	service, port, _ := w.World.Port(r.From)
	from, err := service.Workload("")
	if err != nil {
		return err
	}
	pod, err := proof.PodOf(ctx, w.Kube, w.World, from.Name)
	if err != nil {
		return err
	}
	namespace, name, _ := strings.Cut(r.To, "/")
	pods, err := w.Kube.Pods(ctx, namespace, "app="+name)
	if err != nil {
		return err
	}
	if len(pods) != 1 {
		return fmt.Errorf("redirect to %s: %d pods run with label app=%s, want one", r.To, len(pods), name)
	}
	to := pods[0].Status.PodIP
	return w.rule(ctx, pod, "nat PREROUTING", fmt.Sprintf("! -s %s -d $ADDRESS -p tcp --dport %d -j DNAT --to-destination %s:%d", to, port.Workload, to, r.Port))
}

// rule puts a rule first into a chain of the node of a pod.
func (w *work) rule(ctx context.Context, pod corev1.Pod, chain, rule string) error {
	table, name, _ := strings.Cut(chain, " ")
	run := func(ctx context.Context, act string) error {
		script := fmt.Sprintf("iptables -w -t %s %s %s -m comment --comment %s %s", table, act, name, remark, rule)
		_, err := w.Shell(ctx, pod.Spec.NodeName, script, "ADDRESS="+pod.Status.PodIP)
		return err
	}
	w.undo(func(ctx context.Context) error { return run(ctx, "-D") })
	return run(ctx, "-I")
}

// Clean removes from every node what a killed run left there.
func Clean(ctx context.Context, k *kube.Client, shell proof.Shell) error {
	nodes, err := k.Nodes(ctx)
	if err != nil {
		return err
	}
	var failed []error
	for _, node := range nodes {
		_, err := shell(ctx, node.Name, fmt.Sprintf(`set -o pipefail
for table in filter nat; do
  iptables-save -t $table | { grep -e '--comment "\?%s"\? ' || true; } | sed 's/^-A/-D/' | while read -r rule; do eval "iptables -w -t $table $rule"; done
done`, remark))
		failed = append(failed, err)
		_, err = shell(ctx, node.Name, restoreRules)
		failed = append(failed, err)
	}
	return errors.Join(failed...)
}
