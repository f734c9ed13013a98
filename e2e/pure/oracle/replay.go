package oracle

import (
	"fmt"
	"time"

	"go.yaml.in/yaml/v3"

	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/hop"
)

// Stage is the mesh as a case's step of expectations finds it.
type Stage struct {
	Step     int // index in the case's steps
	Snapshot Snapshot
}

// Replay applies a case's steps to a snapshot, without a cluster, and returns the mesh before each step of expectations.
// Each step is a second younger than the one before; read gives a policy file by the name that a step uses.
func Replay(before Snapshot, c fixture.Case, read func(file string) ([]byte, error)) ([]Stage, error) {
	var stages []Stage
	at := time.Unix(0, 0).UTC()
	for i, step := range c.Steps {
		at = at.Add(time.Second)
		for _, file := range step.Apply {
			objects, err := readAt(file, at, read)
			if err != nil {
				return nil, err
			}
			before = before.Merge(objects)
		}
		for _, file := range step.Edit {
			objects, err := readAt(file, time.Time{}, read)
			if err != nil {
				return nil, err
			}
			before = before.Merge(objects)
		}
		for _, file := range step.Delete {
			objects, err := readAt(file, at, read)
			if err != nil {
				return nil, err
			}
			before = before.Without(objects)
		}
		if len(step.Mesh) > 0 {
			keys, err := yaml.Marshal(step.Mesh)
			if err != nil {
				return nil, err
			}
			if before.Mesh, err = before.Mesh.With(keys); err != nil {
				return nil, err
			}
		}
		if step.Authority != nil {
			before.Mesh.Roots = step.Authority.Trusts
		}
		if step.Account != nil {
			before = before.WithAccount(*step.Account)
		}
		if len(step.Expect) > 0 {
			stages = append(stages, Stage{Step: i, Snapshot: before})
		}
	}
	return stages, nil
}

// readAt reads a policy file as if its objects were made at a time.
func readAt(file string, at time.Time, read func(string) ([]byte, error)) (Snapshot, error) {
	content, err := read(file)
	if err != nil {
		return Snapshot{}, err
	}
	objects, err := Decode(content, "default")
	if err != nil {
		return Snapshot{}, fmt.Errorf("%s: %w", file, err)
	}
	stamp(objects.PeerAuthentications, at)
	stamp(objects.DestinationRules, at)
	stamp(objects.ServiceEntries, at)
	stamp(objects.AuthorizationPolicies, at)
	stamp(objects.Gateways, at)
	stamp(objects.Sidecars, at)
	stamp(objects.VirtualServices, at)
	stamp(objects.WorkloadEntries, at)
	stamp(objects.HTTPRoutes, at)
	stamp(objects.GRPCRoutes, at)
	stamp(objects.BackendTLSPolicies, at)
	return objects, nil
}

func stamp[Spec any](objects []Object[Spec], at time.Time) {
	for i := range objects {
		objects[i].Created = at
	}
}

// foreignDomain is the trust domain of a case's probe certificate of another one.
const foreignDomain = "foreign.test"

// Questions are what a case's expectation asks, one for each of its hops.
func Questions(expect fixture.Expect) []Question {
	var all []Question
	for _, one := range expect.Hops() {
		all = append(all, QuestionOf(one, expect))
	}
	return all
}

// QuestionOf is what a case's expectation asks of one of its hops.
func QuestionOf(one hop.Hop, expect fixture.Expect) Question {
	return Question{Client: one.From, To: one.To, Reaches: expect.Reaches, Subset: expect.Subset, Offer: offerOf(expect.Probe), As: hop.Protocol(expect.As)}
}

func offerOf(probe *fixture.Probe) *Offer {
	if probe == nil {
		return nil
	}
	offer := &Offer{Certificate: Certificate(probe.Certificate), ALPN: probe.ALPN, SNI: probe.SNI, TrustDomain: foreignDomain}
	if probe.TLS != "" {
		offer.Versions = []Version{Version(probe.TLS)}
	}
	return offer
}
