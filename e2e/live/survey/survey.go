// Package survey finds out what a cluster has: Istio's control planes and their settings, and as a snapshot for intent
// the policies, services and workloads. It changes nothing.
package survey

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"mtls.test/conformance/e2e/live/kube"
	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/e2e/pure/oracle"
)

// Survey is what a cluster has.
type Survey struct {
	Planes   []Plane         // by revision
	Snapshot oracle.Snapshot // under the settings of the first plane, indexed
	Sidecars int             // Sidecar objects, which change what a proxy knows and are not evaluated
	Unready  []string        // pods that get no traffic, as NAMESPACE/NAME: they are no workloads of the snapshot

	// Assumed lists the settings of the mesh that were held to be Istio's defaults, for a file does not tell them; none of a
	// cluster.
	Assumed []string

	byRevision map[string]oracle.Snapshot // of planes whose settings are not the first's
	workloads  map[string]oracle.Workload
}

// listed are the kinds that a survey reads, by where they are listed; of two versions the first that is served.
var listed = []kindAt{
	{"Namespace", []string{"/api/v1/namespaces"}},
	{"Service", []string{"/api/v1/services"}},
	{"Pod", []string{"/api/v1/pods"}},
	{"PeerAuthentication", []string{"/apis/security.istio.io/v1/peerauthentications", "/apis/security.istio.io/v1beta1/peerauthentications"}},
	{"DestinationRule", []string{"/apis/networking.istio.io/v1/destinationrules", "/apis/networking.istio.io/v1beta1/destinationrules"}},
	{"ServiceEntry", []string{"/apis/networking.istio.io/v1/serviceentries", "/apis/networking.istio.io/v1beta1/serviceentries"}},
	{"Gateway", []string{"/apis/networking.istio.io/v1/gateways", "/apis/networking.istio.io/v1beta1/gateways"}},
	{"Sidecar", []string{"/apis/networking.istio.io/v1/sidecars", "/apis/networking.istio.io/v1beta1/sidecars"}},
	{"VirtualService", []string{"/apis/networking.istio.io/v1/virtualservices", "/apis/networking.istio.io/v1beta1/virtualservices"}},
	{"WorkloadEntry", []string{"/apis/networking.istio.io/v1/workloadentries", "/apis/networking.istio.io/v1beta1/workloadentries"}},
	{"Gateway.gateway.networking.k8s.io", []string{"/apis/gateway.networking.k8s.io/v1/gateways", "/apis/gateway.networking.k8s.io/v1beta1/gateways"}},
	{"HTTPRoute", []string{"/apis/gateway.networking.k8s.io/v1/httproutes", "/apis/gateway.networking.k8s.io/v1beta1/httproutes"}},
	{"GRPCRoute", []string{"/apis/gateway.networking.k8s.io/v1/grpcroutes"}},
	{"ReferenceGrant", []string{"/apis/gateway.networking.k8s.io/v1/referencegrants", "/apis/gateway.networking.k8s.io/v1beta1/referencegrants"}},
	{"BackendTLSPolicy", []string{"/apis/gateway.networking.k8s.io/v1/backendtlspolicies"}},
}

// ErrNoIstio is returned where no control plane of Istio runs.
var ErrNoIstio = errors.New("no istiod runs in the cluster: no pod bears the label app=istiod")

// Take reads a cluster. What it needs is list on what it lists, and get on the settings of each istiod.
func Take(ctx context.Context, client *kube.Client) (*Survey, error) {
	parts := make([]oracle.Snapshot, len(listed))
	unready := make([][]string, len(listed))
	var planes []Plane
	reading, ctx := errgroup.WithContext(ctx)
	for i, one := range listed {
		reading.Go(func() (err error) {
			unready[i], err = readList(ctx, client, &parts[i], one.kind, one.paths)
			return err
		})
	}
	reading.Go(func() (err error) {
		planes, err = findPlanes(ctx, client)
		return err
	})
	err := reading.Wait()
	if err != nil {
		return nil, err
	}
	var whole oracle.Snapshot
	for _, part := range parts {
		whole = whole.Merge(part)
	}
	if planes, err = withDomains(planes, whole.Workloads); err != nil {
		return nil, err
	}
	return of(planes, whole, slices.Concat(unready...))
}

// Read makes a survey of objects as kubectl get -o yaml or -o json prints them, in the place of a cluster, and of recorded
// proxies. The cluster's domain is the one that the proxies' arguments or recordings name.
func Read(content []byte, recorded ...oracle.Workload) (*Survey, error) {
	whole, err := oracle.Decode(content, "default")
	if err != nil {
		return nil, err
	}
	mesh, assumed := oracle.DefaultMesh(), []string{"the mesh's settings", "its trust domain"}
	domain, err := named(slices.Concat(whole.Workloads, recorded))
	if err != nil {
		return nil, err
	}
	if domain == "" {
		assumed = append(assumed, "the cluster's domain, "+mesh.Domain)
	} else {
		mesh.Domain = domain
	}
	s, err := of([]Plane{{Mesh: mesh}}, whole, nil)
	if err != nil {
		return nil, err
	}
	s.Assumed = assumed
	s.Add(recorded...)
	return s, nil
}

func of(planes []Plane, whole oracle.Snapshot, unready []string) (*Survey, error) {
	if len(planes) == 0 {
		return nil, ErrNoIstio
	}
	s := &Survey{Planes: planes, Unready: unready, byRevision: map[string]oracle.Snapshot{}, workloads: map[string]oracle.Workload{}}
	s.Sidecars = len(whole.Sidecars)
	whole.Mesh = planes[0].Mesh
	s.Snapshot = whole.Indexed()
	for _, plane := range planes[1:] {
		if !reflect.DeepEqual(plane.Mesh, planes[0].Mesh) {
			other := whole
			other.Mesh = plane.Mesh
			s.byRevision[plane.Revision] = other.Indexed()
		}
	}
	for _, workload := range whole.Workloads {
		s.workloads[workload.String()] = workload
	}
	return s, nil
}

