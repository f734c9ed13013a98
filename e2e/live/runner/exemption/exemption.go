// Package exemption takes mTLS off a service for a person, on a lease, and puts it back.
package exemption

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"sigs.k8s.io/e2e-framework/klient/k8s"

	"mtls.test/conformance/e2e/live/policy"
	"mtls.test/conformance/e2e/live/runner"
	"mtls.test/conformance/e2e/live/timeout"
	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/join"
	"mtls.test/conformance/e2e/pure/verdict"
)

// Exemption is mTLS taken off a service for a person, on a lease.
type Exemption struct {
	r        *runner.Runner
	run      *runner.CaseRun
	lease    *policy.Lease
	baseline []fixture.Expect // what the policies ask for without it
	hops     []join.Attempt
	made     []k8s.Object // for it
}

// Start takes mTLS off a service of the world: it patches the service's rule or makes one, and where the workload would
// refuse plaintext makes an exception for it first. It returns once every client with a proxy has been seen to speak plaintext
// to the service's ports of HTTP and gRPC; the checks are in the verdict. On error nothing of it is left.
func Start(ctx context.Context, r *runner.Runner, service, owner string, limit time.Duration) (*Exemption, verdict.Case, error) {
	if !slices.Contains(exemptible(r), service) {
		return nil, verdict.Case{}, fmt.Errorf("SERVICE=%s: no service of the world with one workload and a new connection for each request; there are %s", service, strings.Join(exemptible(r), ", "))
	}
	if err := r.CleanUp(ctx); err != nil {
		return nil, verdict.Case{}, err
	}
	own, _ := r.World.Service(service)
	e := &Exemption{r: r, run: r.NewCase(fixture.Case{ID: "lease-" + service, Title: "mTLS is off for " + service})}
	if err := e.takeBaseline(ctx, []string{service}); err != nil {
		return nil, verdict.Case{}, err
	}
	var err error
	if e.lease, err = e.run.TakeLease(ctx, owner, limit); err != nil {
		return nil, verdict.Case{}, err
	}
	if err := e.start(ctx, own); err != nil {
		_, undone := e.End(context.WithoutCancel(ctx))
		return nil, verdict.Case{}, errors.Join(err, undone)
	}
	judged := e.run.Verdict
	judged.Conclude()
	return e, judged, nil
}

// Prove sends over every hop from a client with a proxy to the services that can be exempted, and tells whether each is what
// the policies ask for.
func Prove(ctx context.Context, r *runner.Runner) (verdict.Case, error) {
	e := &Exemption{r: r, run: r.NewCase(fixture.Case{ID: "lease-ended", Title: "no lease stands, each hop is as the policies ask"})}
	if err := e.takeBaseline(ctx, exemptible(r)); err != nil {
		return verdict.Case{}, err
	}
	if err := e.run.Expect(ctx, 0, e.baseline); err != nil {
		return verdict.Case{}, err
	}
	e.run.Verdict.Conclude()
	return e.run.Verdict, nil
}

func (e *Exemption) start(ctx context.Context, service fixture.Service) error {
	if err := e.allowPlaintext(ctx, service); err != nil {
		return err
	}
	if err := e.disableTLS(ctx, service); err != nil {
		return err
	}
	var expects []fixture.Expect
	for _, a := range e.hops {
		expects = append(expects, expectation(a.Hop, hop.Plaintext, ""))
	}
	return e.run.Expect(ctx, 0, expects)
}

// Stands tells whether the lease is still on record: somebody else may have ended it.
func (e *Exemption) Stands(ctx context.Context) (bool, error) {
	all, err := e.r.Policies.Leases(ctx)
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(all, func(l *policy.Lease) bool { return l.Name() == e.lease.Name() }), nil
}

// End ends the lease if nobody else did, waits until every client has what it had before, and proves on new connections that
// the hops are what the policies ask for without it.
func (e *Exemption) End(ctx context.Context) (verdict.Case, error) {
	e.run.Verdict.Title = "mTLS is back"
	checked := len(e.run.Verdict.Checks)
	err := runner.CleanUpAll(ctx,
		runner.Within(timeout.Revert.Duration(), func(ctx context.Context) error {
			return e.run.Change(ctx, 1, "revert", slices.Concat(e.made, e.lease.Patched("")), func() error {
				return errors.Join(e.r.Policies.Delete(ctx, e.made), e.lease.Restore(ctx))
			})
		}),
		// Also where it could not be told how the mesh stood before, and nothing was changed.
		runner.Within(timeout.Revert.Duration(), func(ctx context.Context) error { return e.r.Policies.Delete(ctx, e.made) }),
		runner.Within(timeout.Revert.Duration(), func(ctx context.Context) error {
			if err := e.run.EndLease(ctx); !policy.Ended(err) {
				return err
			}
			return nil
		}),
	)
	if err != nil {
		return e.run.Verdict, err
	}
	if err := e.run.Expect(ctx, 1, e.baseline); err != nil {
		return e.run.Verdict, err
	}
	judged := e.run.Verdict
	judged.Checks = judged.Checks[checked:]
	judged.Conclude()
	return judged, nil
}
