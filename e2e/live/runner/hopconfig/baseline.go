package hopconfig

import (
	"context"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"time"

	"sigs.k8s.io/e2e-framework/klient/wait"

	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/join"
)

// Baseline is how hops are configured at one moment, reduced to what a policy decides, by the ids of EveryHop: one shape where all
// pairs of pods are configured alike. Pods come and go without a trace in it, for it names no address of a server's.
type Baseline map[string][]string

// EveryHop lists the hops of the world, and of a service of several workloads those to each.
func (r *Reader) EveryHop() []join.Attempt {
	var all []join.Attempt
	for _, h := range r.World.Hops() {
		if !r.Places.Clients[h.From].First().Known() {
			continue
		}
		service, _, _ := r.World.Port(h.To)
		for _, workload := range service.Workloads {
			if service.Kind == fixture.GatewayPod {
				continue
			}
			subset := ""
			if len(service.Workloads) > 1 {
				subset = workload.Subset()
			}
			all = append(all, join.Attempt{Hop: h, Want: fixture.Expect{Subset: subset}, ID: h.String() + " " + subset})
		}
	}
	return all
}

// Over keeps of EveryHop those that are among hops.
func (r *Reader) Over(hops map[hop.Hop]bool) []join.Attempt {
	return slices.DeleteFunc(r.EveryHop(), func(a join.Attempt) bool { return !hops[a.Hop] })
}

// Baseline reads how hops are configured now. A hop whose configuration is missing has no place in it.
func (r *Reader) Baseline(ctx context.Context, hops []join.Attempt) (Baseline, error) {
	facts, err := r.Facts(ctx, hops)
	if err != nil {
		return nil, err
	}
	reduced := Baseline{}
	for id, pairs := range facts {
		if shapes, whole := shapesOf(pairs); whole {
			reduced[id] = shapes
		}
	}
	return reduced, nil
}

// shapesOf are the shapes of pairs, each once; false where the configuration of one is missing.
func shapesOf(pairs []Pair) (shapes []string, whole bool) {
	for _, pair := range pairs {
		if pair.Config.Missing != "" {
			return nil, false
		}
		if shape := addressless(shape(pair.Config), pair.Server.Address); !slices.Contains(shapes, shape) {
			shapes = append(shapes, shape)
		}
	}
	return shapes, true
}

// addressless names a pod's address by what it is.
func addressless(shape string, pod netip.Addr) string {
	address := regexp.MustCompile(`\b` + regexp.QuoteMeta(pod.String()) + `\b`)
	return address.ReplaceAllLiteralString(shape, "POD")
}

// drifted tells of each shape of a hop that it did not have how it differs from the first that it had.
func drifted(id string, was, is []string) []string {
	var drift []string
	for _, shape := range is {
		if !slices.Contains(was, shape) {
			drift = append(drift, id+": "+differ(was[0], shape))
		}
	}
	return drift
}

// AwaitBaseline waits until hops are configured as in the baseline. The error names each hop that is not, and how.
func (r *Reader) AwaitBaseline(ctx context.Context, baseline Baseline, hops []join.Attempt, limit time.Duration) error {
	var drift []string
	err := wait.For(func(ctx context.Context) (bool, error) {
		now, err := r.Baseline(ctx, hops)
		if err != nil {
			return false, err
		}
		drift = nil
		for _, h := range hops {
			was, known := baseline[h.ID]
			is, read := now[h.ID]
			switch {
			case known && !read:
				drift = append(drift, h.ID+": its configuration cannot be read any more")
			case known:
				drift = append(drift, drifted(h.ID, was, is)...)
			}
		}
		return len(drift) == 0, nil
	}, wait.WithContext(ctx), wait.WithTimeout(limit), wait.WithInterval(Interval), wait.WithImmediate())
	if len(drift) > 0 {
		slices.Sort(drift)
		return fmt.Errorf("proxies are left configured otherwise than before: %s", strings.Join(drift, "; "))
	}
	return err
}
