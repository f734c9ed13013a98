package restage

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/e2e/live/timeout"
	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/oracle"
	"mtls.test/conformance/e2e/pure/replay"
	"mtls.test/conformance/fixtures/agent/call"
	"mtls.test/conformance/fixtures/agent/control"
	"mtls.test/conformance/fixtures/agent/tap"
)

// tries bounds the requests for a row: a service of two endpoints that is asked twenty times leaves one out once in a million.
const tries = 20

// The ingress gateway as a client, who calls it, and where.
const (
	ingress     = fixture.RootNamespace + "/istio-ingressgateway"
	outsider    = "legacy/naked"
	ingressHTTP = "istio-ingressgateway." + fixture.RootNamespace + ".svc.cluster.local:80"
)

// send sends a request for each row until one has come to the row's endpoint, one after the other, so that what the tap sees is the
// request's.
func (s *Stage) send(ctx context.Context, report replay.Report, pods pods) ([]replay.Seen, error) {
	snapshot, err := s.snapshot(ctx)
	if err != nil {
		return nil, err
	}
	var all []replay.Seen
	for _, row := range report.Expect {
		endpoint, found := pods[row.Endpoint]
		if !found {
			return nil, fmt.Errorf("%s: no pod of %s runs", row, row.Endpoint)
		}
		if err := s.Taps.Watch(ctx, endpoint); err != nil {
			return nil, err
		}
		target, err := targetOf(snapshot, row, endpoint)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", row, err)
		}
		seen, err := s.sendTo(ctx, row, target, pods)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", row, err)
		}
		all = append(all, seen)
	}
	return all, nil
}

// target is where a row's request goes.
type target struct {
	request call.Request
	pod     netip.AddrPort // where it arrives if it comes to the row's endpoint
}

func targetOf(snapshot oracle.Snapshot, row replay.Row, endpoint mesh.Place) (target, error) {
	host, err := snapshot.Host(row.To.Service, "default")
	if err != nil {
		return target{}, err
	}
	for _, port := range host.Ports {
		if port.Number != row.To.Port {
			continue
		}
		to := target{pod: netip.AddrPortFrom(endpoint.Address, port.Workload)}
		if port.Workload == 0 {
			to.pod = netip.AddrPortFrom(endpoint.Address, port.Number)
		}
		to.request = call.Request{Protocol: spoken(port.Protocol, row.Speaks), Address: fmt.Sprintf("%s:%d", host.Name, port.Number), TimeoutMillis: timeout.Request.Millis()}
		to.request.Authority = to.request.Address
		switch {
		case row.Speaks != "":
			to.request.TimeoutMillis = timeout.Silence.Millis()
		case row.Address:
			to.request.Address = to.pod.String()
			to.request.Authority = to.request.Address
		case row.Client == ingress:
			to.request.Address = ingressHTTP
		case row.Dial != "":
			to.request.Address = row.Dial
		}
		return to, nil
	}
	return target{}, fmt.Errorf("%s has no port %d", host.Name, row.To.Port)
}

// spoken is how a port is spoken to.
func spoken(protocol hop.Protocol, speaks string) call.Protocol {
	switch {
	case speaks != "":
		return call.Protocol(speaks)
	case protocol == hop.GRPC:
		return call.GRPC
	case protocol == hop.HTTP:
		return call.HTTP
	}
	return call.TCP
}

func (s *Stage) sendTo(ctx context.Context, row replay.Row, to target, pods pods) (replay.Seen, error) {
	seen := replay.Seen{Client: row.Client, To: row.To, Endpoint: row.Endpoint, Address: row.Address}
	sender := pods[row.Client]
	if row.Client == ingress {
		sender = pods[outsider]
	}
	if !sender.Known() {
		return seen, fmt.Errorf("no pod of %s runs", row.Client)
	}
	var last call.Result
	for range tries {
		began := time.Now()
		s.requests++
		to.request.ID = fmt.Sprintf("%s-%d", s.RunID, s.requests)
		var answer control.SendAnswer
		if err := s.Mesh.Control(ctx, sender.Proxy, control.PathSend, control.SendRequest{Requests: []call.Request{to.request}}, &answer); err != nil {
			return seen, err
		}
		last = answer.Results[0]
		connection, err := s.connection(ctx, to.pod, began)
		if err != nil {
			return seen, err
		}
		if connection.Says == "" || connection.Says == hop.Absent {
			continue // it went to another endpoint, or came to none
		}
		seen.Wire = replay.WireOf(last.Answered(), connection.Says)
		if seen.Wire == "" {
			return seen, fmt.Errorf("it was answered, and the wire says %q", connection.Says)
		}
		if seen.Wire == replay.Unanswered {
			seen.Detail = detail(last, connection)
		}
		return seen, nil
	}
	if last.Answered() {
		return seen, fmt.Errorf("none of %d requests came to %s", tries, to.pod)
	}
	seen.Wire, seen.Detail = replay.Unanswered, detail(last, hop.Observation{Says: hop.Absent})
	return seen, nil
}

// connection is what the wire shows of the one connection to an address since a time; the zero value for none.
func (s *Stage) connection(ctx context.Context, to netip.AddrPort, since time.Time) (hop.Observation, error) {
	var found hop.Observation
	for _, wire := range s.Taps.Connections(ctx, []tap.Wanted{{Destination: to, Since: since}}) {
		o := wire.Observation
		switch {
		case o.Missing != "":
			return o, errors.New(o.Missing)
		case o.Says == hop.Absent || o.Packets == nil || o.Packets.Opened.Before(since):
		case found.Says != "":
			return o, fmt.Errorf("several connections came to %s at once", to)
		default:
			found = o
		}
	}
	return found, nil
}

// detail tells how a request ended that was not answered. Of a socket's error it keeps the last part, which has no address.
func detail(result call.Result, wire hop.Observation) string {
	var words []string
	if result.Status != 0 {
		words = append(words, fmt.Sprintf("HTTP %d", result.Status))
	}
	if result.Code != "" {
		words = append(words, "gRPC "+result.Code)
	}
	if len(words) == 0 {
		parts := strings.Split(result.Error, ": ")
		words = append(words, parts[len(parts)-1])
	}
	words = append(words, "packets: "+string(wire.Says))
	if wire.TLS != nil && wire.Says != hop.Absent {
		words = append(words, "the client began TLS")
	}
	return strings.Join(words, ", ")
}
