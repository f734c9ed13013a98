package survey

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"mtls.test/conformance/e2e/live/kube"
	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/istioversion"
	"mtls.test/conformance/e2e/pure/oracle"
)

// Plane is one control plane of Istio: an istiod of one revision.
type Plane struct {
	Revision  string `json:"revision"` // default, or the name that it was installed with
	Version   string `json:"version"`
	Namespace string `json:"namespace"` // that istiod runs in; policies of the mesh live in Mesh.RootNamespace
	Pods      []string
	Mesh      oracle.Mesh
	Settings  []string // its ConfigMaps' as YAML, each above those before
	Root      string   // the certificate that its workloads trust, in PEM; empty where it could not be read
}

const (
	revisionLabel = "istio.io/rev"
	// rootConfigMap is where istiod writes its root, in every namespace
	// (istio/istio pilot/pkg/serviceregistry/kube/controller/namespacecontroller.go, CACertNamespaceConfigMap).
	rootConfigMap = "istio-ca-root-cert"
	sharedMesh    = "SHARED_MESH_CONFIG" // istiod's variable that names a second ConfigMap, above which its own stands
)

// findPlanes finds istiods by their label, and reads the settings of each from its ConfigMaps
// (istio/istio pilot/pkg/bootstrap/mesh.go, getMeshConfigMapName).
func findPlanes(ctx context.Context, client *kube.Client) ([]Plane, error) {
	pods, err := client.Pods(ctx, "", "app=istiod")
	if err != nil {
		return nil, err
	}
	var planes []Plane
	for _, pod := range pods {
		revision := cmp.Or(pod.Labels[revisionLabel], "default")
		i := slices.IndexFunc(planes, func(p Plane) bool { return p.Revision == revision && p.Namespace == pod.Namespace })
		if i >= 0 {
			planes[i].Pods = append(planes[i].Pods, pod.Name)
			continue
		}
		plane := Plane{Revision: revision, Namespace: pod.Namespace, Pods: []string{pod.Name}, Version: versionOf(pod)}
		if err := plane.read(ctx, client, pod); err != nil {
			return nil, err
		}
		planes = append(planes, plane)
	}
	slices.SortFunc(planes, func(a, b Plane) int { return cmp.Compare(a.Revision, b.Revision) })
	return planes, nil
}

// versionOf is the tag of istiod's image, or else what its label says: that may be the chart's.
func versionOf(pod corev1.Pod) string {
	for _, container := range pod.Spec.Containers {
		if tag := oracle.TagOf(container.Image); tag != "" {
			return tag
		}
	}
	return cmp.Or(pod.Labels["app.kubernetes.io/version"], "unknown")
}

// read reads the settings of the plane.
func (p *Plane) read(ctx context.Context, client *kube.Client, pod corev1.Pod) error {
	own := "istio"
	if p.Revision != "default" {
		own += "-" + p.Revision
	}
	p.Mesh = oracle.DefaultMesh()
	p.Mesh.Domain = domainOf(pod)
	// A tag may state no minor, and its date no image states: the oracle then takes the newest.
	p.Mesh.Istio, _ = istioversion.Parse(p.Version, "")
	for _, name := range []string{variable(pod, sharedMesh), own} {
		if name == "" {
			continue
		}
		var configMap corev1.ConfigMap
		err := client.Get(ctx, p.Namespace, name, &configMap)
		if apierrors.IsNotFound(err) {
			continue
		}
		if err != nil {
			return fmt.Errorf("the mesh's settings: %w", err)
		}
		if p.Mesh, err = p.Mesh.With([]byte(configMap.Data["mesh"])); err != nil {
			return fmt.Errorf("configmap %s/%s: %w", p.Namespace, name, err)
		}
		p.Settings = append(p.Settings, configMap.Data["mesh"])
	}
	var root corev1.ConfigMap
	err := client.Get(ctx, p.Namespace, rootConfigMap, &root)
	if err != nil && !apierrors.IsNotFound(err) && !apierrors.IsForbidden(err) {
		return fmt.Errorf("the mesh's root certificate: %w", err)
	}
	p.Root = root.Data["root-cert.pem"]
	return nil
}

func variable(pod corev1.Pod, name string) string {
	for _, container := range pod.Spec.Containers {
		for _, own := range container.Env {
			if own.Name == name {
				return own.Value
			}
		}
	}
	return ""
}

// Address is where workloads ask the plane's istiod for certificates: its Service, HOST:PORT.
func (p Plane) Address() string {
	return fixture.Placement{Revision: p.Revision, Istiod: p.Namespace}.IstiodService() + ":15012"
}
