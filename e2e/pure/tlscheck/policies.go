package tlscheck

import (
	"slices"
	"strings"

	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/oracle"
)

// Policies are the objects that decide what is asked of a hop to a host, and those that are written for it and do not count. The
// snapshot is the one that was asked; there are none of a hop whose answer is not to be trusted.
func (h Hop) Policies(snapshot oracle.Snapshot, host string) []oracle.Policy {
	if len(h.Asked.Rules) == 0 {
		return nil
	}
	answers := []oracle.EndpointAnswer{snapshot.AskAddress(h.Client, h.Endpoint, h.Behind)}
	if !h.ByAddress {
		answers = snapshot.AskEach(h.question(host))
	}
	i := slices.IndexFunc(answers, func(a oracle.EndpointAnswer) bool {
		there := h.ByAddress || a.Endpoint == h.Endpoint && a.Address == h.Address && a.Port == h.Behind
		return there && a.Server == h.Asked.Server && a.Client == h.Asked.Client
	})
	if i < 0 {
		return nil
	}
	return snapshot.InForce(answers[i])
}

// question is what was asked of a hop by the host's name.
func (h Hop) question(host string) oracle.Question {
	own := hop.ServicePort{Service: host, Port: h.Port}
	q := oracle.Question{Client: h.Client, To: own, Subset: h.Subset}
	if h.Route != nil {
		q.Subset = h.Route.Subset
		if h.Route.To.Service != "" {
			q.To = h.Route.To
		}
	}
	q.Routed = q.To != own
	return q
}

// writePolicies prints the objects that decide, with a mark before the lines that do, and why others do not count.
func writePolicies(line func(name, format string, arguments ...any), policies []oracle.Policy) {
	name := "in force"
	for _, own := range policies {
		if own.Decides == "" {
			continue
		}
		line(name, "%s, at the %s", own.Object, own.Decides)
		name = ""
		for i, text := range strings.Split(strings.TrimSuffix(own.Text, "\n"), "\n") {
			mark := " "
			if slices.Contains(own.Lines, i+1) {
				mark = ">"
			}
			line("", "%s %s", mark, text)
		}
	}
	name = "not counted"
	for _, own := range policies {
		if own.Decides == "" {
			line(name, "%s: %s (%s)", own.Object, own.Why, own.Lost)
			name = ""
		}
	}
}
