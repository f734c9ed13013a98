package runner

import (
	"context"
	"fmt"
	"slices"

	"mtls.test/conformance/e2e/live/mesh"
)

// finding is what set-up found of a pod that keeps an observer of it from speaking; of no pod, where it concerns all. It is for
// the cases that rest on the pod to judge.
type finding struct {
	pod  mesh.Proxy
	what string
}

// find records a finding. An error of a context that has ended is none, and is returned.
func (p *Player) find(ctx context.Context, pod mesh.Proxy, err error) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	p.findings = append(p.findings, finding{pod, err.Error()})
	return nil
}

// found lists the findings that concern a case, and the ends of its hops for which there is not one pod.
func (p *play) found() (findings, lacking []string) {
	pods := p.restsOn()
	for _, f := range p.findings {
		if f.pod == (mesh.Proxy{}) || slices.Contains(pods, f.pod) {
			findings = with(findings, f.what)
		}
	}
	lack := func(err error) {
		if err != nil {
			lacking = with(lacking, err.Error())
		}
	}
	for _, a := range p.attemptsOf(p.c) {
		_, err := p.Places.Client(a.From)
		lack(err)
		_, err = p.Places.Server(a.To.Service, a.want.Subset)
		lack(err)
	}
	return findings, lacking
}

// uncontrolled tells why packets of a server's pod prove nothing; nil where its tap was seen to see plaintext.
func (p *Player) uncontrolled(pod mesh.Proxy) error {
	if why := p.blind[pod]; why != nil {
		return fmt.Errorf("the tap is not known to see plaintext where there is some: %w", why)
	}
	return nil
}
