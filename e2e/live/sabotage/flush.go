package sabotage

import (
	"context"

	"mtls.test/conformance/e2e/live/proof"
)

// saved is the folder of a node with the rules of pods that were flushed, by their network namespaces.
const saved = "/run/" + remark

// flushRules saves the nat rules of the network namespace that has $ADDRESS, and flushes them. Istio's redirection is of them
// (istio/istio tools/istio-iptables/pkg/capture/run.go).
const flushRules = `set -e
for pod in /run/netns/*; do
  nsenter --net="$pod" ip -4 addr show | grep -q "inet $ADDRESS/" || continue
  mkdir -p ` + saved + `
  nsenter --net="$pod" iptables-save -t nat > "` + saved + `/${pod##*/}"
  nsenter --net="$pod" iptables -w -t nat -F
  exit 0
done
echo "no pod of the node has the address $ADDRESS" >&2
exit 1`

// restoreRules gives pods their rules back. A pod that is gone needs none.
const restoreRules = `set -e
for file in ` + saved + `/*; do
  [ -e "$file" ] || continue
  pod=/run/netns/${file##*/}
  [ ! -e "$pod" ] || nsenter --net="$pod" iptables-restore -w -T nat < "$file"
  rm "$file"
done`

// flush takes the redirection away from the pod that a workload has now.
func (w *work) flush(ctx context.Context, workload string) error {
	pod, err := proof.PodOf(ctx, w.Kube, w.World, workload)
	if err != nil {
		return err
	}
	w.undo(func(ctx context.Context) error {
		_, err := w.Shell(ctx, pod.Spec.NodeName, restoreRules)
		return err
	})
	_, err = w.Shell(ctx, pod.Spec.NodeName, flushRules, "ADDRESS="+pod.Status.PodIP)
	return err
}
