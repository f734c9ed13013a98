package sabotage

import (
	"context"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// closing closes, in the network of the pod with an address, the connections to the API server as pods know it
// (ss(8), --kill). The pod makes new ones, under the permissions that it has by now.
const closing = `set -eu
for network in $(ip netns list | cut -d ' ' -f 1); do
  if ip -netns "$network" -oneline address | grep -qF " $ADDRESS/"; then
    ip netns exec "$network" ss --kill --tcp --numeric state established dst "$SERVER"
    exit
  fi
done
echo "no network of the node has address $ADDRESS" >&2
exit 1`

// disconnect closes the connections of pods to the API server, once.
func (w *work) disconnect(ctx context.Context, name string) error {
	namespace, app, _ := strings.Cut(name, "/")
	pods, err := w.Kube.Pods(ctx, namespace, "app="+app)
	if err != nil {
		return err
	}
	if len(pods) == 0 {
		return fmt.Errorf("disconnect %s: no pod runs with label app=%s", name, app)
	}
	var server corev1.Service // https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/
	if err := w.Kube.Get(ctx, metav1.NamespaceDefault, "kubernetes", &server); err != nil {
		return fmt.Errorf("disconnect %s: %w", name, err)
	}
	for _, pod := range pods {
		if _, err := w.Shell(ctx, pod.Spec.NodeName, closing, "ADDRESS="+pod.Status.PodIP, "SERVER="+server.Spec.ClusterIP); err != nil {
			return fmt.Errorf("disconnect %s: %w", pod.Name, err)
		}
	}
	return nil
}
