package interception

import (
	"cmp"
	"fmt"
	"slices"
)

// Pod is what of a pod, or of the template of one, decides what its sidecar gets.
type Pod struct {
	Annotations    map[string]string
	HostNetwork    bool
	Gateway        bool   // a proxy without an application
	User, Group    *int64 // runAsUser and runAsGroup of its securityContext; nil where they are not given
	Containers     []Container
	InitContainers []Container
}

// Container is a container of a pod.
type Container struct {
	Name        string
	Args        []string
	Env         map[string]string // variables with a value of their own
	User, Group *int64            // runAsUser and runAsGroup; nil where they are not given
}

// The containers that the injector adds (istio/istio
// manifests/charts/istio-control/istio-discovery/files/injection-template.yaml).
const (
	proxyContainer      = "istio-proxy"
	initContainer       = "istio-init"
	validationContainer = "istio-validation"

	modeAnnotation = "sidecar.istio.io/interceptionMode"
	modeVariable   = "ISTIO_META_INTERCEPTION_MODE"
	modeNone       = "NONE"

	defaultUser = "1337"

	// The agent of a pod that speaks xDS by itself, as gRPC without a proxy does, starts no Envoy
	// (istio/istio pilot/cmd/pilot-agent/options/options.go).
	noEnvoyVariable = "DISABLE_ENVOY"
)

// groupVariables pick the groups whose connections are redirected. No argument and no annotation does
// (istio/istio tools/istio-iptables/pkg/constants/constants.go).
var groupVariables = []string{"ISTIO_OUTBOUND_OWNER_GROUPS", "ISTIO_OUTBOUND_OWNER_GROUPS_EXCLUDE"}

// Read reads what the sidecar of a pod gets. Pods without rules are told apart first. Where istio-init is there its arguments
// alone count, for annotations may be edited after the start; then those of istio-validation, then the annotations.
func Read(pod Pod) Interception {
	proxy, _ := find(slices.Concat(pod.Containers, pod.InitContainers), proxyContainer)
	initial, hasInit := find(pod.InitContainers, initContainer)
	validation, hasValidation := find(pod.InitContainers, validationContainer)
	switch {
	case pod.Gateway:
		return unredirected("a gateway's proxy gets what comes to the ports that it listens on")
	case pod.HostNetwork:
		return unredirected("hostNetwork of the pod: no rules are set in the network of a node")
	case proxy.Env[noEnvoyVariable] == "true":
		return Interception{Source: NoRedirect, unread: "the pod's agent runs no Envoy (" + noEnvoyVariable + "), and what its application does by itself is not evaluated"}
	case hasInit:
		i := read(InitArguments, initial.argument)
		i.Verified, i.groups = true, initial.groups()
		return i.exempt(pod, cmp.Or(initial.argument(proxyUser), defaultUser), initial.argument(proxyGroup))
	case hasValidation:
		return read(ValidationArguments, validationAsCNI(validation)).exempt(pod, userOf(proxy.User), userOf(proxy.Group))
	case cmp.Or(proxy.Env[modeVariable], pod.Annotations[modeAnnotation]) == modeNone:
		return unredirected(modeAnnotation + " of the pod is NONE")
	}
	return read(PodAnnotations, byAnnotation(pod.Annotations)).exempt(pod, userOf(proxy.User), userOf(proxy.Group))
}

// groups is the variable that picks the groups whose connections are redirected; empty where all are.
func (c Container) groups() string {
	for _, name := range groupVariables {
		if value := c.Env[name]; value != "" && value != "*" {
			return name
		}
	}
	return ""
}

func unredirected(why string) Interception { return Interception{Source: NoRedirect, none: why} }

func read(from Source, value func(setting) string) Interception {
	i := Interception{Source: from}
	var err error
	if i.settings, err = readSettings(value); err != nil {
		i.unread = fmt.Sprintf("%s cannot be read: %v", from, err)
	}
	return i
}

// validationAsCNI reads the arguments of istio-validation, and adds the ports that the CNI plugin never redirects.
func validationAsCNI(c Container) func(setting) string {
	return func(s setting) string {
		value := c.argument(s)
		if s.cniAlways == "" {
			return value
		}
		return value + "," + s.cniAlways
	}
}

// exempt notes that containers of the application run as the proxy's user or group, whose connections are never redirected
// (https://istio.io/latest/docs/ops/deployment/application-requirements/#pod-requirements).
func (i Interception) exempt(pod Pod, user, group string) Interception {
	var others int
	for _, c := range pod.Containers {
		if c.Name == proxyContainer {
			continue
		}
		own, ownGroup := or(c.User, pod.User), or(c.Group, pod.Group)
		switch {
		case own != nil && fmt.Sprint(*own) == user:
			i.ownUser = fmt.Sprintf("container %s runs as the proxy's user %s", c.Name, user)
		case ownGroup != nil && fmt.Sprint(*ownGroup) == cmp.Or(group, user):
			i.ownUser = fmt.Sprintf("container %s runs as the proxy's group %s", c.Name, cmp.Or(group, user))
		default:
			others++
		}
	}
	i.mixed = i.ownUser != "" && others > 0
	return i
}

// userOf is a user or group as the CNI plugin reads it: 0 counts as not given.
func userOf(given *int64) string {
	if given == nil || *given == 0 {
		return defaultUser
	}
	return fmt.Sprint(*given)
}

func or(own, general *int64) *int64 {
	if own != nil {
		return own
	}
	return general
}

func find(all []Container, name string) (Container, bool) {
	i := slices.IndexFunc(all, func(c Container) bool { return c.Name == name })
	if i < 0 {
		return Container{}, false
	}
	return all[i], true
}
