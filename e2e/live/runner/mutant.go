package runner

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"sigs.k8s.io/e2e-framework/klient/wait"

	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/e2e/live/proof"
	"mtls.test/conformance/e2e/live/sabotage"
	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/verdict"
)

// biteLimit is how long a sabotage may take to be in force.
const biteLimit = 15 * time.Second

// biteInterval is how often a proof is asked for until it holds.
const biteInterval = 200 * time.Millisecond

// undoLimit bounds the undoing of a sabotage, which goes on after the mutant itself was interrupted, beside what the mesh
// takes to come back.
const undoLimit = 2 * time.Minute

// Trial is what a mutant is tried with.
type Trial struct {
	Saboteur *sabotage.Saboteur
	Prover   proof.Prover
	Files    fs.FS // that the mutant's are in
	Mutant   fixture.Mutant
	Cases    []fixture.Case // that are played: all that it names, or the quick ones
}

// Try plays the cases of a trial, sabotages the mesh, has the sabotage proven, plays them again, takes it back and plays them
// once more. There is always a verdict; kept is called with each case as it was played.
func (p *Player) Try(ctx context.Context, t Trial, kept func(verdict.Phase, fixture.Case, verdict.Case, Evidence) error) (verdict.Mutant, error) {
	began := time.Now()
	m := verdict.Mutant{
		ID: t.Mutant.ID, Title: t.Mutant.Title, Layer: t.Mutant.Layer, KilledBy: []string{}, Observer: []string{}, Played: []verdict.Played{},
		Rerun: "make e2e-mutants FOCUS=" + t.Mutant.ID + ":",
	}
	var unkept []error
	play := func(phase verdict.Phase) map[string]verdict.Case {
		all := map[string]verdict.Case{}
		for _, c := range t.Cases {
			told, evidence := p.Play(ctx, c)
			all[c.ID] = told
			m.Add(phase, told)
			unkept = append(unkept, kept(phase, c, told, evidence))
		}
		return all
	}
	play(verdict.Before)
	if m.Result == "" {
		under, why := p.under(ctx, t, play)
		if why != nil {
			m.Result, m.Reason = verdict.Invalid, why.Error()
		}
		if m.Result == "" {
			m.Judge(t.Mutant, under)
		}
		result, reason := m.Result, m.Reason
		m.Result = ""
		play(verdict.After)
		if m.Result == "" || result == verdict.Invalid {
			m.Result, m.Reason = result, reason
		}
	}
	m.Seconds = time.Since(began).Seconds()
	return m, errors.Join(unkept...)
}

// under plays while the sabotage stands. The error tells why it could not be done, did not bite, or could not be taken back.
func (p *Player) under(ctx context.Context, t Trial, play func(verdict.Phase) map[string]verdict.Case) (under map[string]verdict.Case, err error) {
	before := p.baseline
	done, err := t.Saboteur.Do(ctx, t.Files, t.Mutant)
	defer func() {
		p.baseline = before
		undone := p.undo(context.WithoutCancel(ctx), done)
		if undone != nil {
			p.left.add("mutant "+t.Mutant.ID, func(ctx context.Context) error { return p.undo(ctx, done) })
		}
		err = errors.Join(err, undone)
	}()
	if err != nil {
		return nil, err
	}
	if err := bitten(ctx, t); err != nil {
		return nil, err
	}
	for _, workload := range done.Moved {
		// What cannot be followed any more is for the cases to miss.
		if err := p.follow(ctx, workload); err != nil && ctx.Err() != nil {
			return nil, err
		}
	}
	if done.Rerouted {
		if err := p.routed(ctx); err != nil {
			return nil, err
		}
	}
	p.given, p.stands = done.Settings, map[string][]string{}
	for _, kill := range t.Mutant.Kills {
		p.stands[kill.Case] = kill.Without
	}
	defer func() { p.given, p.stands = nil, nil }()
	if p.baseline, err = p.shapes(ctx, p.everyHop()); err != nil {
		return nil, err
	}
	return play(verdict.Under), ctx.Err()
}

// bitten waits until every proof of a mutant holds.
func bitten(ctx context.Context, t Trial) error {
	for i, question := range t.Mutant.Bites {
		var why string
		err := wait.For(func(ctx context.Context) (bool, error) {
			now, err := t.Prover.Holds(ctx, question)
			if err != nil && ctx.Err() == nil {
				now = err.Error()
			}
			if ctx.Err() == nil {
				why = now
			}
			return now == "" && err == nil, nil
		}, wait.WithContext(ctx), wait.WithTimeout(biteLimit), wait.WithInterval(biteInterval), wait.WithImmediate())
		if err != nil {
			return fmt.Errorf("it did not bite: bites[%d]: %s: %w", i, why, err)
		}
	}
	return nil
}

// undo takes a sabotage back and waits until every hop is configured as before it; every step is taken, whatever failed
// before. It may be called again where it failed.
func (p *Player) undo(ctx context.Context, done *sabotage.Done) error {
	steps := []cleanup{{undoLimit, func(ctx context.Context) error {
		if err := done.Undo(ctx); err != nil {
			return fmt.Errorf("the sabotage could not be taken back: %w", err)
		}
		return nil
	}}}
	for _, workload := range done.Moved {
		steps = append(steps,
			cleanup{revertLimit, func(ctx context.Context) error { return p.follow(ctx, workload) }},
			cleanup{revertLimit, func(ctx context.Context) error { return p.reached(ctx, workload) }},
		)
	}
	if done.Rerouted {
		steps = append(steps, cleanup{revertLimit, p.routed})
	}
	steps = append(steps,
		cleanup{attachLimit, p.attached},
		cleanup{revertLimit + agreement, func(ctx context.Context) error {
			return p.Mesh.Settle(ctx, mesh.Kinds(), p.Places.Proxies(), agreement)
		}},
		cleanup{revertLimit, p.watch},
		cleanup{revertLimit, p.control},
	)
	if len(done.Moved) > 0 {
		steps = append(steps, cleanup{revertLimit, p.pushAnew})
	}
	return tryAll(ctx, append(steps,
		cleanup{revertLimit, func(ctx context.Context) error { return p.restored(ctx, p.everyHop()) }},
	)...)
}

// attachLimit is how long proxies that were cut off may take to come back: Envoy tries again ever more rarely, up to every 30
// seconds.
const attachLimit = 45 * time.Second

// attached waits until every proxy of the world holds a stream to istiod.
func (p *Player) attached(ctx context.Context) error {
	var missing error
	err := wait.For(func(ctx context.Context) (bool, error) {
		_, missing = p.Mesh.Attached(ctx, p.Places.Proxies())
		return missing == nil, nil
	}, wait.WithContext(ctx), wait.WithTimeout(attachLimit), wait.WithInterval(biteInterval), wait.WithImmediate())
	return errors.Join(err, missing)
}
