package oracle

import "strings"

// Labels that Kubernetes gives to pods (https://kubernetes.io/docs/reference/labels-annotations-taints/).
const (
	TemplateHashLabel = "pod-template-hash"            // of a Deployment's ReplicaSet
	podIndexLabel     = "apps.kubernetes.io/pod-index" // of a StatefulSet
)

// ControllerName is the name of what made a pod, by the pod's name without what a Deployment or a StatefulSet adds to it. A pod of
// another kind has its own name.
func ControllerName(pod string, labels map[string]string) string {
	if hash := labels[TemplateHashLabel]; hash != "" {
		return DeploymentName(pod, hash)
	}
	if index := labels[podIndexLabel]; index != "" {
		return strings.TrimSuffix(pod, "-"+index)
	}
	return pod
}

// DeploymentName is the name of the Deployment that made a pod, by the hash of its ReplicaSet.
func DeploymentName(pod, hash string) string {
	name, _, _ := strings.Cut(pod, "-"+hash+"-")
	return name
}
