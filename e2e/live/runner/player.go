// Package runner plays a case on the mesh: it applies and deletes policies, waits until the proxies have them, sends
// traffic, gathers what the observers saw and has it judged. It never asserts: the suite does, on the verdict.
package runner

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"sigs.k8s.io/e2e-framework/klient/k8s"

	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/e2e/live/observe"
	"mtls.test/conformance/e2e/live/policy"
	"mtls.test/conformance/e2e/live/traffic"
	"mtls.test/conformance/e2e/pure/clock"
	"mtls.test/conformance/e2e/pure/envoy"
	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/kiali"
	"mtls.test/conformance/e2e/pure/oracle"
	"mtls.test/conformance/e2e/pure/verdict"
)

// Player plays cases, one at a time, on one mesh.
type Player struct {
	Mesh     *mesh.Mesh
	World    fixture.World
	Places   mesh.Places
	Policies *policy.Policies
	Sender   *traffic.Sender
	Prober   *traffic.Prober

	Authorities mesh.Authorities
	Follow      func(mesh.Proxy) error // begins to read a proxy's log, until the suite ends

	Logs     *observe.Logs
	Taps     *observe.Taps
	Chart    oracle.Chart // the guide's
	RunID    string
	Profile  string                               // of the proxies: vanilla or default
	Istio    string                               // version
	Diagnose func(ctx context.Context, id string) // gathers what explains a case that is not green, before it is reverted

	// Witness asks a Kiali about a namespace; nil where there is none.
	Witness func(ctx context.Context, namespace string) kiali.Kiali
	// Read asks a proxy, or a control plane in its place, for its configuration.
	Read func(context.Context, mesh.Proxy, envoy.Wanted) (*envoy.Dump, error)
	// Clock measures the API server's clock.
	Clock func(context.Context) (clock.Reading, error)

	plays       int                          // so far
	findings    []finding                    // of the set-up
	blind       map[mesh.Proxy]error         // servers' pods of which the taps showed no plaintext where there was some, and why
	watched     time.Time                    // from when on the taps watch every server
	apiServer   clock.Clock                  // the API server's
	baseline    map[string]string            // by hop
	application *envoy.SecretFacts           // what the servers' applications present by themselves
	trust       fixture.Authority            // that is in force
	given       map[string]any               // settings of the mesh that no case made
	stands      map[string][]string          // by case: files that are in the mesh already, and are not applied
	held        map[string]envoy.SecretFacts // by proxies, by their names in the report
	left        *leftovers                   // of cases and mutants that could not be cleaned up
}

// revertLimit bounds one step of a clean-up, which goes on after the case itself was interrupted. A CA and an account have
// limits of their own.
const revertLimit = 30 * time.Second

// Evidence is what a case leaves beside its verdict.
type Evidence struct {
	Policies map[string][]k8s.Object // objects by file, as the API server returned them
	Lines    []string                // access log lines of the attempts, as the proxies wrote them
	Packets  map[string][]byte       // pcap files of the attempts, by id, cut after the handshake
}

// NewEvidence returns evidence of nothing yet.
func NewEvidence() Evidence {
	return Evidence{Policies: map[string][]k8s.Object{}, Packets: map[string][]byte{}}
}

// play is one case under way.
type play struct {
	*Player
	c        fixture.Case
	run      string // begins every name that the play gives: a case may be played again
	verdict  verdict.Case
	evidence Evidence
	applied  []file        // in order
	lease    *policy.Lease // on which all that is applied hangs; nil before anything is
	leasedAt time.Time
	settings map[string]any // of the mesh, laid over the install's
	accounts []fixture.Account
	flow     *traffic.Flow
	foresees bool // it is read from a second control plane, whose configuration no proxy of the mesh has

	pods      mesh.Lives // on which its checks rest, since its begin or since a step replaced some
	restarted []string   // those of them that have ended since the case began, and how

	connections map[string]connection // kept ones, by the case's names
}

type file struct {
	name    string
	objects []k8s.Object
}

// Begin readies the player for cases, which begin without a policy: the taps must see plaintext where there is some.
func (p *Player) Begin(ctx context.Context) error {
	if err := p.Ready(ctx); err != nil {
		return err
	}
	return p.control(ctx)
}

// Ready removes what earlier runs left in the mesh, and remembers how the proxies are configured now. What keeps an observer of
// one pod from speaking does not keep the player from being ready.
func (p *Player) Ready(ctx context.Context) error {
	p.held, p.trust = map[string]envoy.SecretFacts{}, began
	if err := p.endLeases(ctx); err != nil {
		return err
	}
	left, err := p.Policies.Leftovers(ctx)
	if err != nil {
		return err
	}
	if len(left) > 0 {
		if err := p.Policies.Delete(ctx, left); err != nil {
			return err
		}
	}
	// Also what the garbage collector deleted with the leases, before it could be listed.
	settled := p.Mesh.Settle(ctx, mesh.Kinds(), p.Places.Proxies(), settleLimit)
	for _, err := range []error{settled, p.pushAnew(ctx), p.routed(ctx)} {
		if err := p.find(ctx, mesh.Proxy{}, err); err != nil {
			return err
		}
	}
	if err := p.agreed(ctx); err != nil {
		return err
	}
	if err := p.watch(ctx); err != nil {
		return err
	}
	if err := p.fitClocks(ctx); err != nil {
		return err
	}
	chain, err := p.Mesh.ApplicationChain(ctx)
	if err != nil {
		return err
	}
	if p.application, err = envoy.ReadChain(chain); err != nil {
		return fmt.Errorf("the application's certificate: %w", err)
	}
	p.baseline, err = p.shapes(ctx, p.everyHop())
	return err
}

