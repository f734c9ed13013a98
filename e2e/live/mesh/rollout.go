package mesh

import (
	"context"
	"fmt"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/e2e-framework/klient/k8s"
	"sigs.k8s.io/e2e-framework/klient/wait"

	"mtls.test/conformance/e2e/live/kube"
	"mtls.test/conformance/e2e/live/timeout"
)

// RolledOut waits until all pods of a workload are of its newest template and ready, and no other of it runs. Of an object
// that is none there is nothing to wait for.
func RolledOut(ctx context.Context, k *kube.Client, object k8s.Object) error {
	workload := workloadOf(object)
	if workload == nil {
		return nil
	}
	namespace, name := workload.GetNamespace(), workload.GetName()
	err := wait.For(func(ctx context.Context) (bool, error) {
		if err := k.Get(ctx, namespace, name, workload); err != nil {
			return false, err
		}
		return upToDate(workload), nil
	}, wait.WithContext(ctx), wait.WithTimeout(timeout.RollOut.Duration()), wait.WithInterval(rolloutInterval), wait.WithImmediate())
	if err != nil {
		return fmt.Errorf("workload %s/%s did not become ready: %s%w (kubectl describe pod -n %s tells why)", namespace, name, ailments(ctx, k, workload), err, namespace)
	}
	return nil
}

// ailments says why pods of a workload are not ready, as the kubelet told; empty where that is not known.
func ailments(ctx context.Context, k *kube.Client, workload k8s.Object) string {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), timeout.Ask.Duration())
	defer cancel()
	selector, err := metav1.LabelSelectorAsSelector(selectorOf(workload))
	if err != nil {
		return ""
	}
	var pods corev1.PodList
	if err := k.List(ctx, workload.GetNamespace(), selector.String(), &pods); err != nil {
		return ""
	}
	var text strings.Builder
	for _, pod := range pods.Items {
		for _, why := range ailing(pod) {
			fmt.Fprintf(&text, "pod %s: %s: ", pod.Name, why)
		}
	}
	return text.String()
}

func selectorOf(workload k8s.Object) *metav1.LabelSelector {
	switch now := workload.(type) {
	case *appsv1.Deployment:
		return now.Spec.Selector
	case *appsv1.DaemonSet:
		return now.Spec.Selector
	}
	return nil
}

// ailing says what keeps each container of a pod from running (ContainerStateWaiting, ContainerStateTerminated), which one runs and is not
// ready, and why the pod has no node.
func ailing(pod corev1.Pod) []string {
	var all []string
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodScheduled && condition.Status == corev1.ConditionFalse {
			all = append(all, condition.Message)
		}
	}
	for _, container := range slices.Concat(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses) {
		if now := container.State.Terminated; now != nil && now.ExitCode != 0 {
			all = append(all, fmt.Sprintf("container %s ended with exit code %d", container.Name, now.ExitCode))
		}
		why := "container " + container.Name
		switch waiting := container.State.Waiting; {
		case waiting != nil && waiting.Reason != "PodInitializing":
			why += " is waiting: " + waiting.Reason
		case container.State.Running != nil && !container.Ready:
			why += " is not ready"
		default:
			continue
		}
		if ended := container.LastTerminationState.Terminated; ended != nil {
			why += fmt.Sprintf(", it ended with exit code %d", ended.ExitCode)
		}
		all = append(all, why)
	}
	return all
}

// RolledOut is RolledOut at the mesh's cluster.
func (m *Mesh) RolledOut(ctx context.Context, object k8s.Object) error {
	return RolledOut(ctx, m.kube, object)
}

// workloadOf is an object as the workload that it is; nil for one that is none.
func workloadOf(object k8s.Object) k8s.Object {
	var workload k8s.Object
	_, deployment := object.(*appsv1.Deployment)
	_, daemonSet := object.(*appsv1.DaemonSet)
	switch kind := object.GetObjectKind().GroupVersionKind().Kind; {
	case deployment || kind == "Deployment":
		workload = &appsv1.Deployment{}
	case daemonSet || kind == "DaemonSet":
		workload = &appsv1.DaemonSet{}
	default:
		return nil
	}
	workload.SetNamespace(object.GetNamespace())
	workload.SetName(object.GetName())
	return workload
}

// upToDate tells whether all pods of a workload are of its newest template and ready.
func upToDate(workload k8s.Object) bool {
	switch now := workload.(type) {
	case *appsv1.Deployment:
		s := now.Status
		return s.ObservedGeneration >= now.Generation && s.UpdatedReplicas == *now.Spec.Replicas && s.AvailableReplicas == s.UpdatedReplicas && s.Replicas == s.UpdatedReplicas
	case *appsv1.DaemonSet:
		s := now.Status
		return s.ObservedGeneration >= now.Generation && s.DesiredNumberScheduled > 0 && s.UpdatedNumberScheduled == s.DesiredNumberScheduled && s.NumberAvailable == s.DesiredNumberScheduled
	}
	return false
}
