package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/user"
	"text/tabwriter"
	"time"

	"mtls.test/conformance/e2e/live/cluster"
	"mtls.test/conformance/e2e/live/kube"
	"mtls.test/conformance/e2e/live/policy"
	"mtls.test/conformance/e2e/live/runner"
	"mtls.test/conformance/e2e/live/runner/exemption"
	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/verdict"
	"mtls.test/conformance/fixtures"
)

// leaseMargin is how much longer a lease stands than it was asked for: time to put mTLS back before the sweeper does.
const leaseMargin = 30 * time.Second

// lease is `make lease`.
func (r *program) lease(ctx context.Context) error { return r.withRunner(ctx, r.hold) }

// withRunner readies the mesh of the cluster that `up` left, for steps outside the suite.
func (r *program) withRunner(ctx context.Context, work func(context.Context, *runner.Runner) error) error {
	// The cluster stays fit for use though this process be killed: the sweeper ends the lease.
	return r.onKept(ctx, func(up broughtUp) error {
		runs, stop, err := r.caseRunner(ctx, up)
		if err != nil {
			return err
		}
		defer stop()
		return work(ctx, runs)
	})
}

func (r *program) hold(ctx context.Context, runs *runner.Runner) error {
	service, limit := r.settings.values["SERVICE"], time.Duration(r.settings.minutes)*time.Minute
	r.screen.step("taking mTLS off %s for %s", service, limit)
	exempted, told, err := exemption.Start(ctx, runs, service, r.owner(service), min(limit+leaseMargin, time.Hour))
	if err != nil {
		return withCause(ctx, err)
	}
	until := time.Now().Add(limit)
	r.show(told)
	ended := r.countDown(ctx, exempted, until, told.Result)
	// Putting back goes on after an interrupt.
	back, err := exempted.End(context.WithoutCancel(ctx))
	if err != nil {
		return errors.Join(ended, err)
	}
	r.show(back)
	if lease := back.Lease; lease != nil && lease.InTheClear != nil {
		r.screen.step("%d connections in the clear within %.0f s, %d of them still open", lease.InTheClear.Connections, lease.InTheClear.Seconds, len(lease.InTheClear.Open))
		for _, conn := range lease.InTheClear.Open {
			r.screen.step("  %s", conn)
		}
	}
	if told.Result != hop.Pass || back.Result != hop.Pass {
		return errors.Join(ended, errNotGreen)
	}
	return ended
}

// owner is who takes a lease, and what for.
func (r *program) owner(service string) string {
	name := "somebody"
	if who, err := user.Current(); err == nil {
		name = who.Username
	}
	return name + ": debugging of " + service
}

// show prints what was seen of each hop.
func (r *program) show(told verdict.Case) {
	r.screen.step("%s: %s", told.Title, told.Result)
	for _, check := range told.Checks {
		r.screen.step("  %s  %s: %s", check.Result, check.Hop, check.Reason)
	}
}

// countDown waits until the time is over, the lease was ended by somebody else, or a signal came, which it returns. A lease
// under which mTLS did not go off is of no use, and is not waited for.
func (r *program) countDown(ctx context.Context, exempted *exemption.Exemption, until time.Time, result hop.Result) error {
	if result != hop.Pass {
		return nil
	}
	r.screen.step("mTLS comes back at %s; Ctrl-C brings it back at once", until.Format("15:04:05"))
	ticks := time.NewTicker(time.Second)
	defer ticks.Stop()
	defer r.screen.show(func(now time.Time) []piece {
		return []piece{{text: fmt.Sprintf("%s until mTLS comes back", max(until.Sub(now), 0).Round(time.Second))}}
	})()
	lively := r.screen.lively()
	for told := time.Now(); ; {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case now := <-ticks.C:
			left := until.Sub(now).Round(time.Second)
			if left <= 0 {
				return nil
			}
			if stands, err := exempted.Stands(ctx); err == nil && !stands {
				r.screen.step("the lease was ended by somebody else")
				return nil
			}
			if !lively && now.Sub(told) >= time.Minute {
				told = now
				r.screen.step("%s left", left)
			}
		}
	}
}

