package recorded

import "slices"

// view is what a proxy's configuration is written from: as istiod would send it, and then with its differences.
type view struct {
	pod     pod
	account string // in the proxy's certificate
	inbound string // the mode of the chains for connections to its workload
	ports   []viewedPort
}

// viewedPort is a service port as a client's proxy knows it.
type viewedPort struct {
	service   int
	port      uint16
	tls       string // as outbound
	account   string // that the server's certificate must have
	leadsTo   string // host of the cluster to which the port's route leads
	endpoints []viewedEndpoint
}

type viewedEndpoint struct {
	address string
	marked  bool // with tlsMode istio
}

// view is a proxy's configuration as it should be.
func (m *Mesh) view(of pod) *view {
	own := m.services[of.service]
	v := &view{pod: of, account: m.account(own), inbound: m.inbound(own)}
	from := m.teams[own.team]
	for i, s := range m.services {
		if !from.reaches(s.team) {
			continue
		}
		var endpoints []viewedEndpoint
		for _, behind := range s.pods {
			// istiod marks no endpoint whose proxy takes no mTLS (pilot/pkg/xds/endpoints/mtls_checker.go).
			endpoints = append(endpoints, viewedEndpoint{m.pods[behind].address, m.inbound(s) != "DISABLE"})
		}
		for _, port := range s.ports {
			v.ports = append(v.ports, viewedPort{
				service: i, port: port, tls: m.outbound(from, i), account: m.account(s), leadsTo: m.host(s), endpoints: slices.Clone(endpoints),
			})
		}
	}
	return v
}

// to is what a client's proxy knows of a service port.
func (v *view) to(service int, port uint16) *viewedPort {
	for i := range v.ports {
		if v.ports[i].service == service && v.ports[i].port == port {
			return &v.ports[i]
		}
	}
	return nil
}
