package inspect

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"mtls.test/conformance/e2e/live/survey"
	"mtls.test/conformance/e2e/pure/envoy"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/oracle"
	"mtls.test/conformance/e2e/pure/tlscheck"
)

// proxies are the configurations of the proxies of some hosts and of their clients. A proxy that could not be read has its
// error in place of one.
type proxies struct {
	at           time.Time
	clients      map[string]*envoy.Dump
	servers      map[string]*envoy.Dump
	certificates map[string]*tlscheck.Certificate
	recorded     map[string]bool // whose certificates were of another day
	failed       map[string]error
	facts        map[string]served // by server and port: many services have the same
}

// atOnce bounds the proxies that are asked at once.
const atOnce = 8

// fewHosts is up to how many hosts a proxy is asked for each by its name; for more it tells all.
const fewHosts = 20

// read asks the clients' proxies and those of the hosts' endpoints; nil where none is to be asked.
func (in *Inspector) read(ctx context.Context, hosts []oracle.Host, clients []oracle.Workload, request Request) (*proxies, error) {
	if in.Mesh == nil && len(in.Recorded) == 0 {
		return nil, nil
	}
	p := &proxies{
		at: time.Now(), clients: map[string]*envoy.Dump{}, servers: map[string]*envoy.Dump{},
		certificates: map[string]*tlscheck.Certificate{}, recorded: map[string]bool{}, failed: map[string]error{}, facts: map[string]served{},
	}
	var mu sync.Mutex
	reading, ctx := errgroup.WithContext(ctx)
	reading.SetLimit(atOnce)
	read := func(into map[string]*envoy.Dump, workload oracle.Workload, wanted envoy.Wanted) {
		reading.Go(func() error {
			dump, err := in.dump(ctx, workload, wanted)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				p.failed[workload.String()] = err
			} else if dump != nil {
				into[workload.String()] = dump
				if _, recorded := in.Recorded[workload.String()]; recorded {
					p.recorded[workload.String()] = true
				} else {
					p.certificates[workload.String()] = tlscheck.CertificateOf(dump, p.at)
				}
			}
			return ctx.Err()
		})
	}
	for _, client := range clients {
		if client.HasProxy {
			read(p.clients, client, wantedOf(hosts, client, request.Subset))
		}
	}
	asked := map[string]bool{}
	for _, host := range hosts {
		for _, name := range in.Survey.Snapshot.Behind(host) {
			server, found := in.Survey.Workload(name)
			if !found || !server.HasProxy || asked[name] {
				continue
			}
			asked[name] = true
			read(p.servers, server, envoy.Wanted{Inbound: !server.Gateway, Listeners: server.Gateway, Onward: server.Gateway})
		}
	}
	return p, reading.Wait()
}

// wantedOf is what decides the hops to hosts in a client's proxy.
func wantedOf(hosts []oracle.Host, client oracle.Workload, subset string) envoy.Wanted {
	wanted := envoy.Wanted{Listeners: client.Gateway}
	for _, host := range hosts {
		wanted.Hosts = append(wanted.Hosts, host.Name)
		for _, port := range host.Ports {
			if !slices.Contains(wanted.Ports, port.Number) {
				wanted.Ports = append(wanted.Ports, port.Number)
			}
			wanted.Clusters = append(wanted.Clusters, envoy.SubsetName(host.Name, port.Number, subset))
		}
	}
	if len(hosts) > fewHosts {
		wanted.Clusters, wanted.Outbound = nil, true
	}
	return wanted
}

// dump is a proxy's configuration: as it is recorded, or as it says; nil where neither is to be had.
func (in *Inspector) dump(ctx context.Context, workload oracle.Workload, wanted envoy.Wanted) (*envoy.Dump, error) {
	if name, found := in.Recorded[workload.String()]; found {
		file, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer func() { _ = file.Close() }()
		dump, err := envoy.Parse(file, wanted.Hosts...)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		return dump, nil
	}
	if in.Mesh == nil {
		return nil, nil
	}
	return in.Mesh.Dump(ctx, survey.Proxy(workload), wanted)
}

// lacks tells whether a client's proxy was read and has no cluster for a service port.
func (p *proxies) lacks(client oracle.Workload, host string, port uint16, subset string) bool {
	if p == nil || p.clients[client.String()] == nil {
		return false
	}
	return p.clients[client.String()].Lacks(envoy.SubsetName(host, port, subset))
}

// reads tells whether a workload's proxy was asked.
func (p *proxies) reads(workload oracle.Workload) bool {
	name := workload.String()
	return p.clients[name] != nil || p.servers[name] != nil || p.failed[name] != nil
}

