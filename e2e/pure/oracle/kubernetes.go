package oracle

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"mtls.test/conformance/e2e/pure/hop"
)

// The labels by which Istio injects and marks a sidecar
// (https://istio.io/latest/docs/setup/additional-setup/sidecar-injection/).
const (
	injectionLabel = "istio-injection"
	injectLabel    = "sidecar.istio.io/inject"
	tlsModeLabel   = "security.istio.io/tlsMode"
	// Of ambient mode (https://istio.io/latest/docs/reference/config/labels/, …/config/annotations/).
	dataplaneLabel        = "istio.io/dataplane-mode"
	redirectionAnnotation = "ambient.istio.io/redirection"
	waypointLabel         = "istio.io/use-waypoint"
	noWaypoint            = "none"
	classLabel            = "gateway.networking.k8s.io/gateway-class-name"
	waypointClass         = "istio-waypoint"
	nameLabel             = "app.kubernetes.io/name"
	ztunnelName           = "ztunnel"
	tunnelLabel           = "networking.istio.io/tunnel"
	proxyContainer        = "istio-proxy"
	revisionLabel         = "istio.io/rev"
	// exportAnnotation lists the namespaces that see a Service (https://istio.io/latest/docs/reference/config/annotations/).
	exportAnnotation = "networking.istio.io/exportTo"
)

// targetPort is a workload's port by number or, for each workload to look up among its containers' ports, by name.
type targetPort struct {
	number uint16
	name   string
}

// UnmarshalJSON reads a number or a name.
func (p *targetPort) UnmarshalJSON(text []byte) error {
	if strings.HasPrefix(string(text), `"`) {
		return json.Unmarshal(text, &p.name)
	}
	return json.Unmarshal(text, &p.number)
}

func decodeService(meta Meta, content json.RawMessage) (Service, error) {
	var spec struct {
		Type         string            `json:"type"`
		ClusterIP    string            `json:"clusterIP"`
		ClusterIPs   []string          `json:"clusterIPs"`
		ExternalName string            `json:"externalName"`
		Selector     map[string]string `json:"selector"`
		Unready      bool              `json:"publishNotReadyAddresses"`
		Internal     string            `json:"internalTrafficPolicy"`
		Ports        []struct {
			Name        string     `json:"name"`
			Port        uint16     `json:"port"`
			TargetPort  targetPort `json:"targetPort"`
			AppProtocol string     `json:"appProtocol"`
			Protocol    string     `json:"protocol"`
		} `json:"ports"`
	}
	if err := decodeInto(content, &spec); err != nil {
		return Service{}, err
	}
	service := Service{Name: meta.Name, Namespace: meta.Namespace, Kind: ClusterIP, Selector: spec.Selector, PublishesUnready: spec.Unready}
	service.NodeLocal = spec.Internal == "Local"
	service.Waypoint = meta.Labels[waypointLabel]
	service.Sessions = meta.Labels[sessionLabel] != ""
	switch {
	case spec.Type == "ExternalName":
		service.Kind, service.Target = ExternalName, spec.ExternalName
	case spec.ClusterIP == "None":
		service.Kind = Headless
	}
	if service.Kind == ClusterIP {
		addresses := spec.ClusterIPs
		if len(addresses) == 0 && spec.ClusterIP != "" {
			addresses = []string{spec.ClusterIP}
		}
		var err error
		if service.Addresses, err = addressesOf(addresses); err != nil {
			return Service{}, fmt.Errorf("spec.clusterIPs: %w", err)
		}
	}
	service.Unselected = len(spec.Selector) == 0 && service.Kind != ExternalName
	for _, port := range spec.Ports {
		if port.Protocol != "" && port.Protocol != "TCP" {
			continue
		}
		declared := port.AppProtocol
		if declared == "" {
			declared = port.Name
		}
		service.Ports = append(service.Ports, Port{
			Name: port.Name, Number: port.Port, Workload: cmp.Or(port.TargetPort.number, port.Port), Target: port.TargetPort.name, Protocol: spoken(port.Name, declaredProtocol(declared)),
		})
	}
	return service, nil
}

// exportedTo reads the namespaces of a Service's annotation, which are separated by commas
// (istio/istio pilot/pkg/serviceregistry/kube/conversion.go, ConvertService).
func exportedTo(annotations map[string]string) []string {
	var all []string
	for namespace := range strings.SplitSeq(annotations[exportAnnotation], ",") {
		if namespace = strings.TrimSpace(namespace); namespace != "" {
			all = append(all, namespace)
		}
	}
	return all
}

