package verdict

import (
	"cmp"
	"fmt"
	"strings"

	"mtls.test/conformance/e2e/pure/hop"
)

// LeastRequests is how many background requests must have been made for "no request was lost" to say anything.
const LeastRequests = 20

// overlaps reports whether a request was certainly under way at an instant of another span.
func overlaps(s, other hop.Span) bool {
	if s.Sometime {
		return !s.From.Before(other.From) && !s.To.After(other.To)
	}
	return !s.To.Before(other.From) && !s.From.After(other.To)
}

// force is the interval in which a change took force: from when the API server had it until every proxy concerned had it.
// Nobody reports at which instant in it a proxy switched to the new configuration.
func (c Change) force() hop.Span { return hop.Span{From: c.At, To: c.Settled.At} }

// whole is the span from the first request of the traffic to the last.
func whole(t *hop.Traffic) hop.Span {
	var whole hop.Span
	for i, span := range t.Spans {
		if i == 0 || span.From.Before(whole.From) {
			whole.From = span.From
		}
		if span.To.After(whole.To) {
			whole.To = span.To
		}
	}
	return whole
}

// underWay counts the requests that were certainly under way while a change took force.
func underWay(t *hop.Traffic, c Change) int {
	count := 0
	for _, span := range t.Spans {
		if overlaps(span, c.force()) {
			count++
		}
	}
	return count
}

// concludeTraffic judges the background traffic: a request that was lost is a FAIL; where none was, but too few were made,
// or none was under way when a change took force, nothing is shown.
func (c *Case) concludeTraffic() {
	t := c.Traffic
	if t == nil {
		return
	}
	if t.Unanswered > 0 {
		c.worsen(hop.Fail, fmt.Sprintf("%d of %d background requests were not answered: %s", t.Unanswered, t.Requests, cmp.Or(strings.Join(t.Errors, "; "), "nobody says why")))
	}
	if t.Requests < LeastRequests {
		c.worsen(hop.Inconclusive, fmt.Sprintf("%d background requests were made, and fewer than %d show nothing: look whether the gateway serves, and run the case again", t.Requests, LeastRequests))
	}
	changes, whole := 0, whole(t)
	for i, change := range c.Changes {
		if change.At.Before(whole.From) || change.At.After(whole.To) {
			continue
		}
		changes++
		c.Changes[i].Requests = underWay(t, change)
		if c.Changes[i].Requests == 0 {
			c.worsen(hop.Inconclusive, fmt.Sprintf("no background request was under way when %s in step %d took force, so that none was lost shows nothing of it", change.Act, change.Step))
		}
	}
	if changes == 0 {
		c.worsen(hop.Inconclusive, "no change was made while the background traffic ran, so that no request was lost shows nothing")
	}
}