// configured is what the two proxies of a hop are configured to do.
func (p *proxies) configured(host oracle.Host, port oracle.Port, client, server oracle.Workload, known bool, answer oracle.EndpointAnswer, subset string) *tlscheck.Configured {
	config := &tlscheck.Configured{Cluster: envoy.SubsetName(host.Name, port.Number, subset)}
	config.Client, config.Server = p.certificates[client.String()], p.certificates[server.String()]
	if err := p.predict(config, host, port, client, server, known, answer.Port); err != nil {
		config.Missing = err.Error()
	}
	return config
}

func (p *proxies) predict(config *tlscheck.Configured, host oracle.Host, port oracle.Port, client, server oracle.Workload, known bool, behind uint16) error {
	does := doing(host, port)
	if !p.recorded[client.String()] && !p.recorded[server.String()] {
		does.At = p.at
	}
	var facts envoy.ClientFacts
	if client.HasProxy {
		dump, err := p.of(p.clients, client)
		if err != nil {
			return err
		}
		var to netip.AddrPort
		if known && len(server.Addresses) > 0 {
			to = netip.AddrPortFrom(server.Addresses[0], behind)
		}
		if facts, err = dump.Outbound(config.Cluster, to); err != nil {
			return fmt.Errorf("proxy of %s: %w", client, err)
		}
		config.Match = facts.Match
		switch {
		case facts.Warming:
			return fmt.Errorf("a newer version of cluster %s has come to %s and is not in force", config.Cluster, client)
		case facts.Refusal != "":
			config.Prediction = envoy.Predict(facts, envoy.ServerFacts{}, does)
			return nil
		case !known && facts.Says == hop.Plaintext:
			config.Prediction = envoy.Prediction{Says: hop.Plaintext, Why: "the client's proxy sends plaintext, to an address that is outside the mesh"}
			return nil
		}
	}
	if !known {
		return fmt.Errorf("the endpoints of %s are not of the cluster, and what they make of TLS is not known", host.Name)
	}
	at, err := p.serverFacts(server, behind)
	if err != nil {
		return err
	}
	if client.HasProxy {
		config.Prediction = envoy.Predict(facts, at, does)
		return nil
	}
	config.Prediction = envoy.PredictPlain(at, does)
	return nil
}

func (p *proxies) serverFacts(server oracle.Workload, port uint16) (envoy.ServerFacts, error) {
	key := fmt.Sprintf("%s %d", server, port)
	known, found := p.facts[key]
	if !found {
		known.facts, known.err = p.readServer(server, port)
		p.facts[key] = known
	}
	return known.facts, known.err
}

// served is what a server's proxy does at a port, or why that is not known.
type served struct {
	facts envoy.ServerFacts
	err   error
}

func (p *proxies) readServer(server oracle.Workload, port uint16) (envoy.ServerFacts, error) {
	if !server.HasProxy {
		return envoy.WithoutProxy(port), nil
	}
	dump, err := p.of(p.servers, server)
	if err != nil {
		return envoy.ServerFacts{}, err
	}
	var facts envoy.ServerFacts
	if server.Gateway {
		facts, err = dump.Gateway(port)
	} else {
		facts, err = dump.ServerAt(netip.AddrPortFrom(server.Addresses[0], port))
	}
	switch {
	case err != nil:
		return facts, fmt.Errorf("proxy of %s: %w", server, err)
	case facts.Warming:
		return facts, fmt.Errorf("a newer version of listener %s has come to %s and is not in force", facts.Listener, server)
	}
	return facts, nil
}

// of is a proxy's configuration, or why it is not known. What a proxy refused to take is none of its configuration.
func (p *proxies) of(dumps map[string]*envoy.Dump, workload oracle.Workload) (*envoy.Dump, error) {
	name := workload.String()
	if err := p.failed[name]; err != nil {
		return nil, err
	}
	dump := dumps[name]
	if dump == nil {
		return nil, fmt.Errorf("the proxy of %s is not recorded", name)
	}
	if len(dump.Rejected) > 0 {
		return nil, fmt.Errorf("the proxy of %s refuses its newest configuration: %s", name, strings.Join(dump.Rejected, "; "))
	}
	return dump, nil
}

// doing is what the two applications do, as far as the port tells.
func doing(host oracle.Host, port oracle.Port) envoy.Attempt {
	does := envoy.Attempt{Speaks: envoy.SpeechOf(port.Protocol), Authorized: true}
	if does.Speaks.HTTP() {
		does.Host = fmt.Sprintf("%s:%d", host.Name, port.Number)
	}
	if port.Protocol == hop.TLS {
		does.Own = envoy.Hello{SNI: host.Name}
		does.Serves = &envoy.ServerEnd{TakesAny: true}
	}
	return does
}
