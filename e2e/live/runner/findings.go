package runner

import (
	"context"
	"slices"

	"mtls.test/conformance/e2e/live/mesh"
)

// finding is a defect of a pod that silences one of its observers, as found during set-up; without a pod it concerns all. The
// cases that rest on the pod judge it.
type finding struct {
	pod  mesh.Proxy
	what string
}

// find records a finding. An error of a context that has ended is none, and is returned.
func (r *Runner) find(ctx context.Context, pod mesh.Proxy, err error) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	r.findings = append(r.findings, finding{pod, err.Error()})
	return nil
}

// found lists the findings that concern a case, and why an end of one of its hops has no pod.
func (c *CaseRun) found() (findings, lacking []string) {
	pods := c.restsOn()
	for _, f := range c.r.findings {
		if f.pod == (mesh.Proxy{}) || slices.Contains(pods, f.pod) {
			findings = with(findings, f.what)
		}
	}
	lack := func(err error) {
		if err != nil {
			lacking = with(lacking, err.Error())
		}
	}
	for _, a := range c.r.attemptsOf(c.Case) {
		_, err := c.r.Places.Client(a.From)
		lack(err)
		_, err = c.r.Places.Server(a.Reached().Service, a.Want.Subset)
		lack(err)
	}
	return findings, lacking
}
