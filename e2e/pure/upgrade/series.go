package upgrade

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/fixtures/agent/series"
)

// Group is series that every pod of some clients sends to some servers: an element of fixtures/upgrade/series.yaml.
type Group struct {
	From    []string   `yaml:"from"`    // clients of the world
	To      []string   `yaml:"to"`      // servers
	Gateway bool       `yaml:"gateway"` // they come through the ingress gateway
	Under   []string   `yaml:"under"`   // traffic policies; all where there is none
	Rate    int        `yaml:"rate"`    // a second, of each pod
	Series  []Template `yaml:"series"`
}

// Template is one series of a group, to whichever of its servers.
type Template struct {
	Name        string            `yaml:"name"`
	Protocol    series.Protocol   `yaml:"protocol"`
	Port        uint16            `yaml:"port"` // of the server's Service
	Connection  series.Connection `yaml:"connection"`
	Pooled      bool              `yaml:"pooled"`  // the server is called by the name to which proxies keep connections
	Retried     bool              `yaml:"retried"` // by the name to which proxies keep connections, and try again by Istio's default policy
	Path        string            `yaml:"path"`
	Certificate string            `yaml:"certificate"` // of a probe
	Never       bool              `yaml:"never"`
	Twin        string            `yaml:"twin"`
}

// ReadGroups reads fixtures/upgrade/series.yaml.
func ReadGroups(content []byte) ([]Group, error) {
	var file struct {
		Groups []Group `yaml:"groups"`
	}
	decoder := yaml.NewDecoder(bytes.NewReader(content))
	decoder.KnownFields(true)
	if err := decoder.Decode(&file); err != nil {
		return nil, fmt.Errorf("upgrade/series.yaml: %w", err)
	}
	return file.Groups, nil
}

// Clients are those of the groups that send under a traffic policy.
func Clients(groups []Group, traffic string) []string {
	var all []string
	for _, group := range groups {
		for _, from := range group.From {
			if group.sends(traffic) && !slices.Contains(all, from) {
				all = append(all, from)
			}
		}
	}
	return all
}

// SeriesOf are the series that one pod of a client sends under a traffic policy.
func SeriesOf(groups []Group, world fixture.World, client, traffic string) ([]series.Series, error) {
	var all []series.Series
	for _, group := range groups {
		if !group.sends(traffic) || !slices.Contains(group.From, client) {
			continue
		}
		for _, to := range group.To {
			for _, template := range group.Series {
				one, err := group.series(template, world, client, to)
				if err != nil {
					return nil, fmt.Errorf("upgrade/series.yaml: series %q from %s to %s: %w", template.Name, client, to, err)
				}
				all = append(all, one)
			}
		}
	}
	if err := series.Check(all); err != nil {
		return nil, fmt.Errorf("upgrade/series.yaml: series of %s: %w", client, err)
	}
	return all, nil
}

func (g Group) sends(traffic string) bool {
	return len(g.Under) == 0 || slices.Contains(g.Under, traffic)
}

func (g Group) series(t Template, world fixture.World, client, to string) (series.Series, error) {
	name := to
	switch {
	case t.Retried:
		name += "-retried"
	case t.Pooled:
		name += "-pooled"
	}
	service, found := world.Service(name)
	if !found {
		return series.Series{}, errors.New("the world has no service " + name)
	}
	one := series.Series{
		Name: seriesName(client, to, t.Name), Protocol: t.Protocol, Path: t.Path, Rate: g.Rate, Connection: t.Connection, Want: series.Answer,
		Address: fmt.Sprintf("%s:%d", service.Host(), t.Port),
	}
	if t.Never {
		one.Want, one.Twin = series.Never, seriesName(client, to, t.Twin)
	}
	if t.Protocol == series.Probe {
		one.Hello = &series.Hello{Inside: string(hop.HTTP), ALPN: []string{"istio"}, Certificate: series.Certificate(t.Certificate)}
	}
	if g.Gateway {
		one.Authority, one.Address = one.Address, gatewayAddress(world.Placement, t.Protocol)
	}
	return one, nil
}

// gatewayAddress is where the ingress gateway takes a protocol.
func gatewayAddress(p fixture.Placement, protocol series.Protocol) string {
	name, port := p.Gateway.Name, gatewayPorts[protocol]
	if p.Watched {
		name, port = fixture.SuiteGateway, p.GatewayPort(hop.Protocol(protocol))
	}
	return fmt.Sprintf("%s:%d", p.Host(name, p.Gateway.Namespace), port)
}

// seriesName is that of a series over all pods of its client.
func seriesName(client, to, name string) string { return client + " to " + to + ": " + name }

// HopOf is the hop that a series goes from the workload whose proxy sends it on: the ingress gateway's where it comes through that.
func HopOf(world fixture.World, client string, s series.Series) Hop {
	at, workload := s.Address, fixture.Workload{}
	if known, found := world.Client(client); found {
		workload = known.Workload
	}
	if s.Authority != "" {
		at, workload = s.Authority, world.Placement.Gateway
	}
	host, port, _ := strings.Cut(at, ":") // a name and a number
	number, _ := strconv.ParseUint(port, 10, 16)
	return Hop{Client: workload.Namespace + "/" + workload.Name, Host: host, Port: uint16(number)}
}

// gatewayPorts are those of the gateway's Service (fixtures/istio/mesh.yaml).
var gatewayPorts = map[series.Protocol]uint16{series.HTTP: 80, series.GRPC: 50051}
