// Package survey finds out what a cluster has: Istio's control planes and their settings, and as a snapshot for intent
// the policies, services and workloads. It changes nothing.
package survey

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"
	security "istio.io/api/security/v1beta1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"mtls.test/conformance/e2e/live/kube"
	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/e2e/pure/oracle"
	"mtls.test/conformance/e2e/pure/tlsdiff"
)

// Survey is what a cluster has.
type Survey struct {
	Planes   []Plane         // by revision
	Snapshot oracle.Snapshot // under the settings of the first plane, indexed
	Unready  []string        // pods that are not ready or end, as NAMESPACE/NAME: no clients, and endpoints only where a Service publishes them
	// Authorization are the AuthorizationPolicies. No answer counts them: whether a hop is mTLS does not depend on them.
	Authorization []oracle.Object[*security.AuthorizationPolicy]

	// NoGatewayAPI is why no istiod reads objects of the Gateway API in the version that the suite writes; empty where one does.
	NoGatewayAPI string

	// Assumed lists the settings of the mesh that were held to be Istio's defaults, for a file does not tell them; none of a
	// cluster.
	Assumed []string

	byRevision map[string]oracle.Snapshot // of planes whose settings are not the first's
	workloads  map[string]oracle.Workload
	tags       map[string]string // revisions by the tags that stand for them
}

