// Package runner runs cases on the mesh: it applies and deletes policies, waits until the proxies have them, sends traffic,
// gathers what the observers saw and has it judged. It never asserts: the suite does, on the verdict.
package runner

import (
	"context"
	"net/netip"
	"time"

	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/e2e/live/observe"
	"mtls.test/conformance/e2e/live/policy"
	"mtls.test/conformance/e2e/live/runner/hopconfig"
	"mtls.test/conformance/e2e/live/timeout"
	"mtls.test/conformance/e2e/live/traffic"
	"mtls.test/conformance/e2e/pure/clock"
	"mtls.test/conformance/e2e/pure/envoy"
	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/istioversion"
	"mtls.test/conformance/e2e/pure/kiali"
	"mtls.test/conformance/e2e/pure/oracle"
)

// Runner runs cases, one at a time, on one mesh.
type Runner struct {
	Mesh     *mesh.Mesh
	World    fixture.World
	Places   mesh.Places
	Policies *policy.Policies
	Sender   *traffic.Sender
	Prober   *traffic.Prober
	Config   *hopconfig.Reader

	Authorities mesh.Authorities
	Follow      func(mesh.Proxy) error // begins to read a proxy's log, until the suite ends

	Logs     *observe.Logs
	Taps     *observe.Taps // nil where the wire may not be read
	Chart    oracle.Chart  // the guide's
	RunID    string
	Profile  string                               // of the proxies: vanilla or default
	Istio    istioversion.Version                 // of the mesh; not known where it states no minor
	Diagnose func(ctx context.Context, id string) // gathers what explains a case that is not green, before it is reverted

	// Kiali asks a Kiali about a namespace; nil where there is none.
	Kiali func(ctx context.Context, namespace string) kiali.Statement
	// AddressNames tells whose the addresses of the cluster are.
	AddressNames func(context.Context, mesh.Places) map[netip.Addr]string
	// Clock measures the API server's clock.
	Clock func(context.Context) (clock.Reading, error)

	cases     int // that were run so far
	findings  []finding
	blind     map[mesh.Proxy]error // servers' pods of which the taps showed no plaintext where there was some, and why
	deaf      map[netip.Addr]error // pods at which the taps found no token where there was one, and why
	seen      *sightings
	watched   time.Time          // from when on the taps watch every server
	apiServer clock.Clock        // the API server's
	baseline  hopconfig.Baseline // of every hop, before the first case
	trust     fixture.Authority  // that is in force
	changed   Changed
	left      *leftovers // of cases and sabotages that could not be cleaned up
	forecasts bool       // Config reads a control plane that no proxy of the mesh follows
}

// Changed is what a sabotage has changed in the mesh, as far as cases must know it.
type Changed struct {
	Settings map[string]any      // of the mesh, that no case made
	Applied  map[string][]string // by case: files that are in the mesh already
}

// For returns a runner of the same mesh that reads configuration from elsewhere, for proxies of another profile. It is for
// forecasts, and sends nothing.
func (r *Runner) For(profile string, dump func(context.Context, mesh.Proxy, envoy.Wanted) (*envoy.Dump, error)) *Runner {
	other, config := *r, *r.Config
	config.Dump = dump
	other.Profile, other.Config, other.forecasts = profile, &config, true
	return &other
}

// Under calls run while a sabotage is in force. The baseline during that time is the sabotaged mesh.
func (r *Runner) Under(ctx context.Context, changed Changed, run func() error) error {
	was := r.baseline
	defer func() { r.changed, r.baseline = Changed{}, was }()
	r.changed = changed
	if err := r.TakeBaseline(ctx); err != nil {
		return err
	}
	return run()
}

// TakeBaseline reads how every hop is configured now. Each clean-up waits until the hops are configured so again.
func (r *Runner) TakeBaseline(ctx context.Context) (err error) {
	r.baseline, err = r.Config.Baseline(ctx, r.Config.EveryHop())
	return err
}

// AwaitBaseline waits until every hop is configured as in the baseline.
func (r *Runner) AwaitBaseline(ctx context.Context) error {
	return r.Config.AwaitBaseline(ctx, r.baseline, r.Config.EveryHop(), timeout.Settle.Duration())
}

// CleanUpLater registers a clean-up that failed. It is tried again before the next case, and no case runs before it succeeds. Of
// names the case or the sabotage.
func (r *Runner) CleanUpLater(of string, again func(context.Context) error) { r.left.add(of, again) }

// CleanUp tries again what could not be cleaned up.
func (r *Runner) CleanUp(ctx context.Context) error { return r.left.retry(ctx) }
