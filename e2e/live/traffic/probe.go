package traffic

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"time"

	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/fixtures/agent/call"
	"mtls.test/conformance/fixtures/agent/control"
	"mtls.test/conformance/fixtures/agent/probe"
)

// ProbeAttempt is one TLS handshake of our own over one hop, from a client without a proxy.
type ProbeAttempt struct {
	ID string // x-hop-id
	hop.Hop
	fixture.Probe
	As     hop.Protocol // how a port of undeclared protocol is spoken to inside: HTTP when empty
	Subset string       // that the hop names, where several workloads are behind the service

	By, At mesh.Place // as Attempt's
}

// Prober probes the hops of a world.
type Prober struct {
	sender      *Sender
	authorities mesh.Authorities
	trusted     string // the mesh's roots, PEM
}

// foreignDomain is the trust domain that no mesh of the suite has.
const foreignDomain = "foreign.test"

// The names under which a probe is given the roots that may vouch for a server.
const (
	meshRoot     = "mesh"
	productsRoot = "products"
)

// NewProber returns a prober whose certificates the authorities sign.
func NewProber(sender *Sender, authorities mesh.Authorities) *Prober {
	return &Prober{sender: sender, authorities: authorities, trusted: authorities.MeshRoot}
}

// Trust names the roots, PEM, by which the mesh's servers are verified from now on.
func (p *Prober) Trust(roots []string) { p.trusted = strings.Join(roots, "") }

// Probe makes all attempts at once, each on a connection of its own, and returns their results by id. Where a client's agent
// does not answer, the error is Unsent.
func (p *Prober) Probe(ctx context.Context, attempts []ProbeAttempt) (map[string]probe.Result, error) {
	now := time.Now()
	requests := map[mesh.Proxy][]probe.Request{}
	for _, attempt := range attempts {
		request, err := p.request(attempt, now)
		if err != nil {
			return nil, fmt.Errorf("probe %s: %w", attempt.Hop, err)
		}
		by := attempt.By.Proxy
		if !attempt.By.Known() {
			by = p.sender.places().Clients[attempt.From].First().Proxy
		}
		requests[by] = append(requests[by], request)
	}
	var mu sync.Mutex
	var probers sync.WaitGroup
	results := map[string]probe.Result{}
	unsent := Unsent{}
	for from, batch := range requests {
		probers.Go(func() {
			var answer control.ProbeAnswer
			err := p.sender.Mesh.Control(ctx, from, control.PathProbe, control.ProbeRequest{Probes: batch}, &answer)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				for _, request := range batch {
					unsent[request.ID] = fmt.Errorf("probe from %s: %w", from, err)
				}
			}
			for _, result := range answer.Results {
				results[result.ID] = result
			}
		})
	}
	probers.Wait()
	return results, unsent.orNil()
}

func (p *Prober) request(attempt ProbeAttempt, now time.Time) (probe.Request, error) {
	request, err := p.target(attempt)
	if err != nil {
		return probe.Request{}, err
	}
	_, port, _ := p.sender.World.Port(attempt.To)
	request.ID, request.SNI, request.ALPN, request.TimeoutMillis = attempt.ID, attempt.SNI, attempt.ALPN, patience(port.Protocol)
	if request.WireToken, err = p.sender.Ledger.Issue(attempt.ID); err != nil {
		return probe.Request{}, err
	}
	request.Roots = map[string]string{meshRoot: p.trusted, productsRoot: p.authorities.Products.PEM()}
	if attempt.TLS != "" {
		request.MinVersion, request.MaxVersion = "TLSv"+attempt.TLS, "TLSv"+attempt.TLS
	}
	return request, p.present(&request, attempt.Certificate, p.sender.places().Clients[attempt.From].First().Account, now)
}

// present makes the certificate that an attempt presents.
func (p *Prober) present(request *probe.Request, kind fixture.Certificate, identity hop.Identity, now time.Time) error {
	var pair mesh.KeyPair
	var err error
	switch kind {
	case fixture.NoCertificate:
		return nil
	case fixture.MeshCertificate:
		request.Present = probe.Mesh
		return nil
	case fixture.SelfSigned:
		pair, err = mesh.SelfSigned(identity, around(now))
	case fixture.ForeignCA:
		pair, err = p.authorities.Foreign.Workload(identity, around(now))
	case fixture.FirstCA:
		pair, err = p.authorities.Mesh.Workload(identity, around(now))
	case fixture.ExpiredOne:
		pair, err = p.authorities.Mesh.Workload(identity, mesh.Validity{From: now.Add(-2 * time.Hour), To: now.Add(-time.Hour)})
	case fixture.NotYetValid:
		pair, err = p.authorities.Mesh.Workload(identity, mesh.Validity{From: now.Add(time.Hour), To: now.Add(2 * time.Hour)})
	case fixture.ForeignDomain:
		pair, err = p.authorities.Mesh.Workload(hop.Identity(strings.Replace(string(identity), trustDomain(identity), foreignDomain, 1)), around(now))
	default:
		return fmt.Errorf("certificate %q: there is no way to make one", kind)
	}
	request.Present, request.Chain, request.Key = probe.Given, pair.Chain, pair.Key
	return err
}

// around is a validity that holds now, and for as long as a run may last.
func around(now time.Time) mesh.Validity {
	return mesh.Validity{From: now.Add(-time.Hour), To: now.AddDate(0, 0, 1)}
}

// target is where an attempt goes, and what it says there.
func (p *Prober) target(attempt ProbeAttempt) (probe.Request, error) {
	service, port, found := p.sender.World.Port(attempt.To)
	if !found || service.Kind != fixture.GatewayPod {
		_, way, err := p.sender.route(Attempt{ID: attempt.ID, Hop: attempt.Hop, Subset: attempt.Subset, As: attempt.As, By: attempt.By, At: attempt.At})
		return probe.Request{Address: way.Address, Authority: way.Authority, Inside: inside(way.Protocol)}, err
	}
	place, err := p.sender.at(attempt.At, service.Name, attempt.Subset)
	if err != nil {
		return probe.Request{}, err
	}
	// The gateway's routes go by the name that was asked for.
	request := probe.Request{Address: netip.AddrPortFrom(place.Address, port.Number).String(), Authority: fixture.IngressHost, Inside: inside(spoken(port, attempt.As))}
	if attempt.SNI != "" {
		request.Authority = attempt.SNI
	}
	return request, nil
}

// inside is what is said once our own TLS stands, to a port that is spoken to so.
func inside(protocol call.Protocol) probe.Inside {
	if protocol == call.TLS {
		return probe.HTTPS
	}
	return probe.Inside(protocol)
}
