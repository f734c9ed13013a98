package oracle

import (
	"fmt"
	"slices"
	"strings"

	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/istioversion"
)

// FromWorld is the snapshot of the world before any case's policies: its services and workloads, under Istio's
// default settings.
func FromWorld(world fixture.World) (Snapshot, error) {
	place := world.Placement
	settings := DefaultMesh()
	settings.RootNamespace, settings.TrustDomain, settings.Domain = place.Root, place.TrustDomain, place.Domain
	for _, own := range place.MeshConfig {
		var err error
		if settings, err = settings.With([]byte(own)); err != nil {
			return Snapshot{}, err
		}
	}
	snapshot := Snapshot{Mesh: settings, Clients: map[string]string{}}
	gateways := map[string]bool{}
	for _, client := range world.Clients {
		snapshot.Clients[client.Name] = client.Namespace + "/" + client.Workload.Name
		if client.Kind == hop.Gateway {
			gateways[client.Namespace+"/"+client.Workload.Name] = true
		}
	}
	for _, own := range world.Workloads {
		workload := Workload{
			Name: own.Name, Namespace: own.Namespace, Labels: own.Labels, ServiceAccount: own.ServiceAccount, HasProxy: own.Proxied,
		}
		workload.Gateway = gateways[workload.String()]
		if workload.HasProxy && !workload.Gateway {
			// The injector's template sets it.
			workload.Labels = withDefault(workload.Labels, tlsModeLabel, istioMode)
		}
		snapshot.Workloads = append(snapshot.Workloads, workload)
	}
	for _, own := range world.Services {
		if own.Kind == fixture.ServiceEntry {
			continue
		}
		snapshot.Services = append(snapshot.Services, fromService(own))
	}
	for _, text := range world.Objects {
		objects, err := Decode([]byte(text), place.In(fixture.ProductsNamespace))
		if err != nil {
			return Snapshot{}, fmt.Errorf("the world's objects: %w", err)
		}
		snapshot = snapshot.Merge(objects)
	}
	snapshot.Credentials, snapshot.ApplicationNames = products(place), place.ApplicationNames()
	return snapshot, nil
}

// WithIstio gives istiod another version.
func (s Snapshot) WithIstio(version istioversion.Version) Snapshot {
	s.index, s.Mesh.Istio = nil, version
	return s
}

// WithAccount gives a workload of the world another ServiceAccount.
func (s Snapshot) WithAccount(account fixture.Account) Snapshot {
	s.index, s.Workloads = nil, slices.Clone(s.Workloads)
	for i := range s.Workloads {
		if s.Workloads[i].Name == account.Workload {
			s.Workloads[i].ServiceAccount = account.Name
		}
	}
	return s
}

// products are the Secrets that the suite makes with a CA of its own, and the files that sidecars mount them as; e2e/live/mesh
// makes them.
func products(place fixture.Placement) []Credential {
	const mounted = "/etc/products-client/"
	all := []Credential{
		{Name: mounted + "tls.crt", Certificate: OfProducts},
		{Name: mounted + "ca.crt", TrustsProducts: true},
	}
	namespaces := []string{place.In(fixture.ClientsNamespace), place.In(fixture.ProductsNamespace)}
	if !place.Existing {
		namespaces = append(namespaces, place.Gateway.Namespace)
		all = append(all,
			Credential{Namespace: place.Gateway.Namespace, Name: "ingress-tls", Names: []string{fixture.IngressHost}},
			Credential{Namespace: place.Gateway.Namespace, Name: "ingress-mtls", Names: []string{fixture.IngressHost}, TrustsProducts: true, TrustsMesh: true})
	}
	for _, namespace := range namespaces {
		all = append(all, Credential{Namespace: namespace, Name: "products-client", Certificate: OfProducts, TrustsProducts: true})
	}
	return all
}

func fromService(own fixture.Service) Service {
	kinds := map[fixture.ServiceKind]ServiceKind{
		fixture.ClusterIP: ClusterIP, fixture.Headless: Headless, fixture.ExternalName: ExternalName,
		fixture.Pod: Pods, fixture.GatewayPod: Pods,
	}
	service := Service{Name: own.Name, Namespace: own.Namespace, Kind: kinds[own.Kind], Target: own.Target}
	for _, workload := range own.Workloads {
		if key, value, found := strings.Cut(workload.Selector, "="); found && service.Kind == Pods {
			// Live pods have names of their own, and are found by their label.
			service.Namespace, service.Selector = workload.Namespace, map[string]string{key: value}
			continue
		}
		service.Members = append(service.Members, workload.Namespace+"/"+workload.Name)
	}
	for _, port := range own.Ports {
		service.Ports = append(service.Ports, Port{Name: port.Name, Number: port.Number, Workload: port.Workload, Protocol: port.Protocol})
	}
	return service
}