// spoken distinguishes the world's server-first port from other ports declared tcp. No declaration can do that.
func spoken(name string, declared hop.Protocol) hop.Protocol {
	if declared == hop.TCP && name == string(hop.Greet) {
		return hop.Greet
	}
	return declared
}

// declaredProtocol reads an appProtocol or a port's name as Istio does
// (https://istio.io/latest/docs/ops/configuration/traffic-management/protocol-selection/).
func declaredProtocol(declared string) hop.Protocol {
	declared = strings.ToLower(declared)
	switch declared {
	case "kubernetes.io/h2c", "kubernetes.io/ws":
		return hop.HTTP
	case "kubernetes.io/wss":
		return hop.TLS
	}
	word, _, _ := strings.Cut(declared, "-")
	switch word {
	case "grpc":
		return hop.GRPC
	case "http", "http2", "http_proxy":
		return hop.HTTP
	case "https", "tls":
		return hop.TLS
	case "tcp", "mongo", "redis", "mysql":
		return hop.TCP
	}
	return hop.Auto
}

// podStatus is what a pod's status says of its traffic.
type podStatus struct {
	Phase  string `json:"phase"`
	PodIPs []struct {
		IP string `json:"ip"`
	} `json:"podIPs"`
	Conditions []struct {
		Type   string `json:"type"`
		Status string `json:"status"`
	} `json:"conditions"`
}

// finished is true of a pod whose containers have ended for good. Its address may be another's by now.
func (p podStatus) finished() bool { return p.Phase == "Succeeded" || p.Phase == "Failed" }

// ready is false of a pod that is not ready, and of one whose conditions do not say it. A pod without conditions is of a file
// that was cut short, and taken to be ready unless its phase says otherwise: the API server gives one that runs conditions.
func (p podStatus) ready() bool {
	if len(p.Conditions) == 0 && (p.Phase == "" || p.Phase == "Running") {
		return true
	}
	for _, condition := range p.Conditions {
		if condition.Type == "Ready" {
			return condition.Status == "True"
		}
	}
	return false
}

type podSpec struct {
	ServiceAccountName string          `json:"serviceAccountName"`
	HostNetwork        bool            `json:"hostNetwork"`
	SecurityContext    securityContext `json:"securityContext"`
	Containers         []container     `json:"containers"`
	InitContainers     []container     `json:"initContainers"`
}

// securityContext is of a pod or of a container of one, which stands above its pod's.
type securityContext struct {
	User  *int64 `json:"runAsUser"`
	Group *int64 `json:"runAsGroup"`
}

type container struct {
	Name            string          `json:"name"`
	Image           string          `json:"image"`
	Args            []string        `json:"args"`
	SecurityContext securityContext `json:"securityContext"`
	Env             []struct {
		Name  string `json:"name"`
		Value string `json:"value"`
	} `json:"env"`
	Ports []struct {
		Name   string `json:"name"`
		Number uint16 `json:"containerPort"`
	} `json:"ports"`
}

func (p podSpec) hasProxy() bool { return p.proxy().Name != "" }

// proxy is the proxy's container; one without a name where there is none. It looks among init containers too: from Kubernetes 1.29
// on the sidecar may be one that restarts.
func (p podSpec) proxy() container {
	for _, container := range join(p.Containers, p.InitContainers) {
		if container.Name == proxyContainer {
			return container
		}
	}
	return container{}
}

// TagOf is the tag of an image; empty of one without.
func TagOf(image string) string {
	image, _, _ = strings.Cut(image, "@")
	_, tag, _ := strings.Cut(image[strings.LastIndexByte(image, '/')+1:], ":")
	return tag
}

