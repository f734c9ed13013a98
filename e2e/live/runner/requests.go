package runner

import (
	"net/netip"
	"slices"
	"strings"

	"mtls.test/conformance/e2e/live/runner/attempt"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/join"
	"mtls.test/conformance/e2e/pure/verdict"
)

// requests are those of one run of a case. What is seen of them in clear is judged until the suite ends: a copy may come late.
type requests struct {
	name    string
	verdict *verdict.Case // the run's
	ended   bool

	checks []checked                   // in the order of the verdict's
	calls  []join.Call                 // that the case expects to go in clear
	kept   map[string]join.Origin      // by the id of the request that opened the connection, which all between the checks bear
	flows  map[string][]netip.AddrPort // by what begins the ids of background traffic: where it may come into a gateway
}

// checked are the requests of one check.
type checked struct {
	byID  map[string]join.Origin
	tries []string     // begin the ids of requests that sought its destination
	pods  []netip.Addr // at either end
}

// noCheck is the place of a check of requests that are of none.
const noCheck = -1

// add adds a check, whose requests come from origins.
func (q *requests) add(origins []attempt.Origin) {
	of := checked{byID: map[string]join.Origin{}}
	for _, one := range origins {
		of.byID[one.ID] = one.Origin
		if one.Tries != "" {
			of.tries = append(of.tries, one.Tries)
		}
		of.pods = append(of.pods, one.Pods...)
		for _, call := range one.Plain {
			q.calls = with(q.calls, call)
		}
	}
	q.checks = append(q.checks, of)
}

// keep adds the requests that a kept connection carries beside those of checks. ToProxy are the connections that lead to
// the client's proxy, and entries where they may come into a gateway.
func (q *requests) keep(opened connection, toProxy []hop.FiveTuple, entries []netip.AddrPort) {
	from := join.Origin{Clear: toProxy, Entries: entries}
	if opened.prediction.Says == hop.Plaintext {
		from.Clear = append(from.Clear, opened.conn)
		q.calls = with(q.calls, join.Call{From: opened.client.Address, To: opened.conn.Destination})
	} else {
		from.Own = append(from.Own, opened.conn)
	}
	q.kept[opened.name] = from
}

// origin finds where a request comes from, and the place of its check; false for a sentinel or the like.
func (q *requests) origin(id string) (from join.Origin, check int, found bool) {
	begins := func(prefix string) bool { return strings.HasPrefix(id, prefix) }
	for i, of := range q.checks {
		if one, known := of.byID[id]; known {
			return one, i, true
		}
		if slices.ContainsFunc(of.tries, begins) {
			return join.Origin{Calls: q.calls}, i, true
		}
	}
	if one, known := q.kept[id]; known {
		one.Calls = q.calls
		return one, noCheck, true
	}
	for prefix, entries := range q.flows {
		if begins(prefix) {
			return join.Origin{Calls: q.calls, Entries: entries}, noCheck, true
		}
	}
	return join.Origin{}, noCheck, false
}

// judge gives the verdict what was seen of a request in clear and nothing explains, and tells whether there was something.
// Downstream tells on which connections the request came to the client's proxy, and name whose an address is.
func (q *requests) judge(id string, seen []join.Sighting, downstream func(id string) []hop.FiveTuple, name func(netip.Addr) string) bool {
	from, check, found := q.origin(id)
	if !found {
		return false
	}
	from.Clear = append(slices.Clone(from.Clear), downstream(id)...)
	copies := from.Copies(seen, name)
	if len(copies) == 0 {
		return false
	}
	q.verdict.AddCopies(check, copies)
	return true
}

// unscanned makes the checks that rest on a pod INCONCLUSIVE: all of them where it is not valid.
func (q *requests) unscanned(pod netip.Addr, why string) {
	for i, of := range q.checks {
		if !pod.IsValid() || slices.Contains(of.pods, pod) {
			q.verdict.Unscanned(i, why)
		}
	}
}
