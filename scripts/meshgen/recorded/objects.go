package recorded

import (
	"fmt"
	"slices"
)

type object map[string]any

// Objects are the Kubernetes objects of the mesh.
func (m *Mesh) Objects() []any {
	var all []any
	for i, t := range m.teams {
		all = append(all, object{"apiVersion": "v1", "kind": "Namespace", "metadata": object{"name": t.name, "labels": object{"istio-injection": "enabled"}}})
		all = append(all, m.ofTeam(i)...)
	}
	for i := range m.services {
		all = append(all, m.ofService(i)...)
	}
	for i := range m.pods {
		all = append(all, m.podObject(i))
	}
	return all
}

func (m *Mesh) ofTeam(i int) []any {
	t := m.teams[i]
	var all []any
	if t.mode != "" {
		all = append(all, object{
			"apiVersion": "security.istio.io/v1", "kind": "PeerAuthentication", "metadata": named("default", t.name),
			"spec": object{"mtls": object{"mode": t.mode}},
		})
	}
	if t.sees != nil {
		hosts := []string{"./*"}
		for other, seen := range t.sees {
			if seen && other != i {
				hosts = append(hosts, m.teams[other].name+"/*")
			}
		}
		all = append(all, object{
			"apiVersion": "networking.istio.io/v1", "kind": "Sidecar", "metadata": named("default", t.name),
			"spec": object{"egress": []object{{"hosts": hosts}}},
		})
	}
	if t.turns >= 0 {
		rule := m.rule(m.services[t.turns], t.name, "DISABLE")
		rule["spec"].(object)["exportTo"] = []string{"."}
		all = append(all, rule)
	}
	return all
}

func (m *Mesh) rule(of service, namespace, mode string) object {
	return object{
		"apiVersion": "networking.istio.io/v1", "kind": "DestinationRule", "metadata": named(of.name, namespace),
		"spec": object{"host": m.host(of), "trafficPolicy": object{"tls": object{"mode": mode}}},
	}
}

func (m *Mesh) ofService(i int) []any {
	s := m.services[i]
	namespace := m.teams[s.team].name
	protocols := map[uint16]string{httpPort: "http", tcpPort: "tcp"}
	var ports, slicePorts []object
	for _, port := range s.ports {
		one := object{"name": fmt.Sprintf("port-%d", port), "port": port, "targetPort": port, "protocol": "TCP"}
		if protocol, told := protocols[port]; told {
			one["appProtocol"] = protocol
		}
		ports = append(ports, one)
		slicePorts = append(slicePorts, object{"name": one["name"], "port": port, "protocol": "TCP"})
	}
	var endpoints []object
	for _, of := range s.pods {
		endpoints = append(endpoints, object{
			"addresses": []string{m.pods[of].address}, "conditions": object{"ready": true, "serving": true, "terminating": false},
			"targetRef": object{"kind": "Pod", "namespace": namespace, "name": m.pods[of].name},
		})
	}
	slice := named(s.name+"-slice", namespace)
	slice["labels"] = object{"kubernetes.io/service-name": s.name}
	all := []any{
		object{
			"apiVersion": "v1", "kind": "Service", "metadata": named(s.name, namespace),
			"spec": object{"clusterIP": m.address(i), "clusterIPs": []string{m.address(i)}, "selector": object{"app": s.name}, "ports": ports},
		},
		object{"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "metadata": slice, "addressType": "IPv4", "endpoints": endpoints, "ports": slicePorts},
	}
	if s.rule != "" {
		all = append(all, m.rule(s, namespace, s.rule))
	}
	return all
}

// podObject is a pod as the injector leaves it, with the sidecar as an init container that goes on.
// Source: manifests/charts/istio-control/istio-discovery/files/injection-template.yaml
func (m *Mesh) podObject(i int) object {
	p := m.pods[i]
	s := m.services[p.service]
	metadata := named(p.name, m.teams[s.team].name)
	metadata["labels"] = podLabels(s)
	return object{
		"apiVersion": "v1", "kind": "Pod", "metadata": metadata,
		"spec": object{
			"serviceAccountName": s.name,
			"initContainers": []object{
				{"name": "istio-init", "args": slices.Clone(redirect)},
				{"name": "istio-proxy", "restartPolicy": "Always", "args": []string{"proxy", "sidecar", "--domain", "$(POD_NAMESPACE).svc.cluster.local"}},
			},
			"containers": []object{{"name": "app"}},
		},
		"status": object{
			"phase": "Running", "podIP": p.address, "podIPs": []object{{"ip": p.address}},
			"conditions": []object{{"type": "Ready", "status": "True"}},
		},
	}
}

// redirect are the arguments by which a pod's every port is redirected to its sidecar.
var redirect = []string{"istio-iptables", "-p", "15001", "-z", "15006", "-u", "1337", "-m", "REDIRECT", "-i", "*", "-x", "", "-b", "*", "-d", "15090,15021,15020"}

func podLabels(of service) object {
	return object{"app": of.name, "security.istio.io/tlsMode": "istio", "service.istio.io/canonical-name": of.name}
}

func named(name, namespace string) object {
	return object{"name": name, "namespace": namespace}
}
