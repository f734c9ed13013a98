package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"slices"
	"strings"

	"mtls.test/conformance/e2e/live/artifact"
	"mtls.test/conformance/e2e/live/cluster"
	"mtls.test/conformance/e2e/live/existing"
	"mtls.test/conformance/e2e/live/kube"
	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/e2e/live/survey"
	liveupgrade "mtls.test/conformance/e2e/live/upgrade"
	"mtls.test/conformance/e2e/pure/envoy"
	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/report"
	"mtls.test/conformance/e2e/pure/upgrade"
	"mtls.test/conformance/fixtures"
)

// visit is a run on a cluster that is another's.
type visit struct {
	client *kube.Client
	place  fixture.Placement
	plane  survey.Plane
	files  fs.FS         // the fixtures of the run, not yet as they are for the cluster
	asked  *mesh.Upgrade // that is watched; nil of every other run
}

// existing is `make e2e CLUSTER=existing`, and `make e2e-upgrade CLUSTER=existing WATCH=1`.
func (r *program) existing(ctx context.Context) error {
	if r.watches() && r.command != upgradeCommand {
		return badInput(errors.New("WATCH=1: it is `make e2e-upgrade` that watches an upgrade"))
	}
	return r.locked(ctx, func() error {
		r.screen.print(r.settings.table(r.command))
		if err := errors.Join(r.checkArtifacts(), r.checkCases()); err != nil {
			return badInput(err)
		}
		v, err := r.visited(ctx)
		if err != nil {
			return badInput(err)
		}
		if err := r.clearArtifacts(); err != nil {
			return badInput(err)
		}
		held, lock, err := existing.Acquire(ctx, v.client.Leases(), r.runID, r.say)
		if err != nil {
			return badInput(err)
		}
		defer func() {
			if err := lock.Release(context.WithoutCancel(ctx)); err != nil {
				r.screen.fail(err)
			}
		}()
		return r.reported(held, func(told *record) error { return r.stay(held, v, lock, told) })
	})
}

// existingPreflight is `make preflight CLUSTER=existing`.
func (r *program) existingPreflight(ctx context.Context) error {
	_, err := r.visited(ctx)
	if err != nil {
		return badInput(err)
	}
	return nil
}

// visited looks at the cluster that KUBECONTEXT names.
func (r *program) visited(ctx context.Context) (v visit, err error) {
	name := r.settings.values["KUBECONTEXT"]
	if name == "" {
		return v, errors.New("CLUSTER=existing needs KUBECONTEXT=: a cluster of another's is used only when it is named")
	}
	err = r.during(step{name: "visit", says: "looking at cluster " + name}, func() error {
		v, err = r.visit(ctx)
		return err
	})
	return v, err
}

// visit says what was found on the cluster and what a run may do, and refuses where it cannot.
func (r *program) visit(ctx context.Context) (visit, error) {
	client, err := kube.Connect(kube.Target{Context: r.settings.values["KUBECONTEXT"]})
	if err != nil {
		return visit{}, err
	}
	found, err := survey.Take(ctx, client)
	if err != nil {
		return visit{}, err
	}
	place, plane, err := existing.Place(found, existing.Wish{
		Revision: r.settings.values["REVISION"], Gateway: r.settings.values["GATEWAY_SELECTOR"],
		Allowed: fixture.Allowed{
			MeshPolicy: r.settings.values["ALLOW_MESH_POLICY"] == "1", GatewayLog: r.settings.values["ALLOW_GATEWAY_LOG"] == "1", Tap: r.settings.values["ALLOW_TAP"] == "1",
		},
	})
	if err != nil {
		return visit{}, err
	}
	v := visit{client: client, place: place, plane: plane, files: fixtures.FS}
	if r.watches() {
		if err := v.watch(ctx, r.askedOfUpgrade()); err != nil {
			return visit{}, err
		}
	}
	world, err := fixture.LoadWorldAt(fixtures.FS, v.place)
	if err != nil {
		return visit{}, err
	}
	files := fixture.Move(fixtures.FS, v.place)
	cases, err := fixture.Load(files, world)
	if err != nil {
		return visit{}, err
	}
	var selected []fixture.Case
	for _, c := range cases {
		if r.plays(c) {
			selected = append(selected, c)
		}
	}
	sections, err := existing.Preflight(ctx, client, found, plane, v.place, files, selected, world)
	if err != nil {
		return visit{}, err
	}
	nodes, err := r.kindNodes(ctx, client)
	if err != nil {
		return visit{}, err
	}
	sections = append(sections, r.ofAgent(nodes))
	r.screen.print(sectionsText(sections, r.screen.colour))
	if !existing.Fit(sections) {
		return visit{}, errors.New("the cluster is not fit for a run: see the lines with × above")
	}
	return v, nil
}

