package join

import (
	"fmt"
	"slices"

	"mtls.test/conformance/e2e/pure/hop"
)

// JoinClient gives the attempt what its client's end shows. It comes first: the client names the connection, and its proxy the
// server's pod.
func (a *Attempt) JoinClient() {
	a.joinClient()
	for _, end := range []*hop.Observation{a.Check.Observers.Client, a.Check.Observers.Probe} {
		if end != nil {
			a.ComeTo(end.Conn.Destination.Addr())
		}
	}
}

func (a *Attempt) joinClient() {
	observers := &a.Check.Observers
	switch {
	case a.Unsent != nil:
		a.unanswered()
		return
	case a.Check.ClientKind == hop.Prober:
		observers.Probe = a.ClientEnd
		return
	case a.Check.ClientKind == hop.Plain:
		observers.Client = a.ClientEnd
	case a.Kept != nil && a.Kept.Streams:
		observers.Client = a.stream()
		return
	case slices.Contains(a.Check.Without, hop.Client):
		return
	default:
		observers.Client = withReply(a.ClientEnd, a.Reply)
	}
	if a.Kept != nil {
		observers.Client = a.closedIfMoved()
	}
}

// unanswered says that the client's agent does not tell what became of the attempt.
func (a *Attempt) unanswered() {
	seen := &hop.Observation{Source: hop.Client, By: a.Client.Pod, ID: a.ID, Missing: a.Unsent.Error()}
	if a.Check.ClientKind == hop.Prober {
		seen.Source = hop.Probe
		a.Check.Observers.Probe = seen
		return
	}
	a.Check.Observers.Client = seen
}

// withReply adds to what a client's proxy saw what its application knows: whether the answer or the end that the proxy
// handed on was the server's, and whether the bytes that it passed on unread were TLS of the application's own.
func withReply(seen *hop.Observation, reply Reply) *hop.Observation {
	switch {
	case seen.Missing != "" || seen.Says == hop.Refused:
	case !reply.Answered:
		seen.Says, seen.Symptom.Error = hop.Refused, reply.Error
	case reply.TLS != nil && (seen.Says == hop.Raw || seen.Says == hop.AppTLS):
		seen.Says, seen.TLS = hop.AppTLS, reply.TLS
	case seen.Says == hop.Raw:
		seen.Says = hop.Plaintext
	}
	return seen
}

// stream is what the client's application knows of a stream that it keeps: that it went on, or has ended.
func (a *Attempt) stream() *hop.Observation {
	seen := &hop.Observation{
		Source: hop.Client, By: a.Client.Pod, ID: a.ID, At: a.Kept.LastAt,
		Conn: a.Kept.Conn, Says: hop.Served, Symptom: hop.Symptom{Error: a.Kept.Error},
	}
	if !a.Kept.Ended.IsZero() {
		seen.At, seen.Says, seen.Refusal = a.Kept.Ended, hop.Refused, hop.Closed
	}
	return seen
}

// closedIfMoved says that a kept connection is closed where the request left on another one. What became of that other
// connection is not asked. Of several pods behind a name the client's proxy may have picked another, with the connection still open.
func (a *Attempt) closedIfMoved() *hop.Observation {
	seen, kept := a.Check.Observers.Client, a.Kept.Conn
	switch {
	case seen.Missing != "" || seen.Conn.Source == kept.Source:
		return seen
	case a.Kept.Pods > 1 && a.Check.ClientKind != hop.Plain:
		a.Check.Unreached = fmt.Sprintf("the request left from %s instead, as it may to another of %d pods: whether the kept connection is closed is not known", seen.Conn.Source, a.Kept.Pods)
		return &hop.Observation{Source: hop.Client, By: seen.By, ID: seen.ID, At: seen.At, Conn: kept, Missing: a.Check.Unreached}
	}
	return &hop.Observation{
		Source: hop.Client, By: seen.By, ID: seen.ID, At: seen.At, Conn: kept, Says: hop.Refused, Refusal: hop.Closed,
		Symptom: hop.Symptom{Error: fmt.Sprintf("the request left from %s instead: %s", seen.Conn.Source, seen.Says)},
	}
}

// JoinPast says of an attempt that the log of its client's proxy lacks that it went past the proxy. The caller has seen a
// later request of the same application in that log, which lost nothing since.
func (a *Attempt) JoinPast() {
	seen := a.Check.Observers.Client
	a.Check.Observers.Client = &hop.Observation{Source: hop.Client, By: seen.By, ID: seen.ID, Says: hop.Absent}
}
