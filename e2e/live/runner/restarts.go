package runner

import (
	"context"
	"time"

	"sigs.k8s.io/e2e-framework/klient/wait"

	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/e2e/live/runner/hopconfig"
	"mtls.test/conformance/e2e/live/timeout"
)

// lifeInterval is how often the kubelet is asked whether a container has ended.
const lifeInterval = 250 * time.Millisecond

// watchPods remembers the pods on which the checks of the case rest, as they are now. It is called before the first step
// and after each step that replaces pods.
func (c *CaseRun) watchPods(ctx context.Context) (err error) {
	c.pods, err = c.r.Mesh.PodStates(ctx, c.restsOn())
	return err
}

// notePods keeps what has ended since watchPods. It is called before a step that replaces pods, and at the end.
func (c *CaseRun) notePods(ctx context.Context) error {
	now, err := c.r.Mesh.PodStates(ctx, c.restsOn())
	if err != nil {
		return err
	}
	for _, ended := range c.pods.Interrupted(now) {
		c.restarted = with(c.restarted, ended)
	}
	return nil
}

// restarts lists the pods that restarted during the run, of those on which its checks rest. After a request without an answer it
// waits a moment for the kubelet, which may not have reported the restart yet.
func (c *CaseRun) restarts(ctx context.Context, unanswered bool) []string {
	if err := c.notePods(ctx); err != nil {
		return []string{"the API server did not tell which pods run: " + err.Error()}
	}
	if len(c.restarted) > 0 || !unanswered {
		return c.restarted
	}
	_ = wait.For(func(ctx context.Context) (bool, error) {
		err := c.notePods(ctx)
		return err == nil && len(c.restarted) > 0, nil
	}, wait.WithContext(ctx), wait.WithTimeout(timeout.PodEnd.Duration()), wait.WithInterval(lifeInterval))
	return c.restarted
}

// restsOn lists the pods at the ends of every hop of the case, and the pod from which sentinels are sent.
func (c *CaseRun) restsOn() []mesh.Proxy {
	var pods []mesh.Proxy
	add := func(all mesh.Pods) {
		for _, place := range all {
			pods = with(pods, place.Proxy)
		}
	}
	if plain, err := c.r.Sender.PlainClient(); err == nil {
		add(c.r.Places.Clients[plain])
	}
	for _, a := range hopconfig.WithBehind(c.r.World, c.r.attemptsOf(c.Case)) {
		add(c.r.Places.Clients[a.From])
		if server, err := c.r.Places.Server(a.Reached().Service, a.Want.Subset); err == nil {
			add(server)
		}
	}
	return pods
}