// listed are the kinds that a survey reads, by where they are listed; of two versions the first that is served.
var listed = []kindAt{
	{"Namespace", []string{"/api/v1/namespaces"}},
	{"Service", []string{"/api/v1/services"}},
	{"Pod", []string{"/api/v1/pods"}},
	{"EndpointSlice", []string{"/apis/discovery.k8s.io/v1/endpointslices"}},
	{"PeerAuthentication", []string{"/apis/security.istio.io/v1/peerauthentications", "/apis/security.istio.io/v1beta1/peerauthentications"}},
	{"DestinationRule", []string{"/apis/networking.istio.io/v1/destinationrules", "/apis/networking.istio.io/v1beta1/destinationrules"}},
	{"AuthorizationPolicy", []string{"/apis/security.istio.io/v1/authorizationpolicies", "/apis/security.istio.io/v1beta1/authorizationpolicies"}},
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

// Take reads a cluster. What it needs is list on what it lists, and get on the settings of each istiod. A kind that it may not list
// is Unreadable in the snapshot; without pods and Services there is no survey.
func Take(ctx context.Context, client *kube.Client) (*Survey, error) {
	parts := make([]oracle.Snapshot, len(listed))
	var planes []Plane
	var tags map[string]string
	var noGatewayAPI string
	reading, ctx := errgroup.WithContext(ctx)
	for i, one := range listed {
		reading.Go(func() error {
			err := readList(ctx, client, &parts[i], one.kind, one.paths)
			if apierrors.IsForbidden(err) && one.kind != "Pod" && one.kind != "Service" {
				parts[i] = oracle.Snapshot{Unreadable: []oracle.Unreadable{{Kind: one.kind, Why: "this account may not list " + one.paths[0]}}}
				return nil
			}
			return err
		})
	}
	reading.Go(func() (err error) {
		planes, err = findPlanes(ctx, client)
		return err
	})
	reading.Go(func() (err error) {
		tags, err = readTags(ctx, client)
		return err
	})
	reading.Go(func() (err error) {
		noGatewayAPI, err = lacksGatewayAPI(ctx, client)
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
	s, err := of(planes, whole)
	if err == nil {
		s.tags, s.NoGatewayAPI = tags, noGatewayAPI
	}
	return s, err
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
	s, err := of([]Plane{{Mesh: mesh}}, whole)
	if err != nil {
		return nil, err
	}
	s.Assumed = assumed
	s.Add(recorded...)
	return s, nil
}

func of(planes []Plane, whole oracle.Snapshot) (*Survey, error) {
	if len(planes) == 0 {
		return nil, ErrNoIstio
	}
	s := &Survey{Planes: planes, byRevision: map[string]oracle.Snapshot{}, workloads: map[string]oracle.Workload{}}
	s.Authorization, whole.AuthorizationPolicies = whole.AuthorizationPolicies, nil
	whole.Mesh = planes[0].Mesh
	s.Snapshot = whole.Indexed()
	for _, plane := range planes[1:] {
		if !reflect.DeepEqual(plane.Mesh, planes[0].Mesh) {
			other := whole
			other.Mesh = plane.Mesh
			s.byRevision[plane.Revision] = other.Indexed()
		}
	}
	for _, workload := range s.Snapshot.Settled() {
		s.workloads[workload.String()] = workload
		if workload.Unready {
			s.Unready = append(s.Unready, workload.String())
		}
	}
	return s, nil
}

// readList adds a kind's objects to a snapshot.
func readList(ctx context.Context, client *kube.Client, into *oracle.Snapshot, kind string, paths []string) error {
	for _, path := range paths {
		pages := 0
		err := client.ListPages(ctx, path, func(content []byte) error {
			pages++
			return into.DecodeList(kind, content)
		})
		if err != nil || pages > 0 {
			return err
		}
	}
	return nil
}

// Under is the snapshot under the settings of the plane that configures a workload's proxy.
func (s *Survey) Under(workload oracle.Workload) oracle.Snapshot {
	plane, _ := s.planeOf(workload)
	if own, found := s.byRevision[plane.Revision]; found {
		return own
	}
	return s.Snapshot
}

// Workload finds a workload by NAMESPACE/NAME.
func (s *Survey) Workload(name string) (oracle.Workload, bool) {
	workload, found := s.workloads[name]
	return workload, found
}

// Controller names what made a pod, as NAMESPACE/NAME; an address, and what is no pod of the cluster, is its own name.
func (s *Survey) Controller(name string) string {
	workload, found := s.workloads[name]
	if !found {
		return name
	}
	return workload.Namespace + "/" + cmp.Or(workload.Controller, oracle.ControllerName(workload.Name, workload.Labels))
}

// Names tell, of the pods of the survey, what a comparison of two moments knows them by.
func (s *Survey) Names() tlsdiff.Names {
	return tlsdiff.Names{Controller: s.Controller, Version: s.versionsOf}
}

// versionsOf are the version of the control plane that configures the proxy of a pod, and the proxy's own; empty where there is no
// proxy, or they are not known.
func (s *Survey) versionsOf(name string) tlsdiff.Version {
	workload, found := s.workloads[name]
	if !found || !workload.HasProxy {
		return tlsdiff.Version{}
	}
	v := tlsdiff.Version{Proxy: workload.ProxyVersion}
	if plane, known := s.planeOf(workload); known {
		v.Istiod = plane.Version
	}
	return v
}

// Versions are those of the control planes.
func (s *Survey) Versions() []string {
	var all []string
	for _, plane := range s.Planes {
		all = append(all, plane.Version)
	}
	return all
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

// Proxies are the workloads with a proxy that are ready, by their names.
func (s *Survey) Proxies() []oracle.Workload {
	var all []oracle.Workload
	for _, workload := range s.workloads {
		if workload.HasProxy && !workload.Unready && !ofAmbient(workload) {
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

// ofAmbient is true of a ztunnel or a waypoint, which are nobody's clients on their own account.
func ofAmbient(w oracle.Workload) bool { return w.Ambient && w.Gateway }

// Ambient are workloads of ambient mode that are ready, one of each that the policies look at alike, by their names.
func (s *Survey) Ambient() []oracle.Workload {
	kinds := map[string]oracle.Workload{}
	for _, workload := range s.Snapshot.Settled() {
		if !workload.Ambient || workload.HasProxy || workload.Unready {
			continue
		}
		kind := s.Kind(workload)
		if other, known := kinds[kind]; !known || workload.String() < other.String() {
			kinds[kind] = workload
		}
	}
	return slices.SortedFunc(maps.Values(kinds), func(a, b oracle.Workload) int { return cmp.Compare(a.String(), b.String()) })
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
