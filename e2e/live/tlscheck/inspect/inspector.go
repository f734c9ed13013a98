// Package inspect asks the proxies of a cluster what they are configured to do with the hops to its services, and lays it
// beside what the policies ask. It installs nothing and changes nothing.
package inspect

import (
	"context"
	"fmt"
	"slices"
	"time"

	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/e2e/live/survey"
	"mtls.test/conformance/e2e/live/timeout"
	"mtls.test/conformance/e2e/pure/envoy"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/kiali"
	"mtls.test/conformance/e2e/pure/oracle"
	"mtls.test/conformance/e2e/pure/tlscheck"
)

// Inspector inspects the hops of one cluster.
type Inspector struct {
	Survey *survey.Survey
	Mesh   *mesh.Mesh // asks the proxies; nil to look at policies alone, and at recorded proxies

	Recorded map[string]string // files with the config_dump of proxies, by workload
	// Progress hears how many proxies are read, and then how many services are checked; nil where nobody wants to know.
	Progress func(done, of int, what string)
	// Observe has a probe try a workload's port, by the protocol that its service declares; nil for no probe.
	Observe func(ctx context.Context, endpoint oracle.Workload, port uint16, protocol hop.Protocol) tlscheck.Observed
	// Witness asks a Kiali about a namespace; nil where there is none.
	Witness func(ctx context.Context, namespace string) kiali.Statement

	// Again surveys the cluster anew; nil to take the first look for the last.
	Again func(ctx context.Context) (*survey.Survey, error)

	pool     envoy.Pool // of the recorded proxies
	observed map[string]tlscheck.Observed
	kiali    map[string]kiali.Statement
}

// Request is what to inspect.
type Request struct {
	Hosts   []oracle.Host
	Clients []string // workloads as NAMESPACE/NAME; every one with a proxy where there is none
	Subset  string
	// ByAddress adds calls of the endpoints by their own addresses, with rows of their own.
	ByAddress bool
}

// perBatch bounds the rows that are in memory at once, in services times proxies. A batch is looked at again as a whole, for
// each look surveys the cluster; without one, services go one by one.
const (
	perBatch = 20000
	minBatch = 50
)

// lookInterval is how often a mismatch is looked at again, for it may be a change that was on its way.
const lookInterval = 500 * time.Millisecond

// Inspect calls emit with each host of the request as soon as its rows are complete, and returns the first error of emit.
func (in *Inspector) Inspect(ctx context.Context, request Request, emit func(tlscheck.Host) error) error {
	in.observed, in.kiali = map[string]tlscheck.Observed{}, map[string]kiali.Statement{}
	clients, err := in.clients(request.Clients)
	if err != nil {
		return err
	}
	read, err := in.read(ctx, request.Hosts, clients, request)
	if err != nil {
		return err
	}
	size := 1
	if in.Again != nil {
		size = max(perBatch/max(len(clients), 1), minBatch)
	}
	done := 0
	for batch := range slices.Chunk(request.Hosts, size) {
		told, err := in.batch(ctx, batch, clients, request, read)
		if err != nil {
			return err
		}
		for _, host := range told {
			if err := emit(host); err != nil {
				return err
			}
			done++
			in.progress(done, len(request.Hosts), "services checked")
		}
	}
	return nil
}

// batch checks hosts. Policies and proxies are read one after the other, so a mismatch may be a
// change that was on its way: it counts once it has stood for as long as a change may take.
func (in *Inspector) batch(ctx context.Context, hosts []oracle.Host, clients []oracle.Workload, request Request, read *proxies) ([]tlscheck.Host, error) {
	told := in.look(ctx, hosts, clients, request, read)
	if in.Again == nil {
		return told, nil
	}
	for began := time.Now(); time.Since(began) < timeout.Propagation.Duration(); {
		var differing []oracle.Host
		for i, host := range told {
			if host.Has(tlscheck.Mismatch) {
				differing = append(differing, hosts[i])
			}
		}
		if len(differing) == 0 {
			break
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(lookInterval):
		}
		var err error
		if in.Survey, err = in.Again(ctx); err != nil {
			return nil, err
		}
		again, err := in.read(ctx, differing, clients, request)
		if err != nil {
			return nil, err
		}
		for _, host := range in.look(ctx, differing, clients, request, again) {
			told[slices.IndexFunc(told, func(one tlscheck.Host) bool { return one.Host == host.Host })] = host
		}
	}
	return told, nil
}

