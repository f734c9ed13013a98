package oracle

import (
	"fmt"
	"net/netip"
	"slices"
)

// The labels and values of EndpointSlices and of Services that keep sessions
// (https://kubernetes.io/docs/reference/labels-annotations-taints/; istio/istio pilot/pkg/features/experimental.go).
const (
	sliceServiceLabel = "kubernetes.io/service-name"
	sliceManagedLabel = "endpointslice.kubernetes.io/managed-by"
	sessionLabel      = "istio.io/persistent-session"
)

// SliceController keeps the EndpointSlices of a Service with a selector, and says so in their label
// endpointslice.kubernetes.io/managed-by (https://kubernetes.io/docs/concepts/services-networking/endpoint-slices/#management).
const SliceController = "endpointslice-controller.k8s.io"

// Slice is an EndpointSlice: addresses behind a Service
// (https://kubernetes.io/docs/concepts/services-networking/endpoint-slices/).
type Slice struct {
	Meta
	Service string // the name of its Service, in its own namespace
	// Selected is true of one that the API server's own controller makes from the Service's selector.
	Selected bool
	// Hosts is true of address type FQDN, which istiod ignores.
	Hosts     bool
	Ports     []SlicePort
	Endpoints []SliceEndpoint
}

// SlicePort is a port of all endpoints of a slice, by the name of the Service's port.
type SlicePort struct {
	Name   string `json:"name"`
	Number uint16 `json:"port"`
}

// SliceEndpoint is one entry of a slice.
type SliceEndpoint struct {
	Addresses []netip.Addr
	Pod       string // its targetRef as NAMESPACE/NAME; empty where that is no pod
	Health    Health
}

// Health is what istiod makes of an endpoint's conditions
// (istio/istio pilot/pkg/serviceregistry/kube/controller/endpointslice.go, endpointHealthStatus).
type Health string

// The states of an endpoint.
const (
	// Healthy endpoints get requests. Kubernetes sets the condition for all of a Service that publishes those that are not ready.
	Healthy Health = "healthy"
	// Unhealthy endpoints get none. A proxy may hold them (PILOT_AUTO_SEND_UNHEALTHY_ENDPOINTS).
	Unhealthy Health = "unhealthy"
	// Draining endpoints end and keep the sessions that they have. A proxy may hold them.
	Draining Health = "draining"
	// Terminating endpoints end. No proxy is sent them.
	Terminating Health = "terminating"
)

// decodeSlice reads an EndpointSlice of discovery.k8s.io/v1. That its Service keeps sessions is not known here: an endpoint that
// ends and still serves is Draining.
func decodeSlice(meta Meta, doc document) (Slice, error) {
	slice := Slice{
		Meta: meta, Service: meta.Labels[sliceServiceLabel], Selected: meta.Labels[sliceManagedLabel] == SliceController,
		Hosts: doc.AddressType == "FQDN",
	}
	if slice.Hosts {
		return slice, nil
	}
	slice.Ports = doc.Ports
	for _, entry := range doc.Endpoints {
		made := SliceEndpoint{Health: entry.health()}
		if entry.TargetRef.Kind == "Pod" {
			made.Pod = entry.TargetRef.Namespace + "/" + entry.TargetRef.Name
		}
		for _, text := range entry.Addresses {
			address, err := netip.ParseAddr(text)
			if err != nil {
				return Slice{}, fmt.Errorf("endpoints: %w", err)
			}
			made.Addresses = append(made.Addresses, address)
		}
		slice.Endpoints = append(slice.Endpoints, made)
	}
	return slice, nil
}

// sliceEntry is an endpoint as the API server gives it. A condition that is missing is nil.
type sliceEntry struct {
	Addresses  []string `json:"addresses"`
	Conditions struct {
		Ready       *bool `json:"ready"`
		Serving     *bool `json:"serving"`
		Terminating *bool `json:"terminating"`
	} `json:"conditions"`
	TargetRef struct {
		Kind      string `json:"kind"`
		Namespace string `json:"namespace"`
		Name      string `json:"name"`
	} `json:"targetRef"`
}

