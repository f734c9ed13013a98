package restage

import (
	"bytes"
	"context"
	"fmt"
	"net/netip"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
	"sigs.k8s.io/e2e-framework/klient/k8s"

	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/oracle"
	"mtls.test/conformance/e2e/pure/recording"
	"mtls.test/conformance/e2e/pure/replay"
)

// read records what tls-check would read of the cluster, of the report's namespaces and of the ingress gateway.
func (s *Stage) read(ctx context.Context, added []k8s.Object, pods pods, seen []replay.Seen) (map[string][]byte, error) {
	namespaces := slices.Clone(Namespaces)
	for _, object := range added {
		namespaces = append(namespaces, object.GetNamespace())
	}
	objects, err := s.objects(ctx, func(o replay.Object) bool { return concerned(o, namespaces, added) })
	if err != nil {
		return nil, err
	}
	aliases, err := replay.Aliases(objects)
	if err != nil {
		return nil, err
	}
	cluster, err := replay.Write(objects)
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{replay.ClusterFile: cluster}
	if files[replay.WireFile], err = yaml.Marshal(seen); err != nil {
		return nil, err
	}
	concerns, err := concernsOf(objects, cluster)
	if err != nil {
		return nil, err
	}
	for workload, place := range pods {
		if !place.Proxied {
			continue
		}
		name := path.Join(replay.Proxies, strings.ReplaceAll(workload, "/", "-")+".json")
		if files[name], err = s.dump(ctx, place.Proxy, concerns); err != nil {
			return nil, err
		}
	}
	for name, content := range files {
		files[name] = replay.Rename(content, aliases)
	}
	return files, nil
}

func (s *Stage) dump(ctx context.Context, proxy mesh.Proxy, concerns recording.Concerns) ([]byte, error) {
	var answer bytes.Buffer
	if err := s.Mesh.Admin(ctx, proxy, "/config_dump?include_eds", &answer); err != nil {
		return nil, fmt.Errorf("config_dump of %s: %w", proxy, err)
	}
	cut, err := recording.CutWhole(answer.Bytes(), concerns)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", proxy, err)
	}
	return cut, nil
}

// concerned reports whether an object is of a report: in one of its namespaces, mesh-wide and applied by it, or the ingress
// gateway's. What the suite's own world has in the same cluster is not.
func concerned(o replay.Object, namespaces []string, added []k8s.Object) bool {
	switch namespace := o.Namespace(); {
	case slices.ContainsFunc(added, func(a k8s.Object) bool {
		return kindOf(a) == o.Kind() && a.GetName() == o.Name() && a.GetNamespace() == namespace
	}):
		return true
	case slices.Contains(Namespaces, namespace):
		return true
	case o.Kind() == "Namespace":
		return namespace == fixture.RootNamespace || slices.Contains(namespaces, namespace)
	case namespace == fixture.RootNamespace:
		return o.Label("istio") == "ingressgateway" || strings.HasPrefix(o.Name(), "istio-ingressgateway")
	}
	return false
}

// concernsOf is what of the proxies' configurations the objects are about, which are given also
// written as YAML.
func concernsOf(objects []replay.Object, written []byte) (recording.Concerns, error) {
	snapshot, err := snapshotOf(objects)
	if err != nil {
		return recording.Concerns{}, err
	}
	hosts := slices.DeleteFunc(snapshot.Hosts(), func(h oracle.Host) bool { return h.Namespace == fixture.RootNamespace })
	return recording.Concerns{
		Host: func(name string) bool {
			return slices.ContainsFunc(hosts, func(h oracle.Host) bool { return h.Name == name })
		},
		Port: func(port uint16) bool {
			return slices.ContainsFunc(hosts, func(h oracle.Host) bool {
				return slices.ContainsFunc(h.Ports, func(p oracle.Port) bool { return p.Number == port || p.Workload == port })
			})
		},
		Address: func(a netip.Addr) bool { return bytes.Contains(written, []byte(a.String())) },
	}, nil
}
