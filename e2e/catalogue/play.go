// Package catalogue plays cases on paper: it asks the oracle what each expectation must be, step by step, from the
// files of fixtures alone. What a case says and what the policies say are then compared before anything runs, and the
// table of all cases is made.
package catalogue

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"mtls.test/conformance/e2e/fixture"
	"mtls.test/conformance/e2e/hop"
	"mtls.test/conformance/e2e/intent"
)

// Asked is one expectation over one hop, and the oracle's answer.
type Asked struct {
	Step int
	hop.Hop
	Expect   fixture.Expect
	Protocol hop.Protocol
	Kind     hop.ClientKind
	Snapshot intent.Snapshot // at that step
	Answer   intent.Answer
}

// Question is what the oracle is asked of an expectation.
func Question(h hop.Hop, expect fixture.Expect) intent.Question {
	question := intent.Question{Client: h.From, To: h.To, Subset: expect.Subset, As: hop.Protocol(expect.As)}
	if h.From == gatewayName {
		question.Client = gatewayWorkload
	}
	if probe := expect.Probe; probe != nil {
		question.Offer = &intent.Offer{Certificate: intent.Certificate(probe.Certificate), ALPN: probe.ALPN, SNI: probe.SNI, TrustDomain: foreignDomain}
		if probe.TLS != "" {
			question.Offer.Versions = []intent.Version{intent.Version(probe.TLS)}
		}
	}
	return question
}

// The world's name for Istio's ingress gateway, its workload, and the trust domain of fixture.ForeignDomain.
const (
	gatewayName     = "gateway"
	gatewayWorkload = "istio-ingressgateway"
	foreignDomain   = "foreign.test"
)

// Play plays a case on paper. Objects of one step bear one second and those of a later step a later one, save where the
// case says otherwise.
func Play(fixtures fs.FS, world fixture.World, c fixture.Case) ([]Asked, error) {
	snapshot, err := World(world)
	if err != nil {
		return nil, err
	}
	p := &paper{fixtures: fixtures, world: world, c: c, now: snapshot, applied: map[string]intent.Snapshot{}}
	for i, step := range c.Steps {
		if err := p.step(i, step); err != nil {
			return nil, fmt.Errorf("%s, step %d: %w", c.ID, i, err)
		}
	}
	return p.asked, nil
}

// paper is a case being played.
type paper struct {
	fixtures fs.FS
	world    fixture.World
	c        fixture.Case
	now      intent.Snapshot
	applied  map[string]intent.Snapshot // by file
	asked    []Asked
}

// firstSecond is the creationTimestamp of what a case applies first.
var firstSecond = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func (p *paper) step(i int, step fixture.Step) error {
	switch {
	case step.Apply != nil:
		return p.apply(step.Apply, firstSecond.Add(time.Duration(i)*time.Minute), step.Created)
	case step.Edit != nil:
		return p.edit(step.Edit)
	case step.Delete != nil:
		for _, file := range step.Delete {
			p.now = p.now.Without(p.applied[file])
			delete(p.applied, file)
		}
	case step.Mesh != nil:
		keys, err := yaml.Marshal(step.Mesh)
		if err != nil {
			return err
		}
		p.now.Mesh, err = intent.DefaultMesh().With(keys)
		return err
	case step.Refuse != nil:
		return p.refuse(*step.Refuse)
	case step.Expect != nil:
		p.ask(i, step.Expect)
	}
	return nil
}

func (p *paper) apply(files []string, at time.Time, created fixture.Created) error {
	for n, file := range files {
		read, err := p.read(file)
		if err != nil {
			return err
		}
		when := at
		if created == fixture.Later {
			when = at.Add(time.Duration(n) * time.Second)
		}
		date(read, when)
		p.applied[file] = read
		p.now = p.now.Merge(read)
	}
	return nil
}

// date makes a time the creationTimestamp of every object.
func date(read intent.Snapshot, at time.Time) {
	stamp(read.PeerAuthentications, at)
	stamp(read.DestinationRules, at)
	stamp(read.ServiceEntries, at)
	stamp(read.AuthorizationPolicies, at)
	stamp(read.Gateways, at)
}

func stamp[Spec any](objects []intent.Object[Spec], at time.Time) {
	for i := range objects {
		objects[i].Created = at
	}
}

// edit lays the objects of files over those of the same kind and name, which keep their age.
func (p *paper) edit(files []string) error {
	for _, file := range files {
		read, err := p.read(file)
		if err != nil {
			return err
		}
		p.now = p.now.Merge(read)
	}
	return nil
}

// ErrTaken is returned, wrapped, for a policy that a case has refused and the oracle would take.
var ErrTaken = errors.New("the oracle would take it")

func (p *paper) refuse(refuse fixture.Refuse) error {
	read, err := p.read(refuse.File)
	if err != nil {
		return nil // an object that its own schema does not hold is refused for that
	}
	if _, _, refused := read.Refused(); !refused {
		return fmt.Errorf("%s: %w", refuse.File, ErrTaken)
	}
	return nil
}

func (p *paper) read(file string) (intent.Snapshot, error) {
	content, err := fs.ReadFile(p.fixtures, p.c.Path(file))
	if err != nil {
		return intent.Snapshot{}, err
	}
	read, err := intent.Decode(content, "default")
	if err != nil {
		return intent.Snapshot{}, fmt.Errorf("%s: %w", file, err)
	}
	return read, nil
}

func (p *paper) ask(step int, expects []fixture.Expect) {
	for _, expect := range expects {
		for _, h := range expect.Hops() {
			_, port, _ := p.world.Port(h.To)
			client, _ := p.world.Client(h.From)
			asked := Asked{Step: step, Hop: h, Expect: expect, Protocol: port.Protocol, Kind: client.Kind, Snapshot: p.now, Answer: p.now.Ask(Question(h, expect))}
			if expect.Probe != nil {
				asked.Kind = hop.Prober
			}
			p.asked = append(p.asked, asked)
		}
	}
}

// Wrong tells how the oracle's answer is not what the case wants; empty where it is, and for a kept connection, which is
// bound to what held when it was opened.
func (a Asked) Wrong() string {
	if a.Expect.On != "" || a.Answer.Says == a.Expect.Want && a.Answer.Refusal == a.Expect.Cause {
		return ""
	}
	return fmt.Sprintf("step %d, %s%s: the case wants %s, the policies say %s: %s", a.Step, a.Hop, a.how(), outcome(a.Expect.Want, a.Expect.Cause), outcome(a.Answer.Says, a.Answer.Refusal), a.Answer.Why)
}

// how tells what makes the attempt another than the hop's usual one.
func (a Asked) how() string {
	var parts []string
	if a.Expect.Probe != nil {
		parts = append(parts, fmt.Sprintf("probe %s alpn %v tls %s", a.Expect.Probe.Certificate, a.Expect.Probe.ALPN, a.Expect.Probe.TLS))
	}
	for _, part := range []string{a.Expect.Subset, a.Expect.As, a.Expect.Profile} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	if parts == nil {
		return ""
	}
	return " (" + strings.Join(parts, ", ") + ")"
}

func outcome(says hop.Outcome, cause hop.Refusal) string {
	switch {
	case says == "":
		return "nothing"
	case cause != "":
		return fmt.Sprintf("%s (%s)", says, cause)
	}
	return string(says)
}
