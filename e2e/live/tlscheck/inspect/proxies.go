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
	snapshot     oracle.Snapshot
	at           time.Time
	dumps        map[string]*envoy.Dump
	certificates map[string]*tlscheck.Certificate
	recorded     map[string]bool // whose certificates were of another day
	failed       map[string]error
	facts        map[string]served // by server and port: many services have the same
	gateways     map[string]envoy.RouteFacts
}

// atOnce bounds the proxies that are asked at once.
const atOnce = 8

// fewHosts is up to how many hosts a proxy is asked for each by its name; for more it tells all.
const fewHosts = 20

// read asks the clients' proxies and those of the hosts' endpoints, each once; nil where none is to be asked. Where routes lead
// to other hosts than these, it asks a second time, for those as well.
func (in *Inspector) read(ctx context.Context, hosts []oracle.Host, clients []oracle.Workload, request Request) (*proxies, error) {
	if in.Mesh == nil && len(in.Recorded) == 0 {
		return nil, nil
	}
	p, err := in.readOf(ctx, hosts, clients, request)
	if err != nil {
		return nil, err
	}
	more := in.elsewhere(hosts, clients, p)
	if len(more) == 0 {
		return p, nil
	}
	return in.readOf(ctx, slices.Concat(hosts, more), clients, request)
}

func (in *Inspector) readOf(ctx context.Context, hosts []oracle.Host, clients []oracle.Workload, request Request) (*proxies, error) {
	p := &proxies{
		snapshot: in.Survey.Snapshot, at: time.Now(), dumps: map[string]*envoy.Dump{}, certificates: map[string]*tlscheck.Certificate{}, recorded: map[string]bool{},
		failed: map[string]error{}, facts: map[string]served{}, gateways: map[string]envoy.RouteFacts{},
	}
	readings := in.readings(hosts, clients, request)
	var mu sync.Mutex
	done := 0
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	for _, one := range readings {
		group.Go(func() error {
			dump, err := in.dump(ctx, one.of, one.wanted)
			mu.Lock()
			defer mu.Unlock()
			p.add(one, dump, err, in.Recorded)
			done++
			in.progress(done, len(readings), "proxies read")
			return ctx.Err()
		})
	}
	return p, group.Wait()
}

// reading is one proxy that is to be read, once, be it a client or a server or both.
type reading struct {
	of     oracle.Workload
	wanted envoy.Wanted
}

func (in *Inspector) readings(hosts []oracle.Host, clients []oracle.Workload, request Request) []reading {
	var all []reading
	at := map[string]int{}
	for _, client := range clients {
		if client.HasProxy {
			at[client.String()] = len(all)
			wanted := wantedOf(hosts, client, request.Subset)
			if request.ByAddress {
				ports, names := in.addressesOf(hosts)
				wanted.Ports, wanted.Hosts = append(wanted.Ports, ports...), append(wanted.Hosts, names...)
			}
			all = append(all, reading{client, wanted})
		}
	}
	for _, host := range hosts {
		for _, name := range in.Survey.Snapshot.Behind(host) {
			server, found := in.Survey.Workload(name)
			if !found || !server.HasProxy {
				continue
			}
			i, asked := at[name]
			if !asked {
				i = len(all)
				at[name] = i
				all = append(all, reading{of: server})
			}
			all[i].asServer()
		}
	}
	return all
}

// asServer adds what tells how a proxy takes connections. What a gateway passes on to may be any host's.
func (r *reading) asServer() {
	r.wanted.Inbound = !r.of.Gateway
	if r.of.Gateway {
		r.wanted.Listeners, r.wanted.Onward, r.wanted.Hosts = true, true, nil
	}
}

// add takes what the reading of a proxy came to.
func (p *proxies) add(one reading, dump *envoy.Dump, err error, recorded map[string]string) {
	name := one.of.String()
	switch {
	case err != nil:
		p.failed[name] = err
		return
	case dump == nil:
		return
	}
	p.dumps[name] = dump
	if _, old := recorded[name]; old {
		p.recorded[name] = true
		return
	}
	p.certificates[name] = tlscheck.CertificateOf(dump, p.at)
}