// End tells whether the cases left anything behind: an object of theirs, or a hop configured otherwise than before. What could
// not be cleaned up is tried once more.
func (p *Player) End(ctx context.Context) error {
	if err := p.left.retry(ctx); err != nil {
		return err
	}
	left, err := p.Policies.Leftovers(ctx)
	if err != nil {
		return err
	}
	if len(left) > 0 {
		return fmt.Errorf("policies of the run are left in the mesh: %s", strings.Join(names(left), ", "))
	}
	return p.restored(ctx, p.everyHop())
}

// begun is a play of a case, before its first step.
func (p *Player) begun(c fixture.Case) *play {
	p.plays++
	return &play{
		Player: p, c: c, run: fmt.Sprintf("%s-%d", p.RunID, p.plays), evidence: NewEvidence(), connections: map[string]connection{},
		verdict: verdict.Case{ID: c.ID, Title: c.Title, Changes: []verdict.Change{}, Checks: []verdict.Check{}},
	}
}

// Play plays the case and reverts it. What goes wrong makes the verdict INCONCLUSIVE; there is always a verdict.
func (p *Player) Play(ctx context.Context, c fixture.Case) (verdict.Case, Evidence) {
	started := time.Now()
	play := p.begun(c)
	play.verdict.Rerun = rerun(c)
	var broken []error
	// A case can be PASS by what an earlier one left.
	if err := p.left.retry(context.WithoutCancel(ctx)); err != nil {
		play.verdict.Conclude()
		play.verdict.Break("it was not played: " + err.Error())
		return play.verdict, play.evidence
	}
	findings, lacking := play.found()
	play.verdict.Findings = findings
	for _, why := range lacking {
		broken = append(broken, errors.New(why))
	}
	if err := play.watchPods(ctx); err != nil {
		broken = append(broken, err)
	}
	for i, step := range c.Steps {
		if len(broken) > 0 {
			break
		}
		if err := play.step(ctx, i, step); err != nil {
			broken = append(broken, fmt.Errorf("step %d: %w", i, err))
		}
	}
	play.verdict.Conclude()
	if len(broken) > 0 || play.verdict.Result != hop.Pass {
		p.Diagnose(context.WithoutCancel(ctx), c.ID)
	}
	broken = append(broken, play.clean(context.WithoutCancel(ctx)))
	play.verdict.Conclude()
	err := errors.Join(broken...)
	if err != nil {
		play.verdict.Break(err.Error())
	}
	if play.verdict.Result != hop.Pass {
		what := play.disturbed(context.WithoutCancel(ctx), play.verdict.Unanswered())
		if errors.Is(err, policy.ErrExpired) {
			what = append(what, "its lease was ended, and its policies with it")
		}
		play.verdict.Disturb(what)
	}
	play.verdict.Secrets = play.told()
	play.verdict.Clocks = p.clocks()
	play.verdict.Seconds = time.Since(started).Seconds()
	return play.verdict, play.evidence
}

// rerun is the command that runs a case alone.
func rerun(c fixture.Case) string {
	focus := " FOCUS=" + c.ID + ":"
	switch {
	case slices.Contains(c.Labels, "explore"):
		return "make e2e LABELS=explore" + focus
	case slices.Contains(c.Labels, "slow"):
		return "make e2e-full" + focus
	}
	return "make e2e" + focus
}

func (p *play) step(ctx context.Context, i int, step fixture.Step) error {
	switch {
	case step.Apply != nil:
		return p.apply(ctx, i, step)
	case step.Refuse != nil:
		return p.refuse(ctx, i, *step.Refuse)
	case step.Edit != nil:
		return p.edit(ctx, i, step.Edit)
	case step.Delete != nil:
		return p.delete(ctx, i, step.Delete)
	case step.Mesh != nil:
		return p.mesh(ctx, i, step.Mesh)
	case step.Authority != nil:
		return p.authority(ctx, i, "authority", *step.Authority)
	case step.Renew != nil:
		return p.renew(ctx, i, step.Renew)
	case step.Account != nil:
		return p.account(ctx, i, *step.Account)
	case step.Connect != nil:
		return p.connect(ctx, i, step.Connect)
	case step.Traffic == fixture.Start:
		p.startFlow(ctx, i, step)
		return nil
	case step.Traffic == fixture.Stop:
		p.awaitFlow(ctx, verdict.LeastRequests)
		p.stopFlow()
		return nil
	}
	return p.expect(ctx, i, step.Expect)
}
