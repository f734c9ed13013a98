package runner

import (
	"context"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/e2e/live/observe"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/join"
	"mtls.test/conformance/e2e/pure/verdict"
)

// sightings are the tokens that the taps saw in clear.
type sightings struct {
	runs     map[string]*requests       // of cases, by their names
	unjudged map[string][]join.Sighting // by request
	heard    []netip.Addr               // pods past which a token of the control went, since it began
	gaps     []observe.Gap              // since the case began
	late     map[string]bool            // names of runs that had ended when their verdicts changed
}

func newSightings() *sightings {
	return &sightings{runs: map[string]*requests{}, unjudged: map[string][]join.Sighting{}, late: map[string]bool{}}
}

// of are the requests of the run to which a request belongs; nil for one of no case.
func (s *sightings) of(run, id string) *requests {
	rest, own := strings.CutPrefix(id, run+"-")
	number, _, _ := strings.Cut(rest, "-")
	if !own {
		return nil
	}
	return s.runs[run+"-"+number]
}

// scan has tokens looked for in what passes every pod of a cluster of the suite's own, and the world's pods on another's.
func (r *Runner) scan(ctx context.Context) error {
	if r.Taps == nil {
		return nil
	}
	if !r.World.Placement.Existing {
		return r.Taps.Scan(ctx)
	}
	return r.Taps.Scan(ctx, slices.DeleteFunc(r.Places.All(), func(place mesh.Place) bool { return !place.Known() })...)
}

// control is the id of the requests that control the taps.
func (r *Runner) control() string { return r.RunID + "-control" }

// look takes what the taps saw since the last look.
func (r *Runner) look(ctx context.Context) {
	if r.Taps == nil {
		return
	}
	told := r.Taps.Sightings(ctx)
	r.seen.gaps = append(r.seen.gaps, told.Gaps...)
	for _, one := range told.Seen {
		id, ours := r.Sender.Ledger.Request(one.Token)
		switch {
		case !ours: // another run's
		case id == r.control():
			r.seen.heard = append(r.seen.heard, one.Pod)
		case r.seen.of(r.RunID, id) != nil:
			one.Request = id
			r.seen.unjudged[id] = append(r.seen.unjudged[id], one.Sighting)
		}
	}
}

// begin has what is seen from now on judged with a run of a case.
func (r *Runner) begin(ctx context.Context, run *CaseRun) {
	r.judge(ctx)
	r.seen.gaps = nil
	r.seen.runs[run.Name] = run.requests
	if err := r.scan(ctx); err != nil {
		r.seen.gaps = append(r.seen.gaps, observe.Gap{Why: err.Error()})
	}
}

// judge gives the runs of cases what was seen of their requests in clear, and nothing explains.
func (r *Runner) judge(ctx context.Context) {
	r.look(ctx)
	name := r.named(ctx)
	for _, id := range slices.Sorted(maps.Keys(r.seen.unjudged)) {
		of := r.seen.of(r.RunID, id)
		if of.judge(id, r.seen.unjudged[id], r.downstream, name) && of.ended {
			r.seen.late[of.name] = true
		}
	}
	clear(r.seen.unjudged)
}

// downstream are the connections on which a request came to a proxy of the gateway.
func (r *Runner) downstream(id string) []hop.FiveTuple {
	var all []hop.FiveTuple
	for _, client := range r.World.Clients {
		if client.Kind != hop.Gateway {
			continue
		}
		for _, place := range r.Places.Clients[client.Name] {
			all = append(all, r.Logs.Downstream(place.Proxy, id)...)
		}
	}
	return all
}

// entries are where requests from outside the cluster may come into the gateway that is the client of a hop; of one from a pod the
// client's socket tells.
func (r *Runner) entries(over hop.Hop) []netip.AddrPort {
	client, _ := r.World.Client(over.From)
	if client.Kind != hop.Gateway {
		return nil
	}
	var all []netip.AddrPort
	for _, place := range r.Places.Clients[client.Name] {
		for _, protocol := range []hop.Protocol{hop.HTTP, hop.GRPC} {
			all = append(all, netip.AddrPortFrom(place.Address, r.World.Placement.GatewayPort(protocol)))
		}
	}
	return all
}

// named returns a function that tells whose an address is. It asks for the pods of the cluster when it is needed first.
func (r *Runner) named(ctx context.Context) func(netip.Addr) string {
	var pods map[netip.Addr]string
	return func(address netip.Addr) string {
		if pods == nil {
			pods = r.AddressNames(ctx, r.Places)
		}
		if pod, known := pods[address]; known {
			return pod
		}
		return address.String()
	}
}

// judgeCase gives a run what was seen of its requests, and of its checks those INCONCLUSIVE of which something may have passed
// unseen.
func (r *Runner) judgeCase(ctx context.Context, run *CaseRun) {
	r.judge(ctx)
	for _, gap := range r.seen.gaps {
		run.requests.unscanned(gap.Pod, gap.Why)
	}
	for pod, why := range r.deaf {
		run.requests.unscanned(pod, why.Error())
	}
}

// end keeps the requests of a run, which may be seen later, with a verdict of their own.
func (c *CaseRun) end() {
	judged := c.Verdict
	c.requests.verdict, c.requests.ended = &judged, true
}

// Late looks once more for what the cases sent, and returns the verdicts that changed since they were returned: a copy that came
// late turns its own case red.
func (r *Runner) Late(ctx context.Context) []verdict.Case {
	r.judge(ctx)
	var all []verdict.Case
	for _, name := range slices.Sorted(maps.Keys(r.seen.late)) {
		all = append(all, *r.seen.runs[name].verdict)
	}
	clear(r.seen.late)
	return all
}
