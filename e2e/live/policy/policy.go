// Package policy puts policies into the mesh and takes them out again. Every object that it creates carries the run's
// label, so that what a killed run left behind is found and removed by the next.
package policy

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"sigs.k8s.io/e2e-framework/klient/decoder"
	"sigs.k8s.io/e2e-framework/klient/k8s"

	"mtls.test/conformance/e2e/live/kube"
	"mtls.test/conformance/e2e/live/timeout"
	"mtls.test/conformance/e2e/pure/clock"
	"mtls.test/conformance/e2e/pure/fixture"
)

// RunLabel is the label of every policy that a run applies; its value is the run's id.
const RunLabel = "mtls.test/run"

// Policies applies and deletes the policies of one run.
type Policies struct {
	kube     *kube.Client
	fixtures fs.FS
	runID    string
	clock    serverClock
	latest   time.Time // the newest creationTimestamp that this run was given
}

// New returns the policies of a run over the fixtures.
func New(k *kube.Client, fixtures fs.FS, runID string) *Policies {
	return &Policies{kube: k, clock: k, fixtures: fixtures, runID: runID}
}

// Labels are those of every object that the run applies.
func (p *Policies) Labels() map[string]string { return map[string]string{RunLabel: p.runID} }

// Decode reads the objects of a policy file and labels them with the run.
func (p *Policies) Decode(ctx context.Context, file string) ([]k8s.Object, error) {
	content, err := fs.ReadFile(p.fixtures, file)
	if err != nil {
		return nil, err
	}
	objects, err := decoder.DecodeAll(ctx, bytes.NewReader(content), kube.Labelled(RunLabel, p.runID))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return objects, nil
}

// creations bounds how often objects are created anew until their creationTimestamps are as a case wants them.
const creations = 5

// Apply creates the objects on the lease, in order, with creationTimestamps as wanted. On error nothing of them is left.
func (l *Lease) Apply(ctx context.Context, objects []k8s.Object, created fixture.Created) error {
	p := l.policies
	for _, object := range objects {
		l.own(object)
	}
	for range creations {
		if err := p.await(ctx, created); err != nil {
			return err
		}
		if err := p.create(ctx, objects); err != nil {
			return errors.Join(err, p.Delete(ctx, objects))
		}
		if p.dated(objects, created) {
			for _, object := range objects {
				p.latest = later(p.latest, object.GetCreationTimestamp().Time)
			}
			return nil
		}
		if err := p.Delete(ctx, objects); err != nil {
			return err
		}
	}
	return fmt.Errorf("%d times the objects were not created %s", creations, created)
}

// await waits for the second in which a creation can meet the condition: a whole second for objects that are to
// share one, and one later than the newest object for those that are to be younger. The API server dates objects, so it is
// asked for the time.
func (p *Policies) await(ctx context.Context, created fixture.Created) error {
	if created == fixture.Whenever {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, timeout.NextSecond.Duration())
	defer cancel()
	than := p.latest
	if created == fixture.Together {
		now, err := p.clock.Date(ctx)
		if err != nil {
			return err
		}
		than = now.Told
	}
	return p.clock.AwaitSecond(ctx, than)
}

// serverClock is the clock that dates objects.
type serverClock interface {
	Date(ctx context.Context) (clock.Exchange, error)
	AwaitSecond(ctx context.Context, than time.Time) error
}

func (p *Policies) dated(objects []k8s.Object, created fixture.Created) bool {
	for _, object := range objects {
		at := object.GetCreationTimestamp().Time
		if created == fixture.Together && !at.Equal(objects[0].GetCreationTimestamp().Time) {
			return false
		}
		if created == fixture.Later && !at.After(p.latest) {
			return false
		}
	}
	return true
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

func (p *Policies) create(ctx context.Context, objects []k8s.Object) error {
	for _, object := range objects {
		object.SetResourceVersion("")
		object.SetUID("")
		if err := p.kube.Create(ctx, object, fieldOwner); err != nil {
			return err
		}
	}
	return nil
}

// Delete deletes those of the objects that this run created, last first, and none that has the name of one by now. An object
// that is gone is no error.
func (p *Policies) Delete(ctx context.Context, objects []k8s.Object) error {
	var failed []error
	for _, object := range slices.Backward(objects) {
		if object.GetUID() == "" {
			continue
		}
		if err := p.kube.DeleteThis(ctx, object); err != nil {
			failed = append(failed, err)
			continue
		}
		object.SetUID("")
	}
	return errors.Join(failed...)
}
