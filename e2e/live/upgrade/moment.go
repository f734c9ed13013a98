package upgrade

import (
	"context"
	"slices"
	"time"

	"mtls.test/conformance/e2e/live/kube"
	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/e2e/live/survey"
	"mtls.test/conformance/e2e/live/tlscheck/inspect"
	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/oracle"
	"mtls.test/conformance/e2e/pure/tlscheck"
	"mtls.test/conformance/e2e/pure/tlsdiff"
	"mtls.test/conformance/e2e/pure/upgrade"
)

// Moment is how every hop of the mesh is secured at one time, by both of its proxies, and which hops its policies ask to be
// plaintext.
type Moment struct {
	Hops      tlsdiff.Snapshot
	Plaintext map[upgrade.Hop]bool
}

// Look reads the hops to every service of the world that moves, as tls-check does.
func Look(ctx context.Context, k *kube.Client, m *mesh.Mesh, place fixture.Placement) (Moment, error) {
	found, err := survey.Take(ctx, k)
	if err != nil {
		return Moment{}, err
	}
	inspector := &inspect.Inspector{Survey: found, Mesh: m, Again: func(ctx context.Context) (*survey.Survey, error) { return survey.Take(ctx, k) }}
	// The control planes' own services come and go.
	moves := place.Injected()
	hosts := slices.DeleteFunc(found.Snapshot.Hosts(), func(h oracle.Host) bool { return !slices.Contains(moves, h.Namespace) })
	var hops []tlsdiff.Hop
	plaintext := map[upgrade.Hop]bool{}
	err = inspector.Inspect(ctx, inspect.Request{Hosts: hosts, Clients: clientsOf(found, place)}, func(host tlscheck.Host) error {
		seen := inspector.Survey // which a second look renews
		names := seen.Names()
		names.Controller = func(pod string) string { return clientAs(seen, pod, place) }
		hops = append(hops, tlsdiff.Hops(host, names)...)
		for _, row := range host.Rows {
			for _, h := range row.Hops {
				if h.Asked.Says == hop.Plaintext {
					plaintext[upgrade.Hop{Client: names.Controller(h.Client), Host: host.Host, Port: h.Port}] = true
				}
			}
		}
		return nil
	})
	if err != nil {
		return Moment{}, err
	}
	return Moment{Hops: tlsdiff.New(time.Now().UTC(), tlsdiff.Asked{All: true}, inspector.Survey.Versions(), hops), Plaintext: plaintext}, nil
}

// clientsOf are the clients whose hops are looked at: those of the world and the ingress gateway on a cluster of another's, whose other
// workloads come and go; all of them, which none stands for, on one of the suite's own.
func clientsOf(s *survey.Survey, place fixture.Placement) []string {
	if !place.Existing {
		return nil
	}
	var all []string
	for _, proxy := range s.Proxies() {
		if place.Scans(proxy.Namespace, proxy.Labels) {
			all = append(all, proxy.String())
		}
	}
	return all
}

// clientAs names what made a pod as the world does, which knows the ingress gateway by one name, whatever Deployments it has.
func clientAs(s *survey.Survey, pod string, place fixture.Placement) string {
	if workload, found := s.Workload(pod); found && place.OfGateway(workload.Namespace, workload.Labels) {
		return place.Gateway.Namespace + "/" + place.Gateway.Name
	}
	return s.Controller(pod)
}