// watch has the run watch an upgrade. Its requests come through the ingress gateway, and its policies stand in its own namespaces.
func (v *visit) watch(ctx context.Context, asked *mesh.Upgrade) (err error) {
	if v.place.NoGateway != "" {
		return fmt.Errorf("WATCH=1 needs an ingress gateway: %s", v.place.NoGateway)
	}
	v.place, v.asked = v.place.With(upgrade.Namespaces()...), asked
	v.place.Watched = true
	if v.files, err = liveupgrade.WatchedFiles(); err != nil || asked.Policies == "" {
		return err
	}
	beyond, err := liveupgrade.Beyond(ctx, fixture.Move(os.DirFS(asked.Policies), v.place), v.place)
	if err == nil && len(beyond) > 0 {
		err = fmt.Errorf("POLICIES=%s: %s would stand outside of the suite's namespaces; what is yours alone you apply yourself", asked.Policies, strings.Join(beyond, ", "))
	}
	return err
}

// plays tells whether the run plays a case, where it can be played.
func (r *program) plays(c fixture.Case) bool {
	if r.watches() {
		return slices.Contains(c.Labels, fixture.UpgradeLabel) && r.settings.focus.MatchString(report.SpecText(c.ID, c.Title))
	}
	return r.settings.selects(c)
}

// sectionsText is the list of a preflight, as linkerd check prints its own.
func sectionsText(sections []existing.Section, coloured bool) string {
	var text strings.Builder
	for i, section := range sections {
		if i > 0 {
			text.WriteByte('\n')
		}
		fmt.Fprintf(&text, "%s\n%s\n", section.Heading, strings.Repeat("-", len(section.Heading)))
		for _, line := range section.Lines {
			sign, colour := "√", "\x1b[32m"
			if !line.OK {
				sign, colour = "×", "\x1b[31m"
			}
			if coloured {
				sign = colour + sign + "\x1b[0m"
			}
			fmt.Fprintf(&text, "%s %s\n", sign, line.Says)
			if line.Hint != "" {
				fmt.Fprintf(&text, "    see %s\n", line.Hint)
			}
		}
	}
	return strings.TrimSuffix(text.String(), "\n")
}

// kindNodes is the name of the kind cluster whose nodes these are; empty of other nodes.
func (r *program) kindNodes(ctx context.Context, client *kube.Client) (string, error) {
	nodes, err := client.Nodes(ctx)
	if err != nil {
		return "", err
	}
	for _, node := range nodes {
		// kind://ENGINE/CLUSTER/NODE
		if words := strings.Split(node.Spec.ProviderID, "/"); len(words) == 5 && words[0] == "kind:" {
			return words[3], nil
		}
	}
	return "", nil
}

// ofAgent says where the agent's image comes from.
func (r *program) ofAgent(kindCluster string) existing.Section {
	line := existing.Line{Says: "no image of the agent: the nodes are not kind's, so AGENT_IMAGE= must name one that they can pull", Hint: "fixtures/agent"}
	switch {
	case r.settings.values["AGENT_IMAGE"] != "":
		line = existing.Line{OK: true, Says: "the agent's image is " + r.settings.values["AGENT_IMAGE"]}
	case kindCluster != "":
		line = existing.Line{OK: true, Says: "the agent's image is built, and loaded into the nodes of kind cluster " + kindCluster}
	}
	return existing.Section{Heading: "the agent", Lines: []existing.Line{line}}
}