func (in *Inspector) look(ctx context.Context, hosts []oracle.Host, clients []oracle.Workload, request Request, read *proxies) []tlscheck.Host {
	var told []tlscheck.Host
	for _, host := range hosts {
		told = append(told, in.host(ctx, host, clients, request, read))
	}
	return told
}

// clients are the workloads of a request's names. Without names they are all whose proxy can be read; where none can, one
// of those that the policies treat alike stands for the others, as one does of those in ambient mode.
func (in *Inspector) clients(names []string) ([]oracle.Workload, error) {
	var all []oracle.Workload
	for _, name := range names {
		workload, found := in.Survey.Workload(name)
		if !found || workload.Unready {
			return nil, fmt.Errorf("client %s is not a running and ready pod of the cluster: name one as NAMESPACE/NAME, see kubectl get pods -A", name)
		}
		all = append(all, workload)
	}
	if len(names) > 0 {
		return all, nil
	}
	all = in.Survey.Ambient()
	alike := map[string]bool{}
	for _, workload := range in.Survey.Proxies() {
		_, recorded := in.Recorded[workload.String()]
		if in.Mesh == nil && !recorded && len(in.Recorded) > 0 {
			continue
		}
		if in.Mesh == nil && !recorded {
			kind := in.Survey.Kind(workload)
			if alike[kind] {
				continue
			}
			alike[kind] = true
		}
		all = append(all, workload)
	}
	return all, nil
}

// host checks one host.
func (in *Inspector) host(ctx context.Context, host oracle.Host, clients []oracle.Workload, request Request, proxies *proxies) tlscheck.Host {
	var hops []tlscheck.Hop
	var notes []string
	for _, client := range clients {
		all, said := in.hops(host, client, request, proxies)
		hops = append(hops, all...)
		for _, note := range said {
			if !slices.Contains(notes, note) {
				notes = append(notes, note)
			}
		}
	}
	if len(hops) == 0 && len(notes) == 0 {
		notes = append(notes, fmt.Sprintf("%s: no proxy is a client of it", host.Name))
	}
	notes = append(notes, in.effects(host, hops)...)
	if in.Observe != nil {
		in.observe(ctx, host, hops)
	}
	told := tlscheck.Of(host.Name, hops, notes...)
	told.Namespace = host.Namespace
	if slices.ContainsFunc(told.Rows, func(row tlscheck.Row) bool { return row.AlsoPlaintext }) {
		told.WithoutProxy = in.Survey.WithoutProxy()
	}
	if in.Witness != nil {
		said, known := in.kiali[host.Namespace]
		if !known {
			said = in.Witness(ctx, host.Namespace)
			in.kiali[host.Namespace] = said
		}
		said = said.Against(told.Outcomes())
		told.Kiali = &said
	}
	return told
}

// hops are those of one client, by each of its ways to each port. A client without a way is a client of the port only where
// it was named.
func (in *Inspector) hops(host oracle.Host, client oracle.Workload, request Request, proxies *proxies) (hops []tlscheck.Hop, notes []string) {
	named := len(request.Clients) > 0
	var without []uint16
	for _, port := range host.Ports {
		led := in.led(host, port, client, request, proxies)
		notes = append(notes, led.notes...)
		switch {
		case led.refused != "", len(led.routes) == 0 && led.unknown != "":
			// The hop stands for what the proxy refuses, or for ways that are not known.
			led.routes = []hop.Route{itself(servicePort(host, port))}
		case len(led.routes) == 0, !named && blocked(led.routes):
			without = append(without, port.Number)
			continue
		}
		for _, route := range led.routes {
			hops = in.addWay(hops, host, port, client, route, led, request, proxies)
		}
		if request.ByAddress {
			hops = append(hops, in.byAddress(hops, host, port, client, proxies)...)
		}
	}
	if !named || len(without) == 0 {
		return hops, notes
	}
	return hops, append(notes, fmt.Sprintf("%s has no way to ports %v of %s: no route of its proxy leads there", client, without, host.Name))
}

