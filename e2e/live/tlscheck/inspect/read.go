package inspect

import (
	"context"
	"fmt"
	"os"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"mtls.test/conformance/e2e/live/survey"
	"mtls.test/conformance/e2e/pure/envoy"
	"mtls.test/conformance/e2e/pure/oracle"
	"mtls.test/conformance/e2e/pure/tlscheck"
)

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
		snapshot: in.Survey.Snapshot, at: time.Now(), dumps: map[string]*envoy.Dump{}, files: map[string][]oracle.Credential{}, certificates: map[string]*tlscheck.Certificate{}, recorded: map[string]bool{},
		failed: map[string]error{}, facts: map[string]served{}, enforces: map[string]envoy.Enforcement{}, gateways: map[string]envoy.RouteFacts{},
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
			wanted := wantedOf(hosts, client)
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

// wantedOf is what decides the hops to hosts in a client's proxy. A route to a host's port may lead to any of its clusters.
func wantedOf(hosts []oracle.Host, client oracle.Workload) envoy.Wanted {
	wanted := envoy.Wanted{Listeners: client.Gateway, Routes: true}
	for _, host := range hosts {
		wanted.Hosts = append(wanted.Hosts, host.Name)
		for _, port := range host.Ports {
			if !slices.Contains(wanted.Ports, port.Number) {
				wanted.Ports = append(wanted.Ports, port.Number)
			}
		}
	}
	if len(hosts) > fewHosts {
		wanted.Outbound = true
	} else {
		wanted.Services = wanted.Hosts
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

// elsewhere are the hosts, other than these, to which the routes of clients lead what is for these.
func (in *Inspector) elsewhere(hosts []oracle.Host, clients []oracle.Workload, proxies *proxies) []oracle.Host {
	known := map[string]bool{}
	for _, host := range hosts {
		known[host.Name] = true
	}
	var more []oracle.Host
	if !slices.ContainsFunc(in.Survey.Snapshot.Hosts(), func(other oracle.Host) bool { return !known[other.Name] }) {
		return nil // these are all that the mesh has
	}
	for _, host := range hosts {
		for _, port := range host.Ports {
			for _, client := range clients {
				for _, route := range in.ways(host, port, client, proxies).routes {
					name := route.To.Service
					if name == "" || known[name] {
						continue
					}
					known[name] = true
					if other, err := in.Survey.Snapshot.Host(name, ""); err == nil {
						more = append(more, other)
					}
				}
			}
		}
	}
	return more
}

// addressesOf are what a client's proxy must be asked for besides, so that it tells of calls by address: the pods' ports and
// addresses.
func (in *Inspector) addressesOf(hosts []oracle.Host) (ports []uint16, names []string) {
	for _, host := range hosts {
		for _, name := range in.Survey.Snapshot.Behind(host) {
			workload, found := in.Survey.Workload(name)
			if !found {
				continue
			}
			for _, address := range workload.Addresses {
				names = append(names, address.String())
			}
			for _, port := range host.Ports {
				ports = append(ports, port.At(workload))
			}
		}
	}
	return ports, names
}
