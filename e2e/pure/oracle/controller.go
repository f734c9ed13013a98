package oracle

import (
	"regexp"
	"slices"
	"strings"
)

// Labels that Kubernetes gives to pods (https://kubernetes.io/docs/reference/labels-annotations-taints/).
const (
	TemplateHashLabel = "pod-template-hash"                  // of a Deployment's ReplicaSet
	podIndexLabel     = "apps.kubernetes.io/pod-index"       // of a StatefulSet
	podNameLabel      = "statefulset.kubernetes.io/pod-name" // of a StatefulSet, also where its pods have no index yet
	revisionHashLabel = "controller-revision-hash"           // of a DaemonSet and of a StatefulSet
)

// How Kubernetes makes a name: the base, cut so that all of it is no longer than a label may be, and random letters
// (k8s.io/apiserver pkg/storage/names/generate.go).
const (
	randomLength  = 5
	maxBaseLength = 63 - randomLength
)

// owner is a reference of a pod to what it belongs to.
type owner struct {
	Kind       string `json:"kind"`
	Name       string `json:"name"`
	Controller bool   `json:"controller"`
}

// controllerOf is the name of what made a pod, by its owner: of a ReplicaSet of a Deployment that one. A pod without an owner is
// named by what its name and labels tell.
func controllerOf(pod string, labels map[string]string, owners []owner) string {
	at := slices.IndexFunc(owners, func(one owner) bool { return one.Controller })
	if at < 0 {
		return ControllerName(pod, labels)
	}
	name := owners[at].Name
	if hash := labels[TemplateHashLabel]; hash != "" && owners[at].Kind == "ReplicaSet" {
		return strings.TrimSuffix(name, "-"+hash)
	}
	return name
}

// ControllerName is the name of what made a pod, by the pod's name without what a Deployment, a StatefulSet or a DaemonSet adds to
// it. A pod of another kind has its own name.
func ControllerName(pod string, labels map[string]string) string {
	switch {
	case labels[TemplateHashLabel] != "":
		return DeploymentName(pod, labels[TemplateHashLabel])
	case labels[podIndexLabel] != "":
		return strings.TrimSuffix(pod, "-"+labels[podIndexLabel])
	case labels[podNameLabel] != "":
		return pod[:max(strings.LastIndexByte(pod, '-'), 0)]
	case labels[revisionHashLabel] != "" && generated.MatchString(pod):
		return strings.TrimSuffix(baseOf(pod), "-")
	}
	return pod
}

// DeploymentName is the name of the Deployment that made a pod, by the hash of its ReplicaSet. Of a long name the base of the pod's
// is cut, maybe within the hash. A pod that is named otherwise has its own name.
func DeploymentName(pod, hash string) string {
	rest := "-" + hash + "-"
	if at := strings.LastIndex(pod, rest); at >= 0 {
		return pod[:at]
	}
	base := baseOf(pod)
	if len(base) < maxBaseLength {
		return pod
	}
	for ; rest != ""; rest = rest[:len(rest)-1] {
		if name, found := strings.CutSuffix(base, rest); found {
			return name
		}
	}
	return base
}

// generated matches a name that ends with random letters, which a dash or the limit of the length parts from its base.
var generated = regexp.MustCompile(`^(.*-|.{58})[a-z0-9]{5}$`)

// baseOf is a generated name without its random letters.
func baseOf(pod string) string { return pod[:max(len(pod)-randomLength, 0)] }
