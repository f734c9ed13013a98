package existing

import (
	"context"
	"fmt"
	"io/fs"
	"slices"
	"sort"
	"strings"

	"golang.org/x/sync/errgroup"

	"mtls.test/conformance/e2e/live/kube"
	"mtls.test/conformance/e2e/live/survey"
	"mtls.test/conformance/e2e/pure/fixture"
)

// Line is one line of the preflight's list.
type Line struct {
	OK   bool
	Says string
	Hint string // what to do where it is not OK
}

// Section is a heading and its lines.
type Section struct {
	Heading string
	Lines   []Line
}

// Fit tells whether every line of the sections is OK.
func Fit(sections []Section) bool {
	return !slices.ContainsFunc(sections, func(s Section) bool {
		return slices.ContainsFunc(s.Lines, func(l Line) bool { return !l.OK })
	})
}

// Preflight says what was found, what may be done and what will be skipped. It changes nothing.
func Preflight(ctx context.Context, client *kube.Client, s *survey.Survey, plane survey.Plane, p fixture.Placement, files fs.FS, cases []fixture.Case, world fixture.World) ([]Section, error) {
	version, err := client.Version()
	if err != nil {
		return nil, err
	}
	found := Section{Heading: "cluster and mesh"}
	say := func(format string, arguments ...any) {
		found.Lines = append(found.Lines, Line{OK: true, Says: fmt.Sprintf(format, arguments...)})
	}
	say("Kubernetes %s", version)
	say("Istio %s, revision %s, istiod in %s (%d pods)", plane.Version, plane.Revision, plane.Namespace, len(plane.Pods))
	if others := otherPlanes(s, plane); others != "" {
		say("other revisions: %s", others)
	}
	say("root namespace %s, trust domain %s, cluster domain %s, auto-mTLS %t", p.Root, p.TrustDomain, p.Domain, plane.Mesh.AutoMTLS)
	if p.NoGateway == "" {
		say("ingress gateway %s in %s", p.Gateway.Selector, p.Gateway.Namespace)
	} else {
		say("no ingress gateway: %s", p.NoGateway)
	}
	if p.NoGatewayAPI != "" {
		say("no Gateway API: %s", p.NoGatewayAPI)
	}
	if p.ByIntent != "" {
		say("the mesh has policies of its own, so these say what is wanted, with the case's: %s", p.ByIntent)
	}
	may, err := permissions(ctx, client, p)
	if err != nil {
		return nil, err
	}
	skipped, err := skips(files, cases, world)
	if err != nil {
		return nil, err
	}
	measured, err := client.Clock(ctx)
	return []Section{found, intends(p), may, skipped, ofClock(measured, err)}, nil
}

func otherPlanes(s *survey.Survey, plane survey.Plane) string {
	var others []string
	for _, other := range s.Planes {
		if other.Revision != plane.Revision {
			others = append(others, other.Revision+" "+other.Version)
		}
	}
	return strings.Join(others, ", ")
}

// intends says what the run will touch.
func intends(p fixture.Placement) Section {
	section := Section{Heading: "what it will touch"}
	say := func(format string, arguments ...any) {
		section.Lines = append(section.Lines, Line{OK: true, Says: fmt.Sprintf(format, arguments...)})
	}
	say("makes namespaces %s, and removes them", strings.Join(p.Made(), ", "))
	say("makes CustomResourceDefinition policyleases.mtls.test, and ClusterRole and ClusterRoleBinding mtls-conformance-sweeper, and removes them")
	say("makes Role and RoleBinding %s in %s, by which the sweeper knows whether an istiod is ready, and removes them", fixture.IstiodReader, p.Istiod)
	say("asks istiod, on its port 15010, as two proxies of %s that do not run: whether it knows a change", p.In(fixture.MarkerNamespace))
	switch {
	case p.Watched:
		say("makes Services %s in %s and %s in %s, and removes them", fixture.AnyIstiod, p.Istiod, fixture.SuiteGateway, p.Gateway.Namespace)
		say("opens ports 9000, 20000, 20051 and 20080 at the gateway's pod, by a Gateway object in %s; two of them are in that Service", p.In(fixture.ProductsNamespace))
	case p.NoGateway == "":
		say("opens ports 9000, 20000, 20051 and 20080 at the gateway's pod, by a Gateway object in %s; they are in no Service", p.In(fixture.ProductsNamespace))
	}
	for _, one := range []struct {
		allowed         bool
		name, with, not string
	}{
		{p.Allowed.MeshPolicy, "ALLOW_MESH_POLICY", "policies in " + p.Root + ", each on a lease", "no policy in " + p.Root},
		{p.Allowed.GatewayLog, "ALLOW_GATEWAY_LOG", "an EnvoyFilter on the gateway, on a lease", "no log of the gateway's, so its own word is not required"},
		{p.Allowed.Tap, "ALLOW_TAP", "a DaemonSet with hostNetwork and NET_RAW in " + p.In(fixture.TapNamespace), "no packet is looked at"},
	} {
		if one.allowed {
			say("%s=1: %s", one.name, one.with)
		} else {
			say("without %s=1: %s", one.name, one.not)
		}
	}
	return section
}

