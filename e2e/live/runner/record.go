package runner

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/e2e/live/runner/hopconfig"
	"mtls.test/conformance/e2e/pure/accesslog"
	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/join"
	"mtls.test/conformance/e2e/pure/recording"
	"mtls.test/conformance/e2e/pure/verdict"
)

// Record runs a case up to its first expectation, returns the raw data behind its checks, and reverts the case. A mesh that does
// otherwise than the case expects is recorded as it is: the unit tests then show what must be mended.
func (r *Runner) Record(ctx context.Context, c fixture.Case) (recording.Situation, verdict.Case, error) {
	run := r.NewCase(c)
	situation, err := run.record(ctx)
	err = errors.Join(err, run.revert(context.WithoutCancel(ctx)))
	run.Verdict.Conclude()
	if err != nil {
		err = fmt.Errorf("recording case %s: %w", c.ID, err)
	}
	return situation, run.Verdict, err
}

func (c *CaseRun) record(ctx context.Context) (recording.Situation, error) {
	situation := recording.Situation{Case: c.Case.ID, Applied: []string{}}
	for i, step := range c.Case.Steps {
		if err := c.Step(ctx, i, step); err != nil {
			return situation, fmt.Errorf("step %d: %w", i, err)
		}
		if step.Expect == nil {
			continue
		}
		for _, file := range c.applied {
			situation.Applied = append(situation.Applied, file.name)
		}
		situation.Step = i
		// The ids are those that the step has sent.
		attempts, err := c.Attempts(i, step.Expect)
		if err != nil {
			return situation, err
		}
		for n, a := range attempts {
			recorded, err := c.recorded(n, a)
			if err != nil {
				return situation, fmt.Errorf("%s: %w", a.Hop, err)
			}
			situation.Attempts = append(situation.Attempts, recorded)
		}
		err = c.readProxies(ctx, attempts, &situation)
		return situation, err
	}
	return situation, errors.New("the case expects nothing")
}

// recorded is what is known of one attempt: what was expected and sent, and what was logged and captured of it.
func (c *CaseRun) recorded(n int, a join.Attempt) (recording.Attempt, error) {
	if a.Want.Routed() {
		return recording.Attempt{}, errors.New("a recording does not say to which destination of its client's routes an attempt came")
	}
	i := slices.IndexFunc(c.Verdict.Checks, func(check verdict.Check) bool { return check.ID == a.ID })
	if i < 0 {
		return recording.Attempt{}, errors.New("it was not tried")
	}
	check := c.Verdict.Checks[i]
	service, port, _ := c.r.World.Port(a.To)
	pods, err := c.r.Places.Server(a.To.Service, a.Want.Subset)
	if err != nil {
		return recording.Attempt{}, err
	}
	place := pods.First()
	recorded := recording.Attempt{
		Name: fmt.Sprintf("%02d-%s-%s-%d", n, a.From, a.To.Service, a.To.Port),
		Hop:  a.Hop, Want: a.Want.Want, Cause: a.Want.Cause, Subset: a.Want.Subset, As: a.Want.As, Probe: a.Want.Probe, Wire: a.Want.Wire,
		Identity: recording.Identity{Client: check.Identities.Client, Server: check.Identities.Server},
		ID:       a.ID, Protocol: port.Protocol, ClientKind: a.Kind(c.r.World), Relays: service.Relays(),
		Address: netip.AddrPortFrom(place.Address, port.Workload), Does: c.r.Config.Does(a),
		Pcap: c.Evidence.Packets[a.ID],
	}
	if client, _ := c.r.World.Client(a.From); c.r.Places.Clients[a.From].First().Proxied {
		recorded.Client, recorded.Cluster = client.Workload.Name, hopconfig.Cluster(a, service)
	}
	if place.Proxied {
		server, err := service.Workload(a.Want.Subset)
		if err != nil {
			return recording.Attempt{}, err
		}
		recorded.Server = server.Name
	}
	if a.Want.Probe != nil {
		hello := c.r.Config.Hello(a)
		recorded.Hello = &hello
	}
	if wire := check.Observers.Wire; wire != nil && wire.Packets != nil {
		recorded.Conn, recorded.Packets = wire.Conn, wire.Packets
	}
	var unfound error
	if recorded.Client != "" {
		recorded.ClientLine, unfound = c.line(check.Observers.Client, accesslog.Line.Client)
	}
	if recorded.Server != "" {
		recorded.ServerLine, err = c.line(check.Observers.Server, accesslog.Line.Server)
		unfound = errors.Join(unfound, err)
	}
	return recorded, unfound
}

// line is the access log line, as it was written, from which an observation was read; nil where there was none.
func (c *CaseRun) line(seen *hop.Observation, read func(accesslog.Line, string) hop.Observation) ([]byte, error) {
	if seen == nil || seen.At.IsZero() {
		return nil, nil
	}
	var found []string
	for _, raw := range c.Evidence.Lines {
		line, err := accesslog.Parse([]byte(raw))
		if err != nil {
			continue
		}
		recorded := read(line, seen.By)
		if recorded.At.Equal(seen.At) && recorded.Conn == seen.Conn && (recorded.ID == "" || recorded.ID == seen.ID) && !slices.Contains(found, raw) {
			found = append(found, raw)
		}
	}
	if len(found) != 1 {
		return nil, fmt.Errorf("%d lines are as the %s observed it at %s, want one: record again", len(found), seen.Source, seen.By)
	}
	return []byte(found[0] + "\n"), nil
}

// readProxies reads what the proxies of the attempts have in force, as they answer it, and what they hold by SDS.
func (c *CaseRun) readProxies(ctx context.Context, attempts []join.Attempt, situation *recording.Situation) error {
	names := map[mesh.Proxy]string{}
	for _, one := range situation.Attempts {
		names[c.r.Places.Clients[one.From].First().Proxy] = one.Client
		if server, err := c.r.Places.Server(one.To.Service, one.Subset); err == nil && one.Server != "" {
			names[server.First().Proxy] = one.Server
		}
	}
	situation.Proxies, situation.Certificates = map[string][]byte{}, map[string][]byte{}
	for proxy, wanted := range c.r.Config.Wanted(attempts) {
		var configs, certificates [][]byte
		for _, part := range wanted.Parts() {
			// What warms is not in force, and a check that waited for the configuration left none.
			if strings.HasPrefix(part.Resource, "dynamic_warming_") {
				continue
			}
			var answer bytes.Buffer
			if err := c.r.Mesh.Admin(ctx, proxy, part.Path(), &answer); err != nil {
				return fmt.Errorf("config_dump of %s: %w", proxy, err)
			}
			if part.Resource == "dynamic_active_secrets" {
				certificates = append(certificates, answer.Bytes())
			} else {
				configs = append(configs, answer.Bytes())
			}
		}
		var errs [2]error
		situation.Proxies[names[proxy]], errs[0] = recording.Cut(configs, ports(situation.Attempts))
		situation.Certificates[names[proxy]], errs[1] = recording.Cut(certificates, nil)
		if err := errors.Join(errs[:]...); err != nil {
			return fmt.Errorf("%s: %w", proxy, err)
		}
	}
	return nil
}

// ports are those of the servers' pods.
func ports(recorded []recording.Attempt) []uint16 {
	var all []uint16
	for _, one := range recorded {
		all = with(all, one.Address.Port())
	}
	return all
}