func decodePod(meta Meta, doc document) (Workload, error) {
	var spec podSpec
	if err := decodeInto(doc.Spec, &spec); err != nil {
		return Workload{}, err
	}
	workload := newWorkload(meta, meta.Labels, spec)
	workload.Controller = controllerOf(meta.Name, meta.Labels, doc.Metadata.Owners)
	workload.HasProxy = spec.hasProxy()
	workload.Domain, workload.ProxyVersion = DomainOf(spec.proxy().Args), TagOf(spec.proxy().Image)
	workload.Gateway = workload.HasProxy && len(spec.Containers) == 1 && spec.Containers[0].Name == proxyContainer &&
		meta.Labels[tlsModeLabel] == ""
	workload.Interception = interceptionOf(spec, doc.Metadata.Annotations, workload.Gateway)
	workload.Unready = doc.Metadata.DeletionTimestamp != "" || !doc.Status.ready()
	workload.Revision = cmp.Or(doc.Metadata.Annotations[revisionLabel], meta.Labels[revisionLabel])
	workload.Ambient = ofAmbient(meta.Labels) || meta.Labels[tunnelLabel] == "http" || !workload.HasProxy &&
		(meta.Labels[dataplaneLabel] == "ambient" || doc.Metadata.Annotations[redirectionAnnotation] == "enabled")
	var addresses []string
	for _, address := range doc.Status.PodIPs {
		addresses = append(addresses, address.IP)
	}
	var err error
	if workload.Addresses, err = addressesOf(addresses); err != nil {
		return Workload{}, fmt.Errorf("status.podIPs: %w", err)
	}
	return workload, nil
}

func addressesOf(texts []string) ([]netip.Addr, error) {
	var all []netip.Addr
	for _, text := range texts {
		address, err := netip.ParseAddr(text)
		if err != nil {
			return nil, err
		}
		all = append(all, address)
	}
	return all, nil
}

// ofAmbient is true of the labels of ambient mode's own pods: a waypoint's, and a ztunnel's by its chart
// (istio/istio manifests/charts/ztunnel/templates/daemonset.yaml).
func ofAmbient(labels map[string]string) bool {
	return labels[classLabel] == waypointClass || labels[nameLabel] == ztunnelName || labels["app"] == ztunnelName
}

// decodeDeployment reads the pods that a Deployment will make; their namespace decides on injection where their own
// label does not, so the proxy is known only once the snapshot is whole.
func decodeDeployment(meta Meta, content json.RawMessage) (Workload, error) {
	var spec struct {
		Template struct {
			Metadata struct {
				Labels      map[string]string `json:"labels"`
				Annotations map[string]string `json:"annotations"`
			} `json:"metadata"`
			Spec podSpec `json:"spec"`
		} `json:"template"`
	}
	if err := decodeInto(content, &spec); err != nil {
		return Workload{}, err
	}
	workload := newWorkload(meta, spec.Template.Metadata.Labels, spec.Template.Spec)
	workload.pending = !spec.Template.Spec.hasProxy()
	workload.HasProxy = !workload.pending
	workload.Interception = interceptionOf(spec.Template.Spec, spec.Template.Metadata.Annotations, false)
	return workload, nil
}

func newWorkload(meta Meta, labels map[string]string, spec podSpec) Workload {
	account := spec.ServiceAccountName
	if account == "" {
		account = "default"
	}
	workload := Workload{Name: meta.Name, Namespace: meta.Namespace, Labels: labels, ServiceAccount: account, HostNetwork: spec.HostNetwork, Ports: map[string]uint16{}}
	for _, container := range join(spec.Containers, spec.InitContainers) {
		for _, port := range container.Ports {
			workload.Ports[cmp.Or(port.Name, strconv.Itoa(int(port.Number)))] = port.Number
		}
	}
	return workload
}

// settle adds to a workload what its namespace decides for it. For the future pods of a Deployment, the pod's own label takes
// precedence over its namespace's
// (https://istio.io/latest/docs/setup/additional-setup/sidecar-injection/#controlling-the-injection-policy).
func (s Snapshot) settle(w Workload) Workload {
	if w.pending {
		w.pending = false
		w.HasProxy = s.Injected[w.Namespace]
		if own, given := w.Labels[injectLabel]; given {
			w.HasProxy = own == "true"
		}
		// The injector leaves such pods alone, whatever their labels say
		// (istio/istio pkg/kube/inject/inject.go, injectRequired).
		w.HasProxy = w.HasProxy && !w.HostNetwork
		if w.HasProxy {
			w.Labels = withDefault(w.Labels, tlsModeLabel, istioMode)
		}
	}
	w.Ambient = w.Ambient || s.Ambient[w.Namespace] && !w.HasProxy && w.Labels[dataplaneLabel] != "none"
	return w
}

// withDefault returns labels with one added where it is missing.
func withDefault(labels map[string]string, name, value string) map[string]string {
	all := map[string]string{name: value}
	for key, own := range labels {
		all[key] = own
	}
	return all
}

func decodeInto(content json.RawMessage, into any) error {
	if len(content) == 0 {
		return nil
	}
	if err := json.Unmarshal(content, into); err != nil {
		return fmt.Errorf("spec: %w", err)
	}
	return nil
}