// neededToWatch adds the permissions that a run takes beside the others which watches an upgrade.
func neededToWatch(p fixture.Placement, add func(namespace, group string, resources []string, verbs ...string)) {
	add(p.Gateway.Namespace, "apps", []string{"deployments"}, "list", "get")
	for _, namespace := range []string{p.Istiod, p.Gateway.Namespace} {
		add(namespace, "", []string{"services"}, "create", "get", "delete")
	}
	for _, namespace := range p.Injected() {
		add(namespace, "", []string{"pods"}, "create", "get", "delete") // one that is new at each stage
		add(namespace, "apps", []string{"deployments"}, "list")
		add(namespace, "security.istio.io", []string{"peerauthentications", "authorizationpolicies"}, "create", "patch")
		add(namespace, "networking.istio.io", []string{"destinationrules", "virtualservices"}, "create", "patch")
	}
}

// needed are the permissions that a run takes. What it makes in namespaces of its own it applies, which takes create and patch
// (https://kubernetes.io/docs/reference/using-api/server-side-apply/).
func needed(p fixture.Placement) []kube.Access {
	var all []kube.Access
	add := func(namespace, group string, resources []string, verbs ...string) {
		for _, resource := range resources {
			for _, verb := range verbs {
				access := kube.Access{Verb: verb, Group: group, Resource: resource, Namespace: namespace}
				if !slices.Contains(all, access) { // the API server is asked for each once
					all = append(all, access)
				}
			}
		}
	}
	add("", "", []string{"namespaces"}, "create", "get", "patch", "delete")
	add("", "apiextensions.k8s.io", []string{"customresourcedefinitions"}, "create", "get", "delete")
	add("", "rbac.authorization.k8s.io", []string{"clusterroles", "clusterrolebindings"}, "create", "get", "delete")
	add("", "mtls.test", []string{"policyleases"}, "create", "get", "delete", "update", "list")
	// Whoever makes a role must have what it gives: the sweeper's.
	add("", "mtls.test", []string{"policyleases/status"}, "update")
	add("", "security.istio.io", []string{"peerauthentications"}, "get", "update")
	add("", "networking.istio.io", []string{"destinationrules"}, "get", "update")
	add("", "security.istio.io", []string{"peerauthentications", "authorizationpolicies"}, "list", "delete")
	add("", "networking.istio.io", []string{"destinationrules", "envoyfilters", "virtualservices", "sidecars", "gateways", "workloadentries", "serviceentries"}, "list", "delete")
	add("", "telemetry.istio.io", []string{"telemetries"}, "list", "delete")
	if p.NoGatewayAPI == "" {
		routes := []string{"httproutes", "grpcroutes", "backendtlspolicies"}
		add("", fixture.GatewayAPI, routes, "list", "delete")
		add(p.In(fixture.ProductsNamespace), fixture.GatewayAPI, routes, "create", "delete")
		add(p.In(fixture.MarkerNamespace), fixture.GatewayAPI, routes, "get", "create", "patch")
	}
	add("", "", []string{"events"}, "create")
	add(p.Istiod, "discovery.k8s.io", []string{"endpointslices"}, "list")
	add(p.Istiod, "rbac.authorization.k8s.io", []string{"roles", "rolebindings"}, "create", "delete")
	add("", "", []string{"pods", "services", "nodes"}, "list")
	add(p.Istiod, "", []string{"pods/portforward"}, "create")
	for _, namespace := range p.Injected() {
		add(namespace, "", []string{"secrets"}, "create")
		add(namespace, "", []string{"services", "serviceaccounts"}, "create", "patch")
		add(namespace, "apps", []string{"deployments"}, "create", "get", "update", "patch")
		add(namespace, "security.istio.io", []string{"peerauthentications"}, "create", "delete")
		add(namespace, "networking.istio.io", []string{"destinationrules", "envoyfilters", "sidecars"}, "create", "delete")
		add(namespace, "networking.istio.io", []string{"envoyfilters"}, "patch")
		add(namespace, "", []string{"pods/portforward"}, "create")
		add(namespace, "", []string{"pods/log"}, "get")
		add(namespace, "discovery.k8s.io", []string{"endpointslices"}, "list")
	}
	if p.Watched {
		neededToWatch(p, add)
	}
	add(p.In(fixture.ProductsNamespace), "networking.istio.io", []string{"gateways", "virtualservices", "serviceentries"}, "create", "patch")
	add(p.In(fixture.ProductsNamespace), "apps", []string{"deployments/scale"}, "update")
	add(p.In(fixture.ProductsNamespace), "rbac.authorization.k8s.io", []string{"roles", "rolebindings"}, "create", "patch")
	add(p.In(fixture.LeasesNamespace), "", []string{"serviceaccounts"}, "create", "patch")
	add(p.In(fixture.LeasesNamespace), "apps", []string{"deployments"}, "create", "get", "patch")
	if p.Allowed.Tap {
		add(p.In(fixture.TapNamespace), "", []string{"serviceaccounts"}, "create", "patch")
		add(p.In(fixture.TapNamespace), "apps", []string{"daemonsets"}, "create", "get", "patch")
	}
	marker := p.In(fixture.MarkerNamespace)
	add(marker, "", []string{"services"}, "get", "create", "patch", "delete")
	add(marker, "discovery.k8s.io", []string{"endpointslices"}, "create")
	add(marker, "security.istio.io", []string{"peerauthentications", "authorizationpolicies"}, "get", "create", "patch")
	add(marker, "networking.istio.io", []string{"destinationrules", "virtualservices", "serviceentries", "gateways", "envoyfilters", "sidecars"}, "get", "create", "patch")
	add(marker, "telemetry.istio.io", []string{"telemetries"}, "get", "create", "patch")
	if p.NoGateway == "" {
		add(p.Gateway.Namespace, "", []string{"pods/portforward"}, "create")
		if p.Allowed.GatewayLog {
			add(p.Gateway.Namespace, "", []string{"pods/log"}, "get")
			add(p.Gateway.Namespace, "networking.istio.io", []string{"envoyfilters"}, "create", "delete")
		}
	}
	if p.Allowed.MeshPolicy {
		add(p.Root, "security.istio.io", []string{"peerauthentications", "authorizationpolicies"}, "create", "delete")
		add(p.Root, "networking.istio.io", []string{"destinationrules", "sidecars"}, "create", "delete")
	}
	add(lockNamespace, "coordination.k8s.io", []string{"leases"}, "get", "create", "update", "delete")
	return all
}