// readList adds a kind's objects to a snapshot, and returns the pods among them that get no traffic.
func readList(ctx context.Context, client *kube.Client, into *oracle.Snapshot, kind string, paths []string) (unready []string, err error) {
	for _, path := range paths {
		pages := 0
		err := client.ListPages(ctx, path, func(content []byte) error {
			pages++
			if kind == "Pod" {
				kept, without, err := serving(content)
				if err != nil {
					return err
				}
				content, unready = kept, append(unready, without...)
			}
			return into.DecodeList(kind, content)
		})
		if err != nil || pages > 0 {
			return unready, err
		}
	}
	return unready, nil
}

// serving leaves pods out that get no traffic: finished, on their way out, or not ready.
func serving(content []byte) (kept []byte, unready []string, err error) {
	var list struct {
		Items []json.RawMessage `json:"items"`
	}
	if err := json.Unmarshal(content, &list); err != nil {
		return nil, nil, fmt.Errorf("list of pods: %w", err)
	}
	var ready struct {
		Items []json.RawMessage `json:"items"`
	}
	for _, item := range list.Items {
		var pod struct {
			Metadata struct {
				Name              string  `json:"name"`
				Namespace         string  `json:"namespace"`
				DeletionTimestamp *string `json:"deletionTimestamp"`
			} `json:"metadata"`
			Status struct {
				Phase      string `json:"phase"`
				Conditions []struct {
					Type   string `json:"type"`
					Status string `json:"status"`
				} `json:"conditions"`
			} `json:"status"`
		}
		if err := json.Unmarshal(item, &pod); err != nil {
			return nil, nil, fmt.Errorf("list of pods: %w", err)
		}
		if pod.Status.Phase == "Succeeded" || pod.Status.Phase == "Failed" || pod.Metadata.DeletionTimestamp != nil {
			continue
		}
		isReady := false
		for _, condition := range pod.Status.Conditions {
			isReady = isReady || condition.Type == "Ready" && condition.Status == "True"
		}
		if !isReady {
			unready = append(unready, pod.Metadata.Namespace+"/"+pod.Metadata.Name)
			continue
		}
		ready.Items = append(ready.Items, item)
	}
	kept, err = json.Marshal(ready)
	return kept, unready, err
}

// Under is the snapshot under the settings of the plane that configures a workload's proxy.
func (s *Survey) Under(workload oracle.Workload) oracle.Snapshot {
	if own, found := s.byRevision[workload.Revision]; found {
		return own
	}
	return s.Snapshot
}

// Alike tells whether the planes of two workloads have the same settings, so that one snapshot tells of both.
func (s *Survey) Alike(a, b oracle.Workload) bool {
	_, ofA := s.byRevision[a.Revision]
	_, ofB := s.byRevision[b.Revision]
	return !ofA && !ofB || a.Revision == b.Revision
}

// Workload finds a workload by NAMESPACE/NAME.
func (s *Survey) Workload(name string) (oracle.Workload, bool) {
	workload, found := s.workloads[name]
	return workload, found
}

// Add adds workloads that the cluster does not have, such as those of recorded proxies. One that it has stays.
func (s *Survey) Add(workloads ...oracle.Workload) {
	whole := s.Snapshot
	for _, workload := range workloads {
		if _, known := s.workloads[workload.String()]; !known {
			whole.Workloads = append(slices.Clone(whole.Workloads), workload)
			s.workloads[workload.String()] = workload
		}
	}
	s.Snapshot = whole.Indexed()
}

// Kind is what the policies look at in a client: two workloads of one kind are answered alike. Labels count only where a
// rule selects by them.
func (s *Survey) Kind(w oracle.Workload) string {
	kind := fmt.Sprintf("%s %t %t %t %s %s", w.Namespace, w.HasProxy, w.Gateway, w.Ambient, w.Revision, w.ServiceAccount)
	for _, rule := range s.Snapshot.DestinationRules {
		if rule.Namespace == w.Namespace && rule.Spec.GetWorkloadSelector() != nil {
			return fmt.Sprint(kind, w.Labels)
		}
	}
	return kind
}

// Proxies are the workloads with a proxy, by their names.
func (s *Survey) Proxies() []oracle.Workload {
	var all []oracle.Workload
	for _, workload := range s.workloads {
		if workload.HasProxy {
			all = append(all, workload)
		}
	}
	slices.SortFunc(all, func(a, b oracle.Workload) int { return cmp.Compare(a.String(), b.String()) })
	return all
}

// WithoutProxy are the workloads that send what their applications speak, with no proxy and no ztunnel between, by their names.
func (s *Survey) WithoutProxy() []string {
	var all []string
	for name, workload := range s.workloads {
		if !workload.HasProxy && !workload.Ambient {
			all = append(all, name)
		}
	}
	slices.Sort(all)
	return all
}

// Proxy is a workload's proxy.
func Proxy(w oracle.Workload) mesh.Proxy { return mesh.Proxy{Namespace: w.Namespace, Pod: w.Name} }

// Gateways are the gateways' pods that bear a label KEY=VALUE, as NAMESPACE/NAME; all for an empty one.
func (s *Survey) Gateways(label string) []string {
	key, value, _ := strings.Cut(label, "=")
	var all []string
	for _, workload := range s.Proxies() {
		if workload.Gateway && (label == "" || workload.Labels[key] == value) {
			all = append(all, workload.String())
		}
	}
	return all
}
