// Package join gives each attempt what the observers saw of it. It takes observations as values and decides which of them
// are of this attempt and no other: by the request's id, by the connection's 5-tuple, or as the only connection that is left.
package join

import (
	"net/netip"
	"time"

	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/verdict"
)

// Attempt is one request over one hop: what is expected of it, its two ends, and what was gathered about it.
type Attempt struct {
	hop.Hop
	ID   string // x-hop-id
	Want fixture.Expect

	ExpectedBy verdict.ExpectedBy // empty for the case

	Check       verdict.Check // its observers are filled by joining
	Client      End
	Server      End            // not known before an observer names it, where Servers are several
	Servers     []End          // to any of which it may come
	Destination netip.AddrPort // where its connection arrives, after Service translation; the port alone as long as Server is not known
	Kept        *Kept          // the connection on which it is sent again; nil for a new one
	Spread      string         // begins the ids of the requests that are spread over the same pods, or seek one destination, for one check; empty where it is the only one

	Reply     Reply            // of the server's application, as the client's application has it
	ClientEnd *hop.Observation // by the client's proxy, by its own socket where it has no proxy, or by the probe; nil where none is asked
	Unlogged  bool             // the log of the client's proxy is whole and has no line of it
	Unsent    error            // the client's agent does not tell what became of it
}

// Reached is the service port whose server the attempt must come to.
func (a *Attempt) Reached() hop.ServicePort { return a.Want.Reached(a.To) }

// End is the pod at one end of a hop.
type End struct {
	Pod     string // NAMESPACE/POD
	Address netip.Addr
	Proxied bool
	Blind   error // why packets of the pod prove nothing
}

// Reply is what the client's application has of its request.
type Reply struct {
	Answered bool          // by the server's application, which saw this very request
	Error    string        // of the socket, the client library or the gRPC status
	TLS      *hop.TLSFacts // of the application's own session
}

// Kept is a connection from before the attempt, and what the client's application knows of it.
type Kept struct {
	Conn    hop.FiveTuple // between the two ends that the tap sees
	Streams bool          // its request has no end yet
	Pods    int           // behind the name that is called: of several, a request may come to another than the connection leads to
	LastAt  time.Time     // when the stream last brought something
	Ended   time.Time     // zero where the stream goes on
	Error   string
}

// Moved tells that the attempt did not go over the connection that it is about.
func (a *Attempt) Moved() bool {
	seen := a.Check.Observers.Client
	return a.Kept != nil && seen != nil && seen.Refusal == hop.Closed
}

// Served tells that the client has an answer of the server's application.
func (a *Attempt) Served() bool {
	if a.Check.ClientKind == hop.Prober {
		probe := a.Check.Observers.Probe
		return probe != nil && probe.Missing == "" && probe.Says != hop.Refused
	}
	return a.Reply.Answered
}

// named is the connection by the client's own record; without a source where it names none.
func (a *Attempt) named() hop.FiveTuple {
	if a.Kept != nil {
		return a.Kept.Conn
	}
	for _, end := range []*hop.Observation{a.Check.Observers.Client, a.Check.Observers.Probe} {
		if end != nil && end.Conn.Source.IsValid() {
			return hop.FiveTuple{Source: end.Conn.Source, Destination: a.Destination}
		}
	}
	return hop.FiveTuple{}
}

// mayBe are the connections that the client's own record may mean: one for each pod to which the attempt may have come.
func (a *Attempt) mayBe() []hop.FiveTuple {
	named := a.named()
	if !named.Source.IsValid() || a.Kept != nil {
		return []hop.FiveTuple{named}
	}
	var all []hop.FiveTuple
	for _, to := range a.destinations() {
		all = append(all, hop.FiveTuple{Source: named.Source, Destination: to})
	}
	return all
}

// Source is where the attempt's connection left from: by the client's own record, else by the wire. It is not valid where
// neither names it.
func (a *Attempt) Source() netip.AddrPort {
	from := a.named().Source
	if wire := a.Check.Observers.Wire; !from.IsValid() && wire != nil {
		from = wire.Conn.Source
	}
	return from
}

// Kind is what stands between the attempt's client and the network.
func (a *Attempt) Kind(world fixture.World) hop.ClientKind {
	if a.Want.Probe != nil {
		return hop.Prober
	}
	client, _ := world.Client(a.From)
	return client.Kind
}
