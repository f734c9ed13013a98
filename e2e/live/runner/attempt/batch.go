// Package attempt sends the attempts of a batch, gathers what every observer has of them and has it joined.
package attempt

import (
	"net/netip"
	"slices"
	"time"

	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/e2e/live/observe"
	"mtls.test/conformance/e2e/live/runner/hopconfig"
	"mtls.test/conformance/e2e/live/traffic"
	"mtls.test/conformance/e2e/pure/join"
	"mtls.test/conformance/e2e/pure/verdict"
	"mtls.test/conformance/fixtures/agent/call"
	"mtls.test/conformance/fixtures/agent/seen"
)

// Collector sends attempts and observes them.
type Collector struct {
	Config *hopconfig.Reader
	Mesh   *mesh.Mesh
	Sender *traffic.Sender
	Prober *traffic.Prober
	Logs   *observe.Logs
	Taps   *observe.Taps // nil where the wire may not be read

	// Watched is the time from which on the taps watch every server, by the runner's clock.
	Watched time.Time
	// Blind tells why the packets of a server's pod prove nothing; nil where its tap was seen to see plaintext.
	Blind func(mesh.Proxy) error
}

// Batch is attempts that are sent at once.
type Batch struct {
	Name  string    // of the run, the case and the step; it begins the ids of sentinels
	Began time.Time // between what the taps saw before and what the batch makes them see

	Lines   []string          // access log lines of the attempts, as the proxies wrote them
	Packets map[string][]byte // pcap files of the attempts, by id, cut after the handshake

	added   []*sent
	sent    []*sent // those that are observed: all but such as did not come to where they had to
	marks   map[mesh.Proxy]observe.Mark
	servers map[mesh.Proxy]*server
}

// sent is an attempt of a batch, with what only the live side knows of it.
type sent struct {
	*join.Attempt
	over        Over
	tries       string           // begins the ids of the requests that seek its destination
	clearBehind []netip.AddrPort // whom the server, a gateway, may call in clear for the attempt
	behind      *mesh.Place      // the pod to which a gateway passes the connection on unread; nil where there is none

	result  call.Result
	reached bool                            // one of the requests that sought a destination came there, and is the attempt
	before  map[mesh.Proxy]observe.Counters // of the servers, where the attempt is counted
}

// server is a server of a batch, and what it shows behind the batch.
type server struct {
	place     mesh.Place
	watermark join.Watermark
	received  map[string][]seen.Record // by its application, by id
	unasked   error                    // why the application could not be asked
}

// NewBatch returns a batch without attempts.
func NewBatch(name string, began time.Time) *Batch {
	return &Batch{
		Name: name, Began: began, Packets: map[string][]byte{}, marks: map[mesh.Proxy]observe.Mark{}, servers: map[mesh.Proxy]*server{},
	}
}

// Made are the checks of the attempts, each with the pair of pods that it went over, in the order in which they were added.
func (b *Batch) Made() []verdict.AtPair {
	var all []verdict.AtPair
	for _, s := range b.added {
		made := verdict.AtPair{Pair: verdict.Pair{Client: s.over.Client.String(), Server: s.server().String(), Requests: 1}, Check: s.Check}
		if s.Check.Unplaced || s.Check.Unreached != "" {
			made.Requests = 0
		}
		all = append(all, made)
	}
	return all
}

func (b *Batch) attempts() []*join.Attempt {
	var all []*join.Attempt
	for _, s := range b.sent {
		all = append(all, s.Attempt)
	}
	return all
}

// keep keeps a line of an access log.
func (b *Batch) keep(raw string) {
	if raw != "" {
		b.Lines = append(b.Lines, raw)
	}
}

// end is a place as an end of a hop.
func (c *Collector) end(place mesh.Place) join.End {
	return join.End{Pod: place.String(), Address: place.Address, Proxied: place.Proxied, Blind: c.Blind(place.Proxy)}
}

// server is the pod to which the attempt came, once that is decided.
func (s *sent) server() mesh.Place {
	at := slices.IndexFunc(s.over.Servers, func(place mesh.Place) bool { return place.String() == s.Server.Pod })
	return s.over.Servers[max(at, 0)]
}

// replied takes the result of the attempt's request, as the client's application has it.
func (s *sent) replied(result call.Result) {
	s.result = result
	s.Reply = join.Reply{Answered: result.Answered(), Error: result.Error}
	if result.TLS != nil {
		s.Reply.TLS = observe.OwnTLS(result.TLS)
	}
}

// byID finds an attempt of the batch by the id that it was sent with.
func (b *Batch) byID(id string) *sent {
	return b.sent[slices.IndexFunc(b.sent, func(s *sent) bool { return s.ID == id })]
}