// led are the ways of a client. A subset that was asked for is one way, whatever the routes are.
func (in *Inspector) led(host oracle.Host, port oracle.Port, client oracle.Workload, request Request, proxies *proxies) ways {
	if request.Subset != "" {
		way := itself(servicePort(host, port))
		way.Subset, way.Cluster = request.Subset, envoy.SubsetName(host.Name, port.Number, request.Subset)
		return ways{routes: []hop.Route{way}}
	}
	return in.ways(host, port, client, proxies)
}

// blocked is true of the ways of a client whose proxy drops what is for the port.
func blocked(routes []hop.Route) bool {
	return !slices.ContainsFunc(routes, func(route hop.Route) bool { return route.Cluster != envoy.BlackHoleCluster })
}

// addWay adds the hops of one way, to each endpoint of its destination. Where the proxy answers by itself, there is one hop
// that leads nowhere.
func (in *Inspector) addWay(hops []tlscheck.Hop, host oracle.Host, port oracle.Port, client oracle.Workload, route hop.Route, led ways, request Request, proxies *proxies) []tlscheck.Hop {
	if route.Cluster == "" {
		asked := oracle.Answer{Why: fmt.Sprintf("the proxy of %s answers requests itself, by %s: where its clients go after it is not known", client, route.By)}
		return append(hops, tlscheck.Hop{Client: client.String(), Port: port.Number, Route: &route, Asked: asked, Differs: led.differs, Unknown: led.unknown})
	}
	own := servicePort(host, port)
	to := route.To
	if to.Service == "" {
		to = own
	}
	var all []tlscheck.Hop
	snapshot := in.under(client, proxies)
	untold := snapshot.Untold(client, to)
	for _, answer := range snapshot.AskEach(oracle.Question{Client: client.String(), To: to, Subset: route.Subset, Routed: to != own}) {
		if answer.Endpoint == client.String() || unopened(answer) {
			continue
		}
		h := in.hop(host, port, client, answer, route, proxies, untold)
		if led.refused != "" && h.Configured != nil {
			h.Configured.Prediction, h.Configured.Missing = envoy.Prediction{Says: hop.Refused, Why: led.refused}, ""
		}
		all = append(all, h)
	}
	for _, h := range in.compare(all, route, port, client, proxies) {
		h.Subset, h.Differs, h.Unknown = request.Subset, led.differs, led.unknown
		if !ordinary(route, own, request.Subset) {
			h.Route = &route
		}
		if !slices.ContainsFunc(hops, h.SameHop) {
			hops = append(hops, h)
		}
	}
	return hops
}

// observe adds what the probe finds, once for each port of an endpoint and protocol.
func (in *Inspector) observe(ctx context.Context, host oracle.Host, hops []tlscheck.Hop) {
	for i, h := range hops {
		endpoint, found := in.Survey.Workload(h.Endpoint)
		if !found {
			continue
		}
		var protocol hop.Protocol
		if at := slices.IndexFunc(host.Ports, func(port oracle.Port) bool { return port.Number == h.Port }); at >= 0 {
			protocol = host.Ports[at].Protocol
		}
		key := fmt.Sprintf("%s %d %s", h.Endpoint, h.Behind, protocol)
		said, known := in.observed[key]
		if !known {
			said = in.Observe(ctx, endpoint, h.Behind, protocol)
			in.observed[key] = said
		}
		hops[i].Observed = &said
	}
}