// permissions asks the API server for each, and lists those that it denies.
func permissions(ctx context.Context, client *kube.Client, p fixture.Placement) (Section, error) {
	all := needed(p)
	allowed := make([]bool, len(all))
	asking, ctx := errgroup.WithContext(ctx)
	asking.SetLimit(8)
	for i, access := range all {
		asking.Go(func() (err error) {
			allowed[i], err = client.May(ctx, access)
			return err
		})
	}
	if err := asking.Wait(); err != nil {
		return Section{}, err
	}
	section := Section{Heading: "what it needs leave for"}
	denied := 0
	for i, access := range all {
		if !allowed[i] {
			denied++
			section.Lines = append(section.Lines, Line{Says: access.String(), Hint: "kubectl auth can-i " + access.String()})
		}
	}
	section.Lines = append(section.Lines, Line{OK: true, Says: fmt.Sprintf("%d of %d permissions are given", len(all)-denied, len(all))})
	return section, nil
}

// skips counts the cases that the placement does not give what they need, by what it is.
func skips(files fs.FS, cases []fixture.Case, world fixture.World) (Section, error) {
	why := map[string]int{}
	played := 0
	for _, c := range cases {
		needs, err := Needs(files, world, c)
		if err != nil {
			return Section{}, err
		}
		if len(needs) == 0 {
			played++
			continue
		}
		why[needs[0]]++
	}
	section := Section{Heading: "what it will skip", Lines: []Line{{OK: played > 0, Says: fmt.Sprintf("%d of %d cases can be played", played, len(cases))}}}
	var reasons []string
	for reason := range why {
		reasons = append(reasons, reason)
	}
	sort.Slice(reasons, func(i, j int) bool {
		return why[reasons[i]] > why[reasons[j]] || why[reasons[i]] == why[reasons[j]] && reasons[i] < reasons[j]
	})
	for _, reason := range reasons {
		section.Lines = append(section.Lines, Line{OK: true, Says: fmt.Sprintf("%d skipped: %s", why[reason], reason)})
	}
	return section, nil
}
