package clusterpage

import (
	"cmp"
	"slices"

	"mtls.test/conformance/e2e/pure/explain"
	"mtls.test/conformance/e2e/pure/tlscheck"
)

// service is a service with its answers, the worst first.
type service struct {
	Host, Namespace string
	Answers         []answer
	Notes           []string
	totals
}

func serviceOf(host tlscheck.Host) *service {
	s := &service{Host: host.Host, Namespace: host.Namespace, Notes: slices.Clone(host.Notes), totals: newTotals()}
	if host.Kiali != nil && host.Kiali.Differs != "" {
		s.Notes = append(s.Notes, "Kiali on namespace "+host.Kiali.Namespace+": "+host.Kiali.Differs)
	}
	for _, row := range host.Rows {
		s.Answers = append(s.Answers, answersOf(row)...)
	}
	slices.SortStableFunc(s.Answers, func(a, b answer) int { return cmp.Compare(rank(a.Row.Status), rank(b.Row.Status)) })
	for _, a := range s.Answers {
		for _, line := range a.Lines {
			s.count(a, line.Hops)
		}
	}
	return s
}

// ID is the service's place on the page.
func (s *service) ID() string { return "service-" + s.Namespace + "/" + s.Host }

// Hints are the causes of what is not OK, each once.
func (s *service) Hints() []*explain.Cause {
	var all []*explain.Cause
	for _, a := range s.Answers {
		if cause := a.cause(); cause != nil && !slices.Contains(all, cause) {
			all = append(all, cause)
		}
	}
	return all
}
