package runner

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/netip"

	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/e2e/live/runner/hopconfig"
	"mtls.test/conformance/e2e/pure/envoy"
	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/join"
)

// connection is one that the case keeps.
type connection struct {
	name       string // at the client's agent
	from       string
	client     mesh.Place // that opened it, or the gateway's pod that it goes through
	use        fixture.Use
	conn       hop.FiveTuple    // between the two ends that the tap sees
	prediction envoy.Prediction // by the configuration under which it was opened
}

// connect opens connections and keeps them, each named by its 5-tuple on the wire.
func (c *CaseRun) connect(ctx context.Context, step int, wanted []fixture.Connection) error {
	for i, want := range wanted {
		var to hop.ServicePort
		if err := to.UnmarshalText([]byte(want.To)); err != nil {
			return err
		}
		a := join.Attempt{Hop: hop.Hop{From: want.From, To: to}, ID: fmt.Sprintf("%s-%s-%d-%d-open", c.Name, c.Case.ID, step, i)}
		opened, err := c.open(ctx, a, want)
		if err != nil {
			return fmt.Errorf("connection %s: %w", want.Name, err)
		}
		c.connections[want.Name] = opened
	}
	return nil
}

// open opens a connection from the first pod of the client. To which of the server's pods it goes the client's proxy chooses; the
// packets show it.
func (c *CaseRun) open(ctx context.Context, a join.Attempt, want fixture.Connection) (connection, error) {
	facts, err := c.r.Config.Facts(ctx, []join.Attempt{a})
	if err != nil {
		return connection{}, err
	}
	pairs := facts[a.ID]
	before, err := c.openFromFirst(ctx, a, pairs)
	if err != nil {
		return connection{}, err
	}
	kept := connection{name: a.ID, from: a.From, client: pairs[0].Client, use: want.Use}
	told, err := c.r.Sender.Keep(ctx, a.Hop, kept.client, kept.name, want.Use)
	if err != nil {
		return connection{}, err
	}
	// The connection is closed with the case from here on, also after an error below: a busy one would go on for ever.
	c.connections[want.Name] = kept
	if told.Error != "" || !told.Open.Answered() {
		return connection{}, fmt.Errorf("it was not opened: %s%s", told.Error, told.Open.Error)
	}
	after, err := c.openFromFirst(ctx, a, pairs)
	if err != nil {
		return connection{}, err
	}
	kept.conn, err = grown(before, after)
	for _, pair := range pairs {
		if pair.Client == kept.client && pair.Server.Address == kept.conn.Destination.Addr() {
			kept.prediction = pair.Config.Prediction
		}
	}
	var toProxy []hop.FiveTuple
	if client, _ := c.r.World.Client(a.From); client.Kind != hop.Sidecar {
		toProxy = append(toProxy, hop.FiveTuple{Source: told.Open.Local, Destination: told.Open.Remote})
	}
	c.requests.keep(kept, toProxy, c.r.entries(a.Hop))
	return kept, err
}

// openFromFirst are the connections that are open from the first pod of the client to each of the server.
func (c *CaseRun) openFromFirst(ctx context.Context, a join.Attempt, pairs []hopconfig.Pair) (map[hop.FiveTuple]hop.Packets, error) {
	_, port, _ := c.r.World.Port(a.To)
	all := map[hop.FiveTuple]hop.Packets{}
	for _, pair := range pairs {
		if pair.Client != pairs[0].Client {
			continue
		}
		open, err := c.r.Taps.Open(ctx, netip.AddrPortFrom(pair.Server.Address, port.Workload), pair.Client.Address)
		if err != nil {
			return nil, err
		}
		maps.Copy(all, open)
	}
	return all, nil
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

// disconnect closes the kept connections of the case. One that cannot be closed does not stop the others from being closed.
func (c *CaseRun) disconnect(ctx context.Context) error {
	var failed []error
	for name, kept := range c.connections {
		if err := c.r.Sender.Drop(ctx, kept.from, kept.name); err != nil {
			failed = append(failed, fmt.Errorf("connection %s: %w", name, err))
			continue
		}
		delete(c.connections, name)
	}
	return errors.Join(failed...)
}
