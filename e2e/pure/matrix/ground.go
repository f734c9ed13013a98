package matrix

import (
	"cmp"

	"mtls.test/conformance/e2e/pure/report"
	"mtls.test/conformance/e2e/pure/upgrade"
)

// ground is what the runs of one cell have in common.
type ground struct {
	From       string // the version of Istio that an upgrade begins with; empty of a run that is none
	Istio      string
	Kubernetes string
	Profile    string
	Lane       string
}

// groundOf is that of a report. A run that ended before its images were known has the versions that it was asked for.
func groundOf(r report.Report) ground {
	e := r.Environment
	g := ground{
		Istio: cmp.Or(e.Istio, e.Settings["ISTIO_VERSION"]), Kubernetes: cmp.Or(e.Kubernetes, e.Settings["KUBERNETES_VERSION"]),
		Profile: e.Profile, Lane: e.Lane,
	}
	switch {
	case r.Upgrade != nil:
		g.From, g.Istio = r.Upgrade.Versions[upgrade.From], r.Upgrade.Versions[upgrade.To]
	case e.Settings["TO"] != "":
		g.From, g.Istio = cmp.Or(e.Istio, e.Settings["FROM"]), e.Settings["TO"]
	}
	return g
}

// compare puts the newest versions first, and an upgrade after the runs on the version that it goes to.
func (g ground) compare(other ground) int {
	return cmp.Or(
		compareVersions(other.Istio, g.Istio), cmp.Compare(g.From, other.From), compareVersions(other.Kubernetes, g.Kubernetes),
		cmp.Compare(g.Profile, other.Profile), cmp.Compare(g.Lane, other.Lane),
	)
}
