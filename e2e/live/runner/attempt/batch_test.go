package attempt

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/e2e/live/observe"
	"mtls.test/conformance/e2e/live/runner/hopconfig"
	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/join"
	"mtls.test/conformance/e2e/pure/verdict"
	"mtls.test/conformance/fixtures/agent/call"
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
	ports := []fixture.Port{{Number: 80, Workload: 8080, Protocol: hop.HTTP}, {Number: 90, Workload: 9000, Protocol: hop.TCP}}
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

// scene is a batch that has been sent, before anything of it is joined.
type scene struct {
	*Collector
	batch *Batch
}

func sceneOf(t *testing.T, attempts ...*join.Attempt) *scene {
	t.Helper()
	places := mesh.Places{
		Clients:  map[string]mesh.Pods{"client": {clientPod}, "plain-client": {plainPod}},
		Services: map[string]mesh.Pods{"product": {serverPod}, "legacy": {legacyPod}, "gateway": {gatewayPod}},
	}
	s := &scene{
		Collector: &Collector{
			Config: &hopconfig.Reader{World: testWorld(), Places: places}, Logs: observe.NewLogs(nil, false), Taps: observe.NewTaps(nil, nil, "tap"),
			Blind: func(mesh.Proxy) error { return nil },
		},
		batch: NewBatch("run-case-0", time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)),
	}
	for _, a := range attempts {
		over := Over{Client: places.Clients[a.From].First(), Servers: places.Services[a.To.Service], Configs: map[mesh.Proxy]verdict.Config{}}
		for _, place := range over.Servers {
			over.Configs[place.Proxy] = a.Check.Config
		}
		if a.Kept != nil {
			over.Kept = "held"
		}
		s.Add(s.batch, a, over)
	}
	return s
}

// overHop is an attempt of the client behind a sidecar at a port of the server behind one.
func overHop(id string, port uint16) *join.Attempt {
	protocols := map[uint16]hop.Protocol{80: hop.HTTP, 90: hop.TCP}
	h := hop.Hop{From: "client", To: hop.ServicePort{Service: "product", Port: port}}
	return &join.Attempt{Hop: h, ID: id, Check: verdict.Check{Hop: h, ID: id, ClientKind: hop.Sidecar, Protocol: protocols[port], Proxied: true}}
}

func tuple(source, destination string) hop.FiveTuple {
	conn := hop.FiveTuple{Destination: netip.MustParseAddrPort(destination)}
	if source != "" {
		conn.Source = netip.MustParseAddrPort(source)
	}
	return conn
}

// logs adds a line to a proxy's log; more are further keys of its JSON.
func (s *scene) logs(place mesh.Place, from, to, more string) {
	s.Logs.Reader(place.Proxy).Line(s.batch.Began, fmt.Appendf(nil, `{"start_time":"2026-11-24T12:00:00.000Z","response_flags":null,
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
func wires(all ...hop.FiveTuple) join.Wires {
	shown := join.Wires{}
	for _, conn := range all {
		shown[conn] = hop.Observation{Source: hop.Wire, By: "n/tap", Conn: conn, Says: hop.Encrypted, Packets: &hop.Packets{Opened: time.Unix(1, 0), ClientBytes: 1, ServerBytes: 1}}
	}
	return shown
}

// joinAll joins all attempts with what the wire shows.
func (s *scene) joinAll(t *testing.T, shown join.Wires) {
	t.Helper()
	s.clients(t.Context(), s.batch)
	join.Wire(s.batch.attempts(), shown)
	s.servers(t.Context(), s.batch)
}

// received is what the application of the server received, by id.
func (s *scene) received(ids ...string) {
	records := map[string][]seen.Record{}
	for _, id := range ids {
		records[id] = []seen.Record{{ID: id}}
	}
	s.batch.servers[serverPod.Proxy].received = records
}