// stay makes the world, runs the suite and takes everything away again. The context ends when the lock is lost: then the suite
// is stopped, and what is taken away is this run's alone, as it is at the end of every run.
func (r *program) stay(ctx context.Context, v visit, lock *existing.Lock, told *record) (err error) {
	told.environment = report.Environment{Lane: "existing", Istio: v.plane.Version, Settings: r.settings.values, Observers: v.observers(), Scanned: v.place.Scanned()}
	if told.environment.Kubernetes, err = v.client.Version(); err != nil {
		return err
	}
	image, err := r.agentImage(ctx, v.client)
	if err != nil {
		return err
	}
	if err := r.build(ctx); err != nil {
		return err
	}
	err = r.during(step{name: "leave what was left", says: "taking away what an earlier run may have left"}, func() error {
		return existing.Leave(ctx, v.client, v.place, r.runID, lock.Holds)
	})
	if err != nil {
		return err
	}
	defer func() {
		if lost := context.Cause(ctx); errors.Is(lost, existing.ErrLost) {
			r.say(lost.Error())
		}
		err = errors.Join(err, r.during(step{name: "leave", says: "taking everything away again"}, func() error {
			return existing.LeaveOwn(context.WithoutCancel(ctx), v.client, v.place, r.runID)
		}))
	}()
	err = r.during(step{name: "enter", says: "making the world of the suite"}, func() error {
		return existing.Enter(ctx, v.client, v.files, v.place, image, r.runID, r.say)
	})
	if err != nil {
		return err
	}
	up := broughtUp{file: r.handoverFile(), handover: mesh.Handover{
		RunID: r.runID, Context: r.settings.values["KUBECONTEXT"], Placement: v.place, Artifacts: r.settings.artifacts, Agent: image, Upgrade: v.asked,
	}}
	if up.handover.GatewayHTTP, up.handover.GatewayGRPC, err = v.ways(ctx); err != nil {
		return err
	}
	if told.environment.Profile, told.environment.Envoy, err = v.profile(ctx); err != nil {
		return err
	}
	told.environment.Kiali = kialiText(ctx, v.client)
	up.handover.Environment = told.environment
	if err := artifact.WriteJSON(up.file, up.handover); err != nil {
		return err
	}
	if v.asked == nil {
		return r.suite(ctx, up, told)
	}
	return r.watched(ctx, func(ctx context.Context) error { return r.suite(ctx, up, told) })
}

// handoverFile is where the suite finds the handover of a run on another's cluster; it goes with the run's work.
func (r *program) handoverFile() string { return r.work() + "/handover.json" }

// agentImage is the image that was named, or one that is built and loaded into kind's nodes.
func (r *program) agentImage(ctx context.Context, client *kube.Client) (string, error) {
	if named := r.settings.values["AGENT_IMAGE"]; named != "" {
		return named, nil
	}
	name, err := r.kindNodes(ctx, client)
	if err != nil {
		return "", err
	}
	engine, err := r.engineThere(ctx)
	if err != nil {
		return "", err
	}
	image, err := r.buildAgent(ctx, runtime.GOARCH)
	if err != nil {
		return "", err
	}
	nodes := cluster.New(r.home, name, engine, r.say)
	return image.Reference, r.during(loadingAgent, func() error { return nodes.LoadWritten(ctx, image.Write) })
}

// observers are those that what is allowed leaves.
func (v visit) observers() []hop.Source {
	all := []hop.Source{hop.Client, hop.Server, hop.Application, hop.Probe, hop.Stats}
	if v.place.Allowed.Tap {
		all = append(all, hop.Wire)
	}
	return all
}

// ways are the ways from here to the gateway's ports for HTTP and for gRPC; none where there is no gateway.
func (v visit) ways(ctx context.Context) (http, grpc string, err error) {
	if v.place.NoGateway != "" {
		return "", "", nil
	}
	key, value := v.place.Gateway.Label()
	pods, err := v.client.Pods(ctx, v.place.Gateway.Namespace, key+"="+value)
	if err != nil {
		return "", "", err
	}
	if len(pods) == 0 {
		return "", "", errors.New("no gateway pod runs, and there was one")
	}
	// Where several run, requests go to each by its own address (e2e/live/traffic), and only background traffic takes this way.
	pod := func(port uint16) string {
		return fmt.Sprintf("%s.%s:%d", pods[0].Name, v.place.Gateway.Namespace, port)
	}
	if http, err = v.client.Forward(ctx, pod(v.place.GatewayPort(hop.HTTP))); err != nil {
		return "", "", err
	}
	grpc, err = v.client.Forward(ctx, pod(v.place.GatewayPort(hop.GRPC)))
	return http, grpc, err
}

// profile asks the sidecar of the suite's client what its build can do, and its version.
func (v visit) profile(ctx context.Context) (profile, version string, err error) {
	m := mesh.At(v.client, v.place)
	clients := v.place.In(fixture.ClientsNamespace)
	pods, err := v.client.Pods(ctx, clients, "app=client")
	if err != nil || len(pods) != 1 {
		return "", "", fmt.Errorf("the client's pod: %d run: %w", len(pods), err)
	}
	proxy := mesh.Proxy{Namespace: clients, Pod: pods[0].Name}
	dump, err := m.Dump(ctx, proxy, envoy.Wanted{Ports: []uint16{8080}})
	if err != nil {
		return "", "", err
	}
	if version, err = m.EnvoyVersion(ctx, proxy); err != nil {
		return "", "", err
	}
	if dump.OffersByProtocol() {
		return fixture.ProfileDefault, version, nil
	}
	return fixture.ProfileVanilla, version, nil
}