func (r *program) caseRunner(ctx context.Context, up broughtUp) (*runner.Runner, func(), error) {
	client, err := kube.New(up.handover.Kubeconfig)
	if err != nil {
		return nil, nil, err
	}
	world, err := fixture.LoadWorld(fixtures.FS)
	if err != nil {
		return nil, nil, err
	}
	runs, stop, err := runner.Prepare(ctx, client, up.handover, fixtures.FS, world, func(context.Context, string) {})
	if err != nil {
		return nil, nil, withCause(ctx, err)
	}
	if err := runs.Reset(ctx); err != nil {
		stop()
		return nil, nil, withCause(ctx, err)
	}
	return runs, stop, nil
}

// leaseStatus is `make lease-status`. It looks on while another run holds the cluster.
func (r *program) leaseStatus(ctx context.Context) error {
	client, err := r.leaseClient(ctx)
	if err != nil {
		return err
	}
	all, err := r.leases(ctx, client)
	if err != nil || len(all) == 0 {
		return err
	}
	// Leases are dated by the API server's clock, and read by a person who has the runner's.
	server, err := client.Clock(ctx)
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 3, ' ', 0)
	_, _ = fmt.Fprintln(table, "NAME\tOWNER\tSINCE\tEXPIRES IN\tOBJECTS")
	for _, lease := range all {
		objects, err := lease.Objects(ctx)
		if err != nil {
			return err
		}
		names := ""
		for i, object := range objects {
			if i > 0 {
				names += ", "
			}
			names += kube.Name(object)
		}
		_, _ = fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", lease.Name(), lease.Owner(), server.ToRunner(lease.Began()).Local().Format("15:04:05"), time.Until(server.ToRunner(lease.Expires())).Round(time.Second), names)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for _, lease := range all {
		for _, condition := range lease.Conditions() {
			r.screen.step("%s: %s=%s (%s) since %s: %s", lease.Name(), condition.Type, condition.Status, condition.Reason, condition.LastTransitionTime.Local().Format("15:04:05"), condition.Message)
		}
	}
	return nil
}

// leaseEnd is `make lease-end`. Whoever took a lease and still waits sees that it was ended, and proves mTLS; for one whose
// taker is gone this does.
func (r *program) leaseEnd(ctx context.Context) error {
	client, err := r.leaseClient(ctx)
	if err != nil {
		return err
	}
	all, err := r.leases(ctx, client)
	if err != nil {
		return err
	}
	var failed []error
	for _, lease := range all {
		if err := lease.End(ctx); !policy.Ended(err) {
			failed = append(failed, err)
			continue
		}
		r.screen.step("ended %s of %s", lease.Name(), lease.Owner())
	}
	if err := errors.Join(failed...); err != nil || len(all) == 0 {
		return err
	}
	err = r.withRunner(ctx, r.prove)
	var held cluster.HeldError
	if errors.As(err, &held) {
		r.screen.step("process %d (%s) has the cluster, and sees to what comes after", held.By.PID, held.By.Command)
		return nil
	}
	return err
}

func (r *program) prove(ctx context.Context, runs *runner.Runner) error {
	told, err := exemption.Prove(ctx, runs)
	if err != nil {
		return withCause(ctx, err)
	}
	r.show(told)
	if told.Result != hop.Pass {
		return errNotGreen
	}
	return nil
}

// leaseClient connects to the cluster that `up` left.
func (r *program) leaseClient(ctx context.Context) (*kube.Client, error) {
	engine, err := r.engineThere(ctx)
	if err != nil {
		return nil, badInput(err)
	}
	kubeconfig, err := r.cluster(engine).Kubeconfig(ctx)
	if err != nil {
		return nil, badInput(err)
	}
	return kube.New(kubeconfig)
}

// leases lists the leases that stand, and says so where there are none.
func (r *program) leases(ctx context.Context, client *kube.Client) ([]*policy.Lease, error) {
	all, err := policy.New(client, fixtures.FS, r.runID).Leases(ctx)
	if err == nil && len(all) == 0 {
		r.screen.step("no lease stands")
	}
	return all, err
}
