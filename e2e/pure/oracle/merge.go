package oracle

import "maps"

// Merge applies the objects of other to the snapshot. An object of the same kind, namespace and name is replaced and keeps
// its time of creation. Mesh settings stay.
func (s Snapshot) Merge(other Snapshot) Snapshot {
	return Snapshot{
		Mesh:                  s.Mesh,
		PeerAuthentications:   mergeObjects(s.PeerAuthentications, other.PeerAuthentications),
		DestinationRules:      mergeObjects(s.DestinationRules, other.DestinationRules),
		ServiceEntries:        mergeObjects(s.ServiceEntries, other.ServiceEntries),
		AuthorizationPolicies: mergeObjects(s.AuthorizationPolicies, other.AuthorizationPolicies),
		Gateways:              mergeObjects(s.Gateways, other.Gateways),
		Sidecars:              mergeObjects(s.Sidecars, other.Sidecars),
		VirtualServices:       mergeObjects(s.VirtualServices, other.VirtualServices),
		WorkloadEntries:       mergeObjects(s.WorkloadEntries, other.WorkloadEntries),
		HTTPRoutes:            mergeObjects(s.HTTPRoutes, other.HTTPRoutes),
		GRPCRoutes:            mergeObjects(s.GRPCRoutes, other.GRPCRoutes),
		APIGateways:           mergeObjects(s.APIGateways, other.APIGateways),
		ReferenceGrants:       mergeObjects(s.ReferenceGrants, other.ReferenceGrants),
		BackendTLSPolicies:    mergeObjects(s.BackendTLSPolicies, other.BackendTLSPolicies),
		Services:              merge(s.Services, other.Services, Service.String, keepNew),
		Slices:                merge(s.Slices, other.Slices, Slice.String, keepNew),
		Workloads:             merge(s.Workloads, other.Workloads, Workload.String, keepNew),
		Credentials:           merge(s.Credentials, other.Credentials, Credential.String, keepNew),
		ApplicationNames:      join(s.ApplicationNames, other.ApplicationNames),
		Clients:               overlay(s.Clients, other.Clients),
		Networks:              overlay(s.Networks, other.Networks),
		Injected:              overlay(s.Injected, other.Injected),
		Ambient:               overlay(s.Ambient, other.Ambient),
		Waypoints:             overlay(s.Waypoints, other.Waypoints),
		Unreadable:            join(s.Unreadable, other.Unreadable),
		Unread:                join(s.Unread, other.Unread),
	}
}

// Without removes objects of the same kind, namespace and name.
func (s Snapshot) Without(other Snapshot) Snapshot {
	s.index = nil
	s.PeerAuthentications = without(s.PeerAuthentications, other.PeerAuthentications, objectKey)
	s.DestinationRules = without(s.DestinationRules, other.DestinationRules, objectKey)
	s.ServiceEntries = without(s.ServiceEntries, other.ServiceEntries, objectKey)
	s.AuthorizationPolicies = without(s.AuthorizationPolicies, other.AuthorizationPolicies, objectKey)
	s.Gateways = without(s.Gateways, other.Gateways, objectKey)
	s.Sidecars = without(s.Sidecars, other.Sidecars, objectKey)
	s.VirtualServices = without(s.VirtualServices, other.VirtualServices, objectKey)
	s.WorkloadEntries = without(s.WorkloadEntries, other.WorkloadEntries, objectKey)
	s.HTTPRoutes = without(s.HTTPRoutes, other.HTTPRoutes, objectKey)
	s.GRPCRoutes = without(s.GRPCRoutes, other.GRPCRoutes, objectKey)
	s.APIGateways = without(s.APIGateways, other.APIGateways, objectKey)
	s.ReferenceGrants = without(s.ReferenceGrants, other.ReferenceGrants, objectKey)
	s.BackendTLSPolicies = without(s.BackendTLSPolicies, other.BackendTLSPolicies, objectKey)
	s.Services = without(s.Services, other.Services, Service.String)
	s.Slices = without(s.Slices, other.Slices, Slice.String)
	s.Workloads = without(s.Workloads, other.Workloads, Workload.String)
	return s
}

func overlay[T any](old, others map[string]T) map[string]T {
	all := map[string]T{}
	maps.Copy(all, old)
	maps.Copy(all, others)
	return all
}

func mergeObjects[Spec any](old, others []Object[Spec]) []Object[Spec] {
	return merge(old, others, objectKey[Spec], func(before, after Object[Spec]) Object[Spec] {
		if after.Created.IsZero() {
			after.Created = before.Created
		}
		return after
	})
}

func objectKey[Spec any](object Object[Spec]) string { return object.String() }

func keepNew[T any](_, after T) T { return after }

func merge[T any](old, others []T, key func(T) string, replace func(before, after T) T) []T {
	merged := join(old, nil)
	at := map[string]int{}
	for i, object := range merged {
		at[key(object)] = i
	}
	for _, object := range others {
		if i, found := at[key(object)]; found {
			merged[i] = replace(merged[i], object)
			continue
		}
		at[key(object)] = len(merged)
		merged = append(merged, object)
	}
	return merged
}

func without[T any](old, others []T, key func(T) string) []T {
	gone := map[string]bool{}
	for _, object := range others {
		gone[key(object)] = true
	}
	var kept []T
	for _, object := range old {
		if !gone[key(object)] {
			kept = append(kept, object)
		}
	}
	return kept
}

func join[T any](a, b []T) []T { return append(append(make([]T, 0, len(a)+len(b)), a...), b...) }
