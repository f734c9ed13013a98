package oracle

import (
	"fmt"
	"strings"

	"mtls.test/conformance/e2e/pure/hop"
)

// askReached answers for requests that the client's routes lead to another service port, or to one of several subsets. There
// is no answer where no object leads them there. What is spoken is what the destination's port declares.
func (s Snapshot) askReached(q Question) []EndpointAnswer {
	led := s.RoutesTo(q.Client, q.To, q.Reaches)
	reached, err := s.find(q.Reaches, usedRules{})
	if err != nil {
		return unasked(err.Error(), usedRules{})
	}
	if len(led.Unknown) > 0 {
		return unasked(strings.Join(led.Unknown, "; "), usedRules{})
	}
	destination := hop.ServicePort{Service: reached.host, Port: reached.port.Number}
	if hop.LeastShare(led.Routes, destination, q.Subset) == 0 {
		why := fmt.Sprintf("no route of %s leads requests for %s to %s %s", q.Client, q.To, destination, q.Subset)
		return unasked(strings.TrimSpace(why), usedRules{})
	}
	if called, err := s.find(q.To, usedRules{}); err == nil && (called.host != destination.Service || called.port.Number != destination.Port) {
		q.Routed = true
	}
	q.To, q.Reaches = destination, hop.ServicePort{}
	answers := s.AskEach(q)
	for i := range answers {
		answers[i].Rules = unite(answers[i].Rules, led.Rules)
		answers[i].grounds.led = leading(led.Routes, destination, q.Subset)
	}
	return answers
}

// leading are the objects whose routes lead to a destination.
func leading(routes []hop.Route, to hop.ServicePort, subset string) []string {
	var all []string
	for _, route := range routes {
		if route.To == to && route.Subset == subset && !route.Mirror && route.By != "" {
			all = append(all, route.By)
		}
	}
	return distinct(all)
}

// RoutesTo answers where a client's requests for a service port lead by the objects alone, as far as one destination is
// concerned: of a sidecar all Routes of the port, of a gateway those that have the destination among theirs.
func (s Snapshot) RoutesTo(client string, to, destination hop.ServicePort) RouteAnswer {
	if from, found := s.workload(client); found && from.Gateway {
		to = destination
	}
	return s.Routes(client, to)
}
