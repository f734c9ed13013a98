package runner

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/e2e/live/observe"
	"mtls.test/conformance/e2e/live/traffic"
	"mtls.test/conformance/e2e/pure/envoy"
	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/verdict"
	"mtls.test/conformance/fixtures/agent/call"
	"mtls.test/conformance/fixtures/agent/probe"
	"mtls.test/conformance/fixtures/agent/seen"
)

// The pods of the tests' world: a client and a server behind sidecars, a client without one, and a gateway.
var (
	clientPod  = mesh.Place{Proxy: mesh.Proxy{Namespace: "n", Pod: "client"}, Address: netip.MustParseAddr("10.0.0.5"), Proxied: true}
	plainPod   = mesh.Place{Proxy: mesh.Proxy{Namespace: "n", Pod: "plain-client"}, Address: netip.MustParseAddr("10.0.0.6")}
	serverPod  = mesh.Place{Proxy: mesh.Proxy{Namespace: "n", Pod: "product"}, Address: netip.MustParseAddr("10.0.0.7"), Proxied: true}
	legacyPod  = mesh.Place{Proxy: mesh.Proxy{Namespace: "n", Pod: "legacy"}, Address: netip.MustParseAddr("10.0.0.8")}
	gatewayPod = mesh.Place{Proxy: mesh.Proxy{Namespace: "n", Pod: "gateway"}, Address: netip.MustParseAddr("10.0.0.9"), Proxied: true}
)

func testWorld() fixture.World {
	ports := []fixture.Port{
		{Number: 80, Workload: 8080, Protocol: hop.HTTP}, {Number: 90, Workload: 9000, Protocol: hop.TCP},
		{Number: 70, Workload: 7000, Protocol: hop.Greet},
	}
	one := []fixture.Workload{{}}
	return fixture.World{
		Clients: []fixture.Client{{Name: "client", Kind: hop.Sidecar}, {Name: "plain-client", Kind: hop.Plain}},
		Services: []fixture.Service{
			{Name: "product", Namespace: "n", Kind: fixture.ClusterIP, Domain: "cluster.local", Ports: ports, Workloads: one},
			{Name: "legacy", Namespace: "n", Kind: fixture.ClusterIP, Domain: "cluster.local", Ports: ports, Workloads: one},
			{Name: "gateway", Kind: fixture.GatewayPod, Ports: []fixture.Port{{Number: 15443, Workload: 15443, Protocol: hop.TLS}}, Workloads: one},
		},
	}
}

// roundOf is a round of checks that have been sent, before anything of them is joined.
func roundOf(checks ...verdict.Check) *round {
	places := mesh.Places{
		Clients:  map[string]mesh.Place{"client": clientPod, "plain-client": plainPod},
		Services: map[string]mesh.Place{"product": serverPod, "legacy": legacyPod, "gateway": gatewayPod},
	}
	r := &round{
		play: &play{
			Player:   &Player{World: testWorld(), Places: places, Logs: observe.NewLogs(nil, false), Taps: observe.NewTaps(nil, nil, "tap")},
			evidence: NewEvidence(), connections: map[string]connection{},
		},
		began: time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC), checks: checks, servers: map[string]mesh.Place{}, marks: map[mesh.Proxy]observe.Mark{},
		results: map[string]call.Result{}, probed: map[string]traffic.ProbeAttempt{}, probes: map[string]probe.Result{}, kept: map[string]call.Kept{},
		watermarks: map[mesh.Proxy]watermark{}, received: map[mesh.Proxy]map[string][]seen.Record{}, unasked: map[mesh.Proxy]error{},
		unseen: map[string]bool{}, unsent: traffic.Unsent{},
	}
	for _, check := range checks {
		r.servers[check.ID] = places.Services[check.To.Service]
	}
	return r
}

// overHop is a check of the client behind a sidecar at a port of the server behind one.
func overHop(id string, port uint16) verdict.Check {
	protocols := map[uint16]hop.Protocol{80: hop.HTTP, 90: hop.TCP, 70: hop.Greet}
	return verdict.Check{
		ID: id, ClientKind: hop.Sidecar, Protocol: protocols[port], Proxied: true,
		Hop: hop.Hop{From: "client", To: hop.ServicePort{Service: "product", Port: port}},
	}
}

// kept is a check of a connection that the case keeps by the name "held".
func kept(r *round, source string) {
	r.connections["held"] = connection{name: "held", from: "client", conn: tuple(source, "10.0.0.7:8080"), prediction: envoy.Prediction{}}
	for i := range r.checks {
		r.checks[i].On = "held"
	}
}

func tuple(source, destination string) hop.FiveTuple {
	conn := hop.FiveTuple{Destination: netip.MustParseAddrPort(destination)}
	if source != "" {
		conn.Source = netip.MustParseAddrPort(source)
	}
	return conn
}

// logs adds a line to a proxy's log; more are further keys of its JSON.
func (r *round) logs(place mesh.Place, from, to, more string) {
	r.Logs.Reader(place.Proxy).Line(r.began, fmt.Appendf(nil, `{"start_time":"2026-11-24T12:00:00.000Z","response_flags":null,
		"downstream_direct_remote_address":"%s","downstream_local_address":"%s"%s}`, from, to, more))
}

// upstream are the keys of a client proxy's line of a connection over mTLS that left from an address.
func upstream(from, to string) string {
	return fmt.Sprintf(`,"bytes_sent":7,"upstream_local_address":"%s","upstream_remote_address":"%s","upstream_tls_version":"TLSv1.3",
		"upstream_peer_uri_san":"spiffe://product","upstream_local_uri_san":"spiffe://client"`, from, to)
}

const downstreamMTLS = `,"bytes_sent":7,"downstream_tls_version":"TLSv1.3","downstream_peer_uri_san":"spiffe://client"`

func request(id string) string {
	return fmt.Sprintf(`,"hop_id":"%s","protocol":"HTTP/1.1","response_code":200`, id)
}

// replied is the result of a request of the client's application that was answered.
func replied(id, local, remote string) call.Result {
	return call.Result{ID: id, Local: netip.MustParseAddrPort(local), Remote: netip.MustParseAddrPort(remote), Seen: &seen.Record{ID: id}}
}

// wires are connections that the wire shows, all encrypted.
func wires(all ...hop.FiveTuple) map[hop.FiveTuple]observe.Wire {
	shown := map[hop.FiveTuple]observe.Wire{}
	for _, conn := range all {
		shown[conn] = wire(conn, hop.Packets{Opened: time.Unix(1, 0), ClientBytes: 1, ServerBytes: 1})
	}
	return shown
}

func wire(conn hop.FiveTuple, packets hop.Packets) observe.Wire {
	return observe.Wire{
		Observation: hop.Observation{Source: hop.Wire, By: "n/tap", Conn: conn, Says: hop.Encrypted, Packets: &packets},
		Slice:       []byte(conn.Source.String()),
	}
}

// joinAll joins all checks with what the wire shows.
func (r *round) joinAll(t *testing.T, shown map[hop.FiveTuple]observe.Wire) {
	t.Helper()
	for i := range r.checks {
		r.client(t.Context(), &r.checks[i])
	}
	r.onTheWire(shown)
	for i := range r.checks {
		r.server(t.Context(), &r.checks[i])
		r.application(&r.checks[i])
	}
}