// wantedOf is what decides the hops to hosts in a client's proxy.
func wantedOf(hosts []oracle.Host, client oracle.Workload, subset string) envoy.Wanted {
	wanted := envoy.Wanted{Listeners: client.Gateway, Routes: true}
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
		dump, err := in.pool.Parse(file, wanted.Hosts...)
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

// gatewayRoutes are all routes of a gateway, which are the same for every host.
func (p *proxies) gatewayRoutes(gateway oracle.Workload, dump *envoy.Dump) envoy.RouteFacts {
	known, found := p.gateways[gateway.String()]
	if !found {
		known = dump.GatewayRoutes()
		p.gateways[gateway.String()] = known
	}
	return known
}

// reads tells whether a workload's proxy was asked.
func (p *proxies) reads(workload oracle.Workload) bool {
	name := workload.String()
	return p.dumps[name] != nil || p.failed[name] != nil
}

// configured is what the two proxies of a hop are configured to do.
func (p *proxies) configured(host oracle.Host, port oracle.Port, client, server oracle.Workload, known bool, answer oracle.EndpointAnswer, cluster string) *tlscheck.Configured {
	config := &tlscheck.Configured{Cluster: cluster}
	config.Client, config.Server = p.certificates[client.String()], p.certificates[server.String()]
	if err := p.predict(config, host, port, client, server, known, answer); err != nil {
		config.Missing = err.Error()
	}
	return config
}

func (p *proxies) predict(config *tlscheck.Configured, host oracle.Host, port oracle.Port, client, server oracle.Workload, known bool, answer oracle.EndpointAnswer) error {
	does := doing(host, port)
	if !p.recorded[client.String()] && !p.recorded[server.String()] {
		does.At = p.at
	}
	proxied, err := p.proxied(client, host, port)
	if err != nil {
		return err
	}
	var facts envoy.ClientFacts
	if proxied {
		dump, err := p.of(client)
		if err != nil {
			return err
		}
		var to netip.AddrPort
		if answer.Address.IsValid() {
			to = netip.AddrPortFrom(answer.Address, answer.Port)
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
	at, err := p.serverFacts(server, netip.AddrPortFrom(answer.Address, answer.Port))
	if err != nil {
		return err
	}
	if proxied {
		config.Prediction = envoy.Predict(facts, at, does)
		return nil
	}
	config.Prediction = envoy.PredictPlain(at, does)
	return nil
}

// proxied tells whether the proxy of a client gets what its application sends to a port of a host.
func (p *proxies) proxied(client oracle.Workload, host oracle.Host, port oracle.Port) (bool, error) {
	if !client.HasProxy {
		return false, nil
	}
	capture, err := p.snapshot.Outbound(client, hop.ServicePort{Service: host.Name, Port: port.Number})
	if err != nil {
		return false, err
	}
	if capture.Unknown {
		return false, fmt.Errorf("whether the proxy of %s gets its connections to %s is not known: %s", client, host.Name, capture.Why)
	}
	return capture.Taken, nil
}

func (p *proxies) serverFacts(server oracle.Workload, at netip.AddrPort) (envoy.ServerFacts, error) {
	key := fmt.Sprintf("%s %s", server, at)
	known, found := p.facts[key]
	if !found {
		known.facts, known.err = p.readServer(server, at)
		p.facts[key] = known
	}
	return known.facts, known.err
}

// served is what a server's proxy does at a port, or why that is not known.
type served struct {
	facts envoy.ServerFacts
	err   error
}

func (p *proxies) readServer(server oracle.Workload, at netip.AddrPort) (envoy.ServerFacts, error) {
	if !server.HasProxy {
		return envoy.WithoutProxy(at.Port()), nil
	}
	if !server.Gateway {
		capture, binding := server.Interception.Inbound(at.Port()), p.snapshot.Binding(server, at.Port())
		switch {
		case capture.Unknown:
			return envoy.ServerFacts{}, fmt.Errorf("whether the proxy of %s gets port %d is not known: %s", server, at.Port(), capture.Why)
		case !capture.Taken && binding != "":
			return envoy.ServerFacts{}, fmt.Errorf("%s has the proxy of %s listen on port %d, which is not judged", binding, server, at.Port())
		case !capture.Taken:
			return envoy.WithoutProxy(at.Port()), nil
		}
	}
	dump, err := p.of(server)
	if err != nil {
		return envoy.ServerFacts{}, err
	}
	var facts envoy.ServerFacts
	if server.Gateway {
		facts, err = dump.Gateway(at.Port())
	} else {
		facts, err = dump.ServerAt(at)
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
func (p *proxies) of(workload oracle.Workload) (*envoy.Dump, error) {
	name := workload.String()
	if err := p.failed[name]; err != nil {
		return nil, err
	}
	dump := p.dumps[name]
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
