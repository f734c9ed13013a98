package recorded

import (
	"fmt"
	"math/rand/v2"
	"slices"
)

// Difference is a place where a proxy does other than the objects ask. No two are at one host.
type Difference struct {
	Kind     string `json:"kind"`
	Host     string `json:"host"`
	Port     uint16 `json:"port,omitempty"`     // the service's; zero for every one
	Client   string `json:"client,omitempty"`   // NAMESPACE/NAME; empty where the endpoint's proxy differs, for all clients
	Endpoint string `json:"endpoint,omitempty"` // NAMESPACE/NAME; empty where the client's proxy differs, for all endpoints

	service, client, endpoint int
}

// kind is a way in which proxies differ from the objects.
type kind struct {
	name string
	// at is where it changes what becomes of connections: the server's mode, and the client's TLS mode.
	at func(inbound, outbound string) bool
	// server is true of a difference in an endpoint's proxy, and one is true of one that concerns one endpoint of a client's.
	server, one bool
	// routed is true of one that only a port with a route table has.
	routed bool
	// plant makes the difference in the proxy's view; of the client's, to is the service port.
	plant func(v *view, to *viewedPort, endpoint int)
}

// kinds are planted in turn.
var kinds = []kind{
	{
		name: "cluster-without-tls", at: mutual,
		plant: func(_ *view, to *viewedPort, _ int) { to.tls = "DISABLE" },
	},
	{
		name: "endpoint-without-tls-mode", at: func(inbound, outbound string) bool { return inbound != "DISABLE" && outbound == "" }, one: true,
		plant: func(_ *view, to *viewedPort, endpoint int) { to.endpoints[endpoint].marked = false },
	},
	{
		name: "endpoint-with-tls-mode", at: func(inbound, outbound string) bool { return inbound == "DISABLE" && outbound == "" }, one: true,
		plant: func(_ *view, to *viewedPort, endpoint int) { to.endpoints[endpoint].marked = true },
	},
	{
		name: "cluster-for-another-account", at: mutual,
		plant: func(_ *view, to *viewedPort, _ int) { to.account += "-2" },
	},
	{
		name: "cluster-with-tls", at: func(_, outbound string) bool { return outbound == "DISABLE" },
		plant: func(_ *view, to *viewedPort, _ int) { to.tls = "ISTIO_MUTUAL" },
	},
	{
		name: "server-without-tls", at: mutual, server: true,
		plant: func(v *view, _ *viewedPort, _ int) { v.inbound = "DISABLE" },
	},
	{
		name: "server-of-another-account", at: mutual, server: true,
		plant: func(v *view, _ *viewedPort, _ int) { v.account += "-2" },
	},
	{
		name: "server-also-takes-plaintext", at: func(inbound, _ string) bool { return inbound == "STRICT" }, server: true,
		plant: func(v *view, _ *viewedPort, _ int) { v.inbound = "PERMISSIVE" },
	},
	{
		name: "address-of-the-proxy-alone", at: anywhere,
		plant: func(_ *view, to *viewedPort, _ int) {
			to.endpoints = append(to.endpoints, viewedEndpoint{address: "10.245.0.1"})
		},
	},
	{
		name: "address-that-the-proxy-lacks", at: anywhere, one: true,
		plant: func(_ *view, to *viewedPort, endpoint int) {
			to.endpoints = slices.Delete(to.endpoints, endpoint, endpoint+1)
		},
	},
	{
		name: "route-to-another-host", at: anywhere, routed: true,
		plant: func(_ *view, to *viewedPort, _ int) { to.leadsTo = "elsewhere." + to.leadsTo },
	},
}

func anywhere(string, string) bool { return true }

// mutual is true of connections that are mTLS.
func mutual(inbound, outbound string) bool { return inbound != "DISABLE" && outbound != "DISABLE" }

// plant chooses places for differences, each at a service of its own.
func (m *Mesh) plant(count int, random *rand.Rand) error {
	taken := map[int]bool{}
	for i := range count {
		k := kinds[i%len(kinds)]
		d, found := m.place(k, taken, random)
		if !found {
			return fmt.Errorf("there is no service left for difference %d, %s: make more services or fewer differences", i+1, k.name)
		}
		taken[d.service] = true
		m.kinds[d.Host] = k
		m.Differences = append(m.Differences, d)
	}
	return nil
}

// place finds a free service and a client of it where the kind makes a difference.
func (m *Mesh) place(k kind, taken map[int]bool, random *rand.Rand) (Difference, bool) {
	for _, service := range random.Perm(len(m.services)) {
		to := m.services[service]
		if taken[service] {
			continue
		}
		for _, client := range random.Perm(len(m.pods)) {
			own := m.pods[client].service
			from := m.teams[m.services[own].team]
			if own == service || !from.reaches(to.team) || !k.at(m.inbound(to), m.outbound(from, service)) {
				continue
			}
			return m.difference(k, service, client, random), true
		}
	}
	return Difference{}, false
}

func (m *Mesh) difference(k kind, service, client int, random *rand.Rand) Difference {
	to := m.services[service]
	d := Difference{Kind: k.name, Host: m.host(to), service: service, client: client, endpoint: random.IntN(len(to.pods))}
	if !k.server {
		d.Port, d.Client = to.ports[random.IntN(len(to.ports))], m.workload(m.pods[client])
		if k.routed {
			d.Port = httpPort
		}
	}
	if k.server || k.one {
		d.Endpoint = m.workload(m.pods[to.pods[d.endpoint]])
	}
	return d
}

// differ makes the differences of a proxy in its view.
func (m *Mesh) differ(v *view) {
	name := m.workload(v.pod)
	for _, d := range m.Differences {
		k := m.kinds[d.Host]
		switch {
		case k.server && d.Endpoint == name:
			k.plant(v, nil, d.endpoint)
		case !k.server && d.Client == name:
			k.plant(v, v.to(d.service, d.Port), d.endpoint)
		}
	}
}

// Of finds the difference that a hop is under, by its host, port, client and endpoint.
func (m *Mesh) Of(host string, port uint16, client, endpoint string) (Difference, bool) {
	i := slices.IndexFunc(m.Differences, func(d Difference) bool {
		return d.Host == host && (d.Port == 0 || d.Port == port) && (d.Client == "" || d.Client == client) && (d.Endpoint == "" || d.Endpoint == endpoint)
	})
	if i < 0 {
		return Difference{}, false
	}
	return m.Differences[i], true
}