func (e sliceEntry) health() Health {
	orTrue := func(condition *bool) bool { return condition == nil || *condition }
	switch {
	case orTrue(e.Conditions.Ready):
		return Healthy
	case orTrue(e.Conditions.Terminating) && orTrue(e.Conditions.Serving):
		return Draining
	case orTrue(e.Conditions.Terminating):
		return Terminating
	}
	return Unhealthy
}

// slicesOf lists the slices of a Service.
func (s Snapshot) slicesOf(service Service) []Slice {
	if s.index != nil {
		return s.index.slices[service.String()]
	}
	var all []Slice
	for _, slice := range s.Slices {
		if slice.Namespace == service.Namespace && slice.Service == service.Name {
			all = append(all, slice)
		}
	}
	return all
}

// inSlices are the endpoints of a Service's port in its slices, of every health.
func (s Snapshot) inSlices(service Service, port Port) []endpoint {
	var all []endpoint
	for _, slice := range s.slicesOf(service) {
		for _, at := range slice.Ports {
			if at.Name != port.Name {
				continue
			}
			for _, entry := range slice.Endpoints {
				for _, address := range entry.Addresses {
					made := s.sliceEndpoint(slice, entry, address, at.Number)
					if made.health == Draining && !service.Sessions {
						made.health = Terminating
					}
					all = append(all, made)
				}
			}
		}
	}
	return all
}

// sliceEndpoint is an address of a slice as istiod knows it: by the pod that the slice names, else by a pod of the slice's own
// namespace that has the address, else by no pod
// (istio/istio pilot/pkg/serviceregistry/kube/controller/endpointslice.go, getPod). What answers is the pod that has the
// address, whatever its namespace.
func (s Snapshot) sliceEndpoint(slice Slice, entry SliceEndpoint, address netip.Addr, port uint16) endpoint {
	bare := endpoint{port: port, address: address, mode: disabledMode, health: entry.Health, source: slice.String()}
	if entry.Pod != "" {
		pods := s.workloadsNamed(entry.Pod)
		if len(pods) == 0 {
			bare.outside = fmt.Sprintf("%s of %s is of pod %s, which is not in the snapshot", address, slice.Meta, entry.Pod)
			bare.doubtful = true
			return bare
		}
		made := ownEndpoint(pods[0], port)
		made.address, made.health, made.source = address, entry.Health, bare.source
		return made
	}
	holders := s.Holders(address)
	if own := slices.IndexFunc(holders, func(w Workload) bool { return w.Namespace == slice.Namespace }); own >= 0 {
		made := ownEndpoint(holders[own], port)
		bare.namespace, bare.labels, bare.mode, bare.account = made.namespace, made.labels, made.mode, made.account
	}
	switch len(holders) {
	case 0:
		bare.outside = fmt.Sprintf("%s of %s is no pod of the cluster", address, slice.Meta)
	case 1:
		bare.workload = &holders[0]
	default:
		bare.outside = fmt.Sprintf("%s of %s is the address of several pods, %s and %s among them", address, slice.Meta, holders[0], holders[1])
		bare.doubtful = true
	}
	return bare
}

// Holders are the workloads that have an address. Pods in the network of their node share its address.
func (s Snapshot) Holders(address netip.Addr) []Workload {
	if s.index != nil {
		return s.index.addresses[address]
	}
	return s.settled(func(w Workload) bool { return slices.Contains(w.Addresses, address) })
}

// selectorCounts tells whether a Service's selector counts: the API server writes a slice of what it selects, even of nothing, so
// without one the snapshot is of files, and its workloads tell.
func (s Snapshot) selectorCounts(service Service) bool {
	return !slices.ContainsFunc(s.slicesOf(service), func(slice Slice) bool { return slice.Selected })
}
