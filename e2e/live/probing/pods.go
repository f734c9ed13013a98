package probing

import (
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"time"

	corev1 "k8s.io/api/core/v1"

	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/upgrade"
	"mtls.test/conformance/fixtures/agent/control"
	"mtls.test/conformance/fixtures/agent/series"
)

// lookInterval is how often pods are looked for; a new pod of a client begins to send within it, before an old one ends.
const lookInterval = time.Second

// watch looks for pods until the session ends.
func (s *Session) watch(going context.Context) {
	ticks := time.NewTicker(lookInterval)
	defer ticks.Stop()
	for {
		select {
		case <-going.Done():
			return
		case <-ticks.C:
		}
		err := s.look(going, going)
		if going.Err() != nil {
			return
		}
		s.mu.Lock()
		s.failed = err // what a look that failed once leaves out the figures show
		s.mu.Unlock()
	}
}

// look has the taps look at whatever pods there are, asks the clients' pods that are ready and new for their series, and follows the
// logs of those and of the gateway's.
func (s *Session) look(ctx, going context.Context) error {
	var pods corev1.PodList
	if err := s.Kube.List(ctx, "", "", &pods); err != nil {
		return err
	}
	if err := s.sightings.look(ctx, pods.Items, s.World.Placement); err != nil {
		return err
	}
	for _, name := range upgrade.Clients(s.Groups, s.Traffic) {
		client, _ := s.World.Client(name)
		ready, err := readyOf(client.Workload, pods.Items)
		if err != nil {
			return err
		}
		for agent, address := range ready {
			if s.known(agent) {
				continue
			}
			s.place(address, name)
			if err := s.ask(going, name, agent); err != nil {
				return err
			}
			if client.Proxied {
				s.flags.follow(going, s.Kube, &s.work, agent)
			}
		}
	}
	gateways, err := readyOf(s.World.Placement.Gateway, pods.Items)
	for gateway := range gateways {
		s.flags.follow(going, s.Kube, &s.work, gateway)
	}
	return err
}

// readyOf are the pods of a workload that are ready and not ending, with their addresses.
func readyOf(workload fixture.Workload, pods []corev1.Pod) (map[mesh.Proxy]netip.Addr, error) {
	key, value := workload.Label()
	all := map[mesh.Proxy]netip.Addr{}
	for _, pod := range pods {
		if pod.Namespace != workload.Namespace || pod.Labels[key] != value || pod.DeletionTimestamp != nil || !mesh.IsReady(pod) {
			continue
		}
		address, err := netip.ParseAddr(pod.Status.PodIP)
		if err != nil {
			return nil, fmt.Errorf("pod %s/%s: %w", pod.Namespace, pod.Name, err)
		}
		all[mesh.Proxy{Namespace: pod.Namespace, Pod: pod.Name}] = address
	}
	return all, nil
}

// ask asks a pod of a client for its series, and reads what it tells until it ends.
func (s *Session) ask(going context.Context, client string, agent mesh.Proxy) error {
	all, err := upgrade.SeriesOf(s.Groups, s.World, client, s.Traffic)
	if err != nil {
		return err
	}
	lines, err := s.Mesh.ControlStream(going, agent, control.PathProbingStart, control.ProbingRequest{Run: s.Run, Prefix: s.prefix(agent), Series: all})
	if err != nil {
		return fmt.Errorf("series of %s: %w", client, err)
	}
	one := s.add(client, agent)
	s.work.Go(func() {
		defer func() { _ = lines.Close() }()
		for decoder := json.NewDecoder(lines); ; {
			var line series.Line
			if err := decoder.Decode(&line); err != nil {
				s.close(one) // without an end line the stream is lost, and says so itself
				return
			}
			s.take(one, line)
		}
	})
	s.mu.Lock()
	paused := s.paused
	s.mu.Unlock()
	if !paused {
		return nil
	}
	return s.Mesh.Control(going, agent, control.PathProbingPause, control.ProbingChange{}, &control.ProbingChanged{})
}
