package runner

import (
	"context"
	"time"

	"sigs.k8s.io/e2e-framework/klient/wait"

	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/hop"
)

// lifeLag is how long the kubelet may take to tell that a container has ended, and lifeInterval how often it is asked.
const (
	lifeLag      = 3 * time.Second
	lifeInterval = 250 * time.Millisecond
)

// watchPods remembers the pods on which the checks of the case rest, as they are now. It is called before the first step
// and after each step that replaces pods.
func (p *play) watchPods(ctx context.Context) (err error) {
	p.pods, err = p.Mesh.Lives(ctx, p.restsOn())
	return err
}

// notePods keeps what has ended since watchPods. It is called before a step that replaces pods, and at the end.
func (p *play) notePods(ctx context.Context) error {
	now, err := p.Mesh.Lives(ctx, p.restsOn())
	if err != nil {
		return err
	}
	for _, ended := range p.pods.Ended(now) {
		p.restarted = with(p.restarted, ended)
	}
	return nil
}

// disturbed lists what has ended of the pods on which the checks of the case rest, while it was played. Where something went
// unanswered an end that is not told yet may be the cause, and is waited for.
func (p *play) disturbed(ctx context.Context, unanswered bool) []string {
	if err := p.notePods(ctx); err != nil {
		return []string{"the API server did not tell which pods run: " + err.Error()}
	}
	if len(p.restarted) > 0 || !unanswered {
		return p.restarted
	}
	_ = wait.For(func(ctx context.Context) (bool, error) {
		err := p.notePods(ctx)
		return err == nil && len(p.restarted) > 0, nil
	}, wait.WithContext(ctx), wait.WithTimeout(lifeLag), wait.WithInterval(lifeInterval))
	return p.restarted
}

// restsOn lists the pods at the ends of every hop of the case, and the pod from which sentinels are sent.
func (p *play) restsOn() []mesh.Proxy {
	var pods []mesh.Proxy
	add := func(place mesh.Place) {
		if place.Known() {
			pods = with(pods, place.Proxy)
		}
	}
	if plain, err := p.Sender.PlainClient(); err == nil {
		add(p.Places.Clients[plain])
	}
	attempts := p.attemptsOf(p.c)
	for _, a := range attempts {
		if behind, found := p.behind(a); found {
			attempts = append(attempts, behind)
		}
	}
	for _, a := range attempts {
		add(p.Places.Clients[a.From])
		if server, err := p.Places.Server(a.To.Service, a.want.Subset); err == nil {
			add(server)
		}
	}
	return pods
}

// attemptsOf lists all that a case sends over: its expectations, its background traffic and its kept connections.
func (p *Player) attemptsOf(c fixture.Case) []attempt {
	var all []attempt
	over := func(hops []hop.Hop, want fixture.Expect) {
		for _, h := range hops {
			all = append(all, attempt{Hop: h, want: want})
		}
	}
	for _, step := range c.Steps {
		for _, expect := range step.Expect {
			over(expect.Hops(), expect)
		}
		for _, kept := range step.Connect {
			want := fixture.Expect{From: fixture.Names{kept.From}, To: fixture.Names{kept.To}}
			over(want.Hops(), want)
		}
		if step.Traffic == fixture.Start {
			over(p.Sender.FlowHops(fixture.Expect{From: step.From, To: step.To}.Hops()), fixture.Expect{})
		}
	}
	return all
}
