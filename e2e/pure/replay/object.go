package replay

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"mtls.test/conformance/e2e/pure/oracle"
)

// Object is a Kubernetes object as the API server gives it.
type Object map[string]any

// field is a value of nested maps; nil where there is none.
func (o Object) field(keys ...string) any {
	var value any = map[string]any(o)
	for _, key := range keys {
		inner, _ := value.(map[string]any)
		value = inner[key]
	}
	return value
}

func (o Object) text(keys ...string) string {
	text, _ := o.field(keys...).(string)
	return text
}

// Kind is the object's kind.
func (o Object) Kind() string { return o.text("kind") }

// Name is metadata.name.
func (o Object) Name() string { return o.text("metadata", "name") }

// Namespace is metadata.namespace; of a Namespace its name.
func (o Object) Namespace() string {
	if o.Kind() == "Namespace" {
		return o.Name()
	}
	return o.text("metadata", "namespace")
}

// Label is a label of the object; empty where it has none.
func (o Object) Label(key string) string { return o.text("metadata", "labels", key) }

// What is kept of an object's metadata, of a pod's spec and status, and of a container: what says who and how old it is, and
// what of its traffic comes to a proxy. Of an endpoint's pod it is who it is.
var (
	keptMeta      = []string{"name", "namespace", "labels", "annotations", "creationTimestamp", "deletionTimestamp"}
	keptPod       = []string{"serviceAccountName", "hostNetwork", "nodeName", "containers", "initContainers", "securityContext"}
	keptStatus    = []string{"podIPs", "phase"}
	keptContainer = []string{"name", "args", "command", "ports", "restartPolicy", "securityContext"}
	keptTarget    = []string{"kind", "name", "namespace"}
	// dropped are annotations that others write for themselves.
	dropped = []string{"kubectl.kubernetes.io/", "endpoints.kubernetes.io/", "deployment.kubernetes.io/", "kubernetes.io/", "prometheus.io/"}
)

// Cut leaves of an object what a survey of a cluster reads. Objects of kinds that tell of no hop, such as Secrets, are none to
// cut: the caller keeps them out.
func (o Object) Cut() Object {
	kept := Object{"apiVersion": o["apiVersion"], "kind": o["kind"], "metadata": only(o.field("metadata"), keptMeta)}
	if annotations, _ := kept.field("metadata", "annotations").(map[string]any); annotations != nil {
		for key := range annotations {
			if slices.ContainsFunc(dropped, func(prefix string) bool { return strings.HasPrefix(key, prefix) }) {
				delete(annotations, key)
			}
		}
	}
	for key, value := range o {
		switch key {
		case "apiVersion", "kind", "metadata", "status":
		case "spec":
			kept[key] = value
			if o.Kind() == "Pod" {
				kept[key] = cutPod(value)
			}
			if o.Kind() == "Namespace" {
				delete(kept, key) // its finalizers
			}
		default:
			kept[key] = value // of a kind without a spec: an EndpointSlice
		}
	}
	switch o.Kind() {
	case "Pod":
		kept["status"] = only(o.field("status"), keptStatus)
	case "EndpointSlice":
		cutEndpoints(kept["endpoints"])
	}
	return kept
}

// cutEndpoints leaves of each endpoint's pod its name.
func cutEndpoints(endpoints any) {
	list, _ := endpoints.([]any)
	for _, one := range list {
		if endpoint, isObject := one.(map[string]any); isObject && endpoint["targetRef"] != nil {
			endpoint["targetRef"] = only(endpoint["targetRef"], keptTarget)
		}
	}
}

func cutPod(spec any) any {
	kept := only(spec, keptPod)
	for _, key := range []string{"containers", "initContainers"} {
		containers, _ := kept[key].([]any)
		for i, container := range containers {
			containers[i] = only(container, keptContainer)
		}
	}
	return kept
}

// only is a map with the keys given; it shares its values.
func only(value any, keys []string) map[string]any {
	all, _ := value.(map[string]any)
	kept := map[string]any{}
	for key, one := range all {
		if slices.Contains(keys, key) {
			kept[key] = one
		}
	}
	return kept
}

// Aliases are the names that a recording gives to what Kubernetes names anew at each start, by those names: pods by their
// workload.
func Aliases(objects []Object) (map[string]string, error) {
	aliases, given := map[string]string{}, map[string]string{}
	for _, object := range objects {
		alias := ""
		switch object.Kind() {
		case "Pod":
			if hash := object.Label(oracle.TemplateHashLabel); hash != "" {
				alias = oracle.DeploymentName(object.Name(), hash)
			}
		case "EndpointSlice":
			if object.text("metadata", "generateName") != "" {
				alias = object.Label("kubernetes.io/service-name")
			}
		}
		if alias == "" {
			continue
		}
		key := object.Kind() + " " + object.Namespace() + "/" + alias
		if other := given[key]; other != "" {
			return nil, fmt.Errorf("%s and %s are both of %s: a report has one pod of each workload", other, object.Name(), key)
		}
		given[key], aliases[object.Name()] = object.Name(), alias
	}
	return aliases, nil
}

// Rename writes aliases for names, wherever these stand.
func Rename(content []byte, aliases map[string]string) []byte {
	var pairs []string
	for name, alias := range aliases {
		pairs = append(pairs, name, alias)
	}
	return []byte(strings.NewReplacer(pairs...).Replace(string(content)))
}

// Write is YAML of the objects, by kind, namespace and name.
func Write(objects []Object) ([]byte, error) {
	sorted := slices.SortedFunc(slices.Values(objects), func(a, b Object) int {
		return cmp.Or(cmp.Compare(a.Kind(), b.Kind()), cmp.Compare(a.Namespace(), b.Namespace()), cmp.Compare(a.Name(), b.Name()))
	})
	var to bytes.Buffer
	encoder := yaml.NewEncoder(&to)
	encoder.SetIndent(2)
	for _, object := range sorted {
		if err := encoder.Encode(map[string]any(object)); err != nil {
			return nil, err
		}
	}
	return to.Bytes(), encoder.Close()
}

// Decode reads the items of a list as the API server gives it, which do not say their kind.
func Decode(apiVersion, kind string, list []byte) ([]Object, error) {
	var read struct {
		Items []Object `json:"items"`
	}
	if err := json.Unmarshal(list, &read); err != nil {
		return nil, fmt.Errorf("list of %s: %w", kind, err)
	}
	for _, object := range read.Items {
		object["apiVersion"], object["kind"] = apiVersion, kind
	}
	return read.Items, nil
}
