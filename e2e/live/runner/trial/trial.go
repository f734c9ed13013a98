// Package trial judges a mutant: it runs cases before, under and after a sabotage of the mesh.
package trial

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"sigs.k8s.io/e2e-framework/klient/wait"

	"mtls.test/conformance/e2e/live/proof"
	"mtls.test/conformance/e2e/live/runner"
	"mtls.test/conformance/e2e/live/sabotage"
	"mtls.test/conformance/e2e/live/timeout"
	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/verdict"
)

// biteInterval is how often a proof is asked for until it holds.
const biteInterval = 200 * time.Millisecond

// Trial is what a mutant is tried with.
type Trial struct {
	Saboteur *sabotage.Saboteur
	Prover   proof.Prover
	Files    fs.FS // that the mutant's are in
	Mutant   fixture.Mutant
	Cases    []fixture.Case // that are run: all that it names, or the quick ones
}

// Keep is called with each case as it ran.
type Keep func(verdict.Phase, fixture.Case, verdict.Case, runner.Evidence) error

// Run runs the cases, sabotages the mesh, has the sabotage proven, runs the cases again, undoes the sabotage and runs them once
// more. There is always a verdict.
func (t Trial) Run(ctx context.Context, r *runner.Runner, keep Keep) (verdict.Mutant, error) {
	began := time.Now()
	m := verdict.Mutant{
		ID: t.Mutant.ID, Title: t.Mutant.Title, Layer: t.Mutant.Layer, KilledBy: []string{}, Observer: []string{}, Played: []verdict.Played{},
		Rerun: "make e2e-mutants FOCUS=" + t.Mutant.ID + ":",
	}
	var unkept []error
	run := func(phase verdict.Phase) map[string]verdict.Case {
		all := map[string]verdict.Case{}
		for _, c := range t.Cases {
			judged, evidence := r.Run(ctx, c)
			all[c.ID] = judged
			m.Add(phase, judged)
			unkept = append(unkept, keep(phase, c, judged, evidence))
		}
		return all
	}
	run(verdict.Before)
	if m.Result == "" {
		under, why := t.under(ctx, r, run)
		if why != nil {
			m.Result, m.Reason = verdict.Invalid, why.Error()
		}
		if m.Result == "" {
			m.Judge(t.Mutant, under)
		}
		result, reason := m.Result, m.Reason
		m.Result = ""
		run(verdict.After)
		if m.Result == "" || result == verdict.Invalid {
			m.Result, m.Reason = result, reason
		}
	}
	m.Seconds = time.Since(began).Seconds()
	return m, errors.Join(unkept...)
}

// under runs the cases while the sabotage is in force. The error tells why it could not be done, did not bite, or could not be
// undone.
func (t Trial) under(ctx context.Context, r *runner.Runner, run func(verdict.Phase) map[string]verdict.Case) (under map[string]verdict.Case, err error) {
	done, err := t.Saboteur.Do(ctx, t.Files, t.Mutant)
	defer func() {
		undone := undo(context.WithoutCancel(ctx), r, done)
		if undone != nil {
			r.CleanUpLater("mutant "+t.Mutant.ID, func(ctx context.Context) error { return undo(ctx, r, done) })
		}
		err = errors.Join(err, undone)
	}()
	if err != nil {
		return nil, err
	}
	if err := t.bitten(ctx); err != nil {
		return nil, err
	}
	if len(done.Moved) > 0 {
		// What cannot be followed any more is for the cases to miss.
		if _, _, err := r.LookAgain(ctx); err != nil && ctx.Err() != nil {
			return nil, err
		}
	}
	if done.Rerouted {
		if err := r.AwaitRouting(ctx); err != nil {
			return nil, err
		}
	}
	if done.Taps {
		if err := r.ControlTaps(ctx); err != nil {
			return nil, err
		}
	}
	changed := runner.Changed{Settings: done.Settings, Applied: map[string][]string{}}
	for _, kill := range t.Mutant.Kills {
		changed.Applied[kill.Case] = kill.Without
	}
	err = r.Under(ctx, changed, func() error {
		under = run(verdict.Under)
		return ctx.Err()
	})
	return under, err
}

// bitten waits until every proof of a mutant holds.
func (t Trial) bitten(ctx context.Context) error {
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
		}, wait.WithContext(ctx), wait.WithTimeout(timeout.Bite.Duration()), wait.WithInterval(biteInterval), wait.WithImmediate())
		if err != nil {
			return fmt.Errorf("it did not bite: bites[%d]: %s: %w", i, why, err)
		}
	}
	return nil
}
