// Package recorded makes a large mesh as files: its Kubernetes objects, and the answer of each proxy to
// /config_dump?include_eds. Objects and answers agree, but for the differences that are planted and listed.
package recorded

import (
	"errors"
	"fmt"
	"math/rand/v2"
)

// Size is how large a mesh is, and how many differences are planted in it.
type Size struct {
	Services       int
	Proxies        int // pods with a sidecar, at least one for each service
	Configurations int // namespaces, each with a scope and rules of its own; at most one for each service
	Differences    int // at most one for each service
}

func (s Size) check() error {
	switch {
	case s.Services < 1 || s.Configurations < 1 || s.Differences < 0:
		return errors.New("want at least one service and one configuration, and no negative number of differences")
	case s.Configurations > s.Services || s.Differences > s.Services:
		return fmt.Errorf("want at most %d configurations and differences: each has a service of its own", s.Services)
	case s.Proxies < s.Services || s.Proxies > maxPods:
		return fmt.Errorf("want %d to %d proxies: each service has one, and each has an address", s.Services, maxPods)
	}
	return nil
}

// Mesh is a mesh before it is written.
type Mesh struct {
	Differences []Difference

	teams    []team
	services []service
	pods     []pod
	kinds    map[string]kind // of the differences
}

// team is a namespace: its services and proxies have one configuration.
type team struct {
	name  string
	mode  string // of its PeerAuthentication; empty for none
	sees  []bool // by team; nil for all, without a Sidecar object
	turns int    // the service for which a rule of its own, for itself alone, turns TLS off; none below zero
}

type service struct {
	name  string
	team  int
	ports []uint16
	rule  string // TLS mode of its DestinationRule; empty for none
	pods  []int
}

type pod struct {
	name    string
	service int
	address string
}

// maxPods bounds the pods by their addresses.
const maxPods = 1 << 16

// The mesh's ports, of the three ways in which Istio learns a protocol: HTTP and TCP by name, and by looking.
const (
	httpPort uint16 = 8080
	tcpPort  uint16 = 9000
	autoPort uint16 = 9080
)

// modes are those of the namespaces in turn, as a PeerAuthentication has them.
var modes = []string{"", "STRICT", "PERMISSIVE", "DISABLE", "STRICT"}

// rules are the TLS modes of the services' DestinationRules in turn.
var rules = []string{"", "", "", "", "ISTIO_MUTUAL", "DISABLE", ""}

// New plans a mesh. Two meshes of one size and seed have the same objects, configurations and differences, and other keys.
func New(size Size, seed uint64) (*Mesh, error) {
	if err := size.check(); err != nil {
		return nil, err
	}
	m := &Mesh{kinds: map[string]kind{}}
	for i := range size.Configurations {
		m.teams = append(m.teams, team{name: fmt.Sprintf("team-%03d", i), mode: modes[i%len(modes)], sees: scope(i, size.Configurations), turns: -1})
	}
	for i := range size.Services {
		ports := []uint16{httpPort, tcpPort}
		if i%3 == 0 {
			ports = append(ports, autoPort)
		}
		m.services = append(m.services, service{name: fmt.Sprintf("service-%05d", i), team: i % size.Configurations, ports: ports, rule: rules[i%len(rules)]})
	}
	for i := range m.teams {
		if i%3 == 0 {
			m.teams[i].turns = (i + 1) % size.Configurations
		}
	}
	for i := range size.Proxies {
		of := i % size.Services
		m.pods = append(m.pods, pod{name: fmt.Sprintf("%s-%05d", m.services[of].name, i), service: of, address: fmt.Sprintf("10.244.%d.%d", i>>8, i&255)})
		m.services[of].pods = append(m.services[of].pods, i)
	}
	return m, m.plant(size.Differences, rand.New(rand.NewPCG(seed, seed)))
}

// scope is what a team's Sidecar object leaves visible: itself and the teams after it, a quarter, a half or three quarters
// of the mesh. Each fourth team has no Sidecar object.
func scope(team, teams int) []bool {
	quarters := team % 4
	if quarters == 0 {
		return nil
	}
	sees := make([]bool, teams)
	for i := range max(teams*quarters/4, 1) {
		sees[(team+i)%teams] = true
	}
	return sees
}

func (t team) reaches(other int) bool { return t.sees == nil || t.sees[other] }

func (m *Mesh) host(of service) string {
	return fmt.Sprintf("%s.%s.svc.cluster.local", of.name, m.teams[of.team].name)
}

func (m *Mesh) account(of service) string {
	return fmt.Sprintf("spiffe://cluster.local/ns/%s/sa/%s", m.teams[of.team].name, of.name)
}

// workload names a pod as NAMESPACE/NAME.
func (m *Mesh) workload(of pod) string {
	return m.teams[m.services[of.service].team].name + "/" + of.name
}

// address is a service's ClusterIP.
func (m *Mesh) address(of int) string { return fmt.Sprintf("10.96.%d.%d", of>>8, of&255) }

// inbound is the mode in which a service's proxies take connections.
func (m *Mesh) inbound(of service) string {
	if mode := m.teams[of.team].mode; mode != "" {
		return mode
	}
	return "PERMISSIVE"
}

// outbound is the TLS mode of a team's connections to a service; empty for auto-mTLS. A rule of the client's namespace comes
// before the one of the service's. Source: https://istio.io/latest/docs/ops/best-practices/traffic-management/#cross-namespace-configuration
func (m *Mesh) outbound(from team, to int) string {
	if from.turns == to {
		return "DISABLE"
	}
	return m.services[to].rule
}
