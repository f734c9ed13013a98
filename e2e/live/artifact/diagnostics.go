package artifact

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/e2e-framework/klient/k8s"
	"sigs.k8s.io/yaml"

	"mtls.test/conformance/e2e/live/kube"
	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/e2e/live/timeout"
)

const logLines = 400

// Bundle is what is gathered, and where to.
type Bundle struct {
	Kube   *kube.Client
	Mesh   *mesh.Mesh
	Places mesh.Places
	Istiod string // its namespace
	Folder string
}

// Collect gathers all pieces. A piece that cannot be had is an error beside the others.
func (b Bundle) Collect(ctx context.Context) error {
	var failed []error
	piece := func(what string, gather func(context.Context) error) {
		ctx, cancel := context.WithTimeout(ctx, timeout.Diag.Duration())
		defer cancel()
		if err := gather(ctx); err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", what, err))
		}
	}
	piece("policies in force", func(ctx context.Context) error { return b.objects(ctx, "policies.yaml", policies) })
	for _, proxy := range b.Places.Proxies() {
		piece("configuration of "+proxy.String(), func(ctx context.Context) error {
			return b.admin(ctx, proxy, "config_dump?include_eds", "config_dump.json")
		})
		piece("statistics of "+proxy.String(), func(ctx context.Context) error {
			return b.admin(ctx, proxy, "stats?filter=ssl|no_filter_chain", "stats.txt")
		})
		piece("log of "+proxy.String(), func(ctx context.Context) error { return b.log(ctx, proxy, mesh.ProxyContainer) })
	}
	piece("istiod's synchronisation", b.sync)
	piece("pods", func(ctx context.Context) error { return b.objects(ctx, "pods.yaml", pods) })
	piece("events", func(ctx context.Context) error { return b.objects(ctx, "events.yaml", events) })
	piece("log of istiod", b.istiod)
	return errors.Join(failed...)
}

var (
	policies = []schema.GroupVersionKind{
		{Group: "security.istio.io", Version: "v1", Kind: "PeerAuthenticationList"},
		{Group: "networking.istio.io", Version: "v1", Kind: "DestinationRuleList"},
		{Group: "networking.istio.io", Version: "v1alpha3", Kind: "EnvoyFilterList"},
		{Group: "networking.istio.io", Version: "v1", Kind: "VirtualServiceList"},
	}
	pods   = []schema.GroupVersionKind{{Version: "v1", Kind: "PodList"}}
	events = []schema.GroupVersionKind{{Version: "v1", Kind: "EventList"}}
)

func (b Bundle) admin(ctx context.Context, proxy mesh.Proxy, path, name string) error {
	return Write(filepath.Join(b.Folder, proxy.Namespace, proxy.Pod, name), func(to io.Writer) error {
		return b.Mesh.Admin(ctx, proxy, "/"+path, to)
	})
}

func (b Bundle) log(ctx context.Context, proxy mesh.Proxy, container string) error {
	lines, err := b.Kube.Log(ctx, proxy.Namespace, proxy.Pod, container, logLines)
	if err != nil {
		return err
	}
	return WriteText(filepath.Join(b.Folder, proxy.Namespace, proxy.Pod, container+".log"), string(lines))
}

func (b Bundle) sync(ctx context.Context) error {
	return Write(filepath.Join(b.Folder, "syncz.json"), func(to io.Writer) error { return b.Mesh.WriteSync(ctx, to) })
}

func (b Bundle) istiod(ctx context.Context) error {
	running, err := b.Kube.Pods(ctx, b.Istiod, "app=istiod")
	for _, pod := range running {
		err = errors.Join(err, b.log(ctx, mesh.Proxy{Namespace: pod.Namespace, Pod: pod.Name}, "discovery"))
	}
	return err
}

func (b Bundle) objects(ctx context.Context, name string, kinds []schema.GroupVersionKind) error {
	return Write(filepath.Join(b.Folder, name), func(to io.Writer) error {
		var failed []error
		for _, kind := range kinds {
			list := &unstructured.UnstructuredList{}
			list.SetGroupVersionKind(kind)
			if err := b.Kube.List(ctx, "", "", list); err != nil {
				failed = append(failed, err)
				continue
			}
			for i := range list.Items {
				failed = append(failed, WriteObject(to, &list.Items[i]))
			}
		}
		return errors.Join(failed...)
	})
}

// WriteObject writes an object as one YAML document, without what its managers noted.
func WriteObject(to io.Writer, object k8s.Object) error {
	object.SetManagedFields(nil)
	text, err := yaml.Marshal(object)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(to, "---\n%s", text)
	return err
}
