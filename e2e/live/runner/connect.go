package runner

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	apiwait "k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/e2e-framework/klient/wait"

	"mtls.test/conformance/e2e/pure/envoy"
	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/hop"
)

// connection is one that the case keeps.
type connection struct {
	name       string // at the client's agent
	from       string
	use        fixture.Use
	conn       hop.FiveTuple    // between the two ends that the tap sees
	prediction envoy.Prediction // by the configuration under which it was opened
}

// connect opens connections and keeps them, each named by its 5-tuple on the wire.
func (p *play) connect(ctx context.Context, step int, wanted []fixture.Connection) error {
	for i, want := range wanted {
		var to hop.ServicePort
		if err := to.UnmarshalText([]byte(want.To)); err != nil {
			return err
		}
		a := attempt{Hop: hop.Hop{From: want.From, To: to}, id: fmt.Sprintf("%s-%s-%d-%d-open", p.run, p.c.ID, step, i)}
		opened, err := p.open(ctx, a, want)
		if err != nil {
			return fmt.Errorf("connection %s: %w", want.Name, err)
		}
		p.connections[want.Name] = opened
	}
	return nil
}

func (p *play) open(ctx context.Context, a attempt, want fixture.Connection) (connection, error) {
	facts, err := p.facts(ctx, []attempt{a})
	if err != nil {
		return connection{}, err
	}
	_, port, _ := p.World.Port(a.To)
	server, err := p.Places.Server(a.To.Service, "")
	if err != nil {
		return connection{}, err
	}
	destination, from := netip.AddrPortFrom(server.Address, port.Workload), p.Places.Clients[a.From].Address
	before, err := p.Taps.Open(ctx, destination, from)
	if err != nil {
		return connection{}, err
	}
	kept := connection{name: a.id, from: a.From, use: want.Use, prediction: facts[a.id].Prediction}
	told, err := p.Sender.Keep(ctx, a.Hop, kept.name, want.Use)
	if err != nil {
		return connection{}, err
	}
	// From here on it is closed with the case, whatever else becomes of it: a busy one would go on.
	p.connections[want.Name] = kept
	if told.Error != "" || !told.Open.Answered() {
		return connection{}, fmt.Errorf("it was not opened: %s%s", told.Error, told.Open.Error)
	}
	after, err := p.Taps.Open(ctx, destination, from)
	if err != nil {
		return connection{}, err
	}
	kept.conn, err = grown(before, after)
	return kept, err
}

// grown finds the one connection that carried more bytes after than before; its client's proxy may have had it already.
func grown(before, after map[hop.FiveTuple]hop.Packets) (hop.FiveTuple, error) {
	var found []hop.FiveTuple
	for conn, packets := range after {
		if packets.ClientBytes > before[conn].ClientBytes {
			found = append(found, conn)
		}
	}
	if len(found) != 1 {
		return hop.FiveTuple{}, fmt.Errorf("%d connections to the server carried bytes meanwhile, so none is known to be it: %v", len(found), found)
	}
	return found[0], nil
}

// drainLimit is how long a connection may outlive the configuration it belongs to: the mesh's drainDuration is 2 s.
const drainLimit = 5 * time.Second

// ended waits until a kept connection has ended on the wire, or the limit has passed: then the packets tell that it has
// not.
func (p *Player) ended(ctx context.Context, kept connection) error {
	err := wait.For(func(ctx context.Context) (bool, error) {
		open, err := p.Taps.Open(ctx, kept.conn.Destination, kept.conn.Source.Addr())
		_, still := open[kept.conn]
		return !still, err
	}, wait.WithContext(ctx), wait.WithTimeout(drainLimit), wait.WithInterval(configInterval), wait.WithImmediate())
	if err != nil && !apiwait.Interrupted(err) {
		return err
	}
	return ctx.Err()
}

// disconnect closes what the case kept. One connection that cannot be closed does not keep the others.
func (p *play) disconnect(ctx context.Context) error {
	var failed []error
	for name, kept := range p.connections {
		if err := p.Sender.Drop(ctx, kept.from, kept.name); err != nil {
			failed = append(failed, fmt.Errorf("connection %s: %w", name, err))
			continue
		}
		delete(p.connections, name)
	}
	return errors.Join(failed...)
}
