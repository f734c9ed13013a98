package runner

import (
	"context"
	"io/fs"

	"mtls.test/conformance/e2e/live/kube"
	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/e2e/live/observe"
	"mtls.test/conformance/e2e/live/policy"
	"mtls.test/conformance/e2e/live/runner/hopconfig"
	"mtls.test/conformance/e2e/live/traffic"
	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/istioversion"
	"mtls.test/conformance/e2e/pure/oracle"
)

// Prepare makes a runner for the mesh that was handed over, as it is now; Start readies it. The proxies' logs are followed
// until stop is called.
func Prepare(ctx context.Context, client *kube.Client, given mesh.Handover, files fs.FS, world fixture.World, diagnose func(context.Context, string)) (runner *Runner, stop func(), err error) {
	chart, err := oracle.LoadChart(files)
	if err != nil {
		return nil, nil, err
	}
	// Another's mesh may state no minor. What depends on it is then INCONCLUSIVE, case by case.
	version, _ := istioversion.Parse(given.Environment.Istio, given.Environment.IstioCommitDate)
	m := mesh.At(client, world.Placement)
	places, err := m.Locate(ctx, world)
	if err != nil {
		return nil, nil, err
	}
	addresses, err := m.Addresses(ctx, world)
	if err != nil {
		return nil, nil, err
	}
	authorities, err := m.Authorities(ctx)
	if err != nil {
		return nil, nil, err
	}
	logs := observe.NewLogs(client, world.Placement.Existing)
	var taps *observe.Taps
	if world.Placement.Allowed.Tap {
		taps = observe.NewTaps(client, m, world.Placement.In(fixture.TapNamespace))
	}
	following, stop := context.WithCancel(context.WithoutCancel(ctx))
	follow := func(proxy mesh.Proxy) error { return logs.Follow(following, proxy) }
	for _, proxy := range places.Proxies() {
		if err := follow(proxy); err != nil {
			stop()
			return nil, nil, err
		}
	}
	sender := &traffic.Sender{Mesh: m, World: world, Places: places, GatewayHTTP: given.GatewayHTTP, GatewayGRPC: given.GatewayGRPC, Ledger: traffic.NewLedger(given.RunID)}
	r := &Runner{
		Mesh: m, World: world, Places: places, Logs: logs, Taps: taps, Chart: chart, RunID: given.RunID, Diagnose: diagnose,
		Profile: given.Environment.Profile, Istio: version, Policies: policy.New(client, files, given.RunID), Sender: sender,
		Prober: traffic.NewProber(sender, authorities), Authorities: authorities, Follow: follow, Clock: client.Clock, AddressNames: m.AddressNames, left: &leftovers{}, seen: newSightings(),
	}
	r.Config = &hopconfig.Reader{World: world, Places: places, Addresses: addresses, Dump: m.Dump, Root: r.rootOf}
	return r, stop, nil
}
