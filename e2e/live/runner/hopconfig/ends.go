package hopconfig

import (
	"encoding/pem"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/e2e/pure/envoy"
	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/interception"
	"mtls.test/conformance/e2e/pure/join"
)

// server reads what stands before a server's application in a pod; the gateway is one at its own listeners.
func (r *Reader) server(to hop.ServicePort, place mesh.Place, dumps dumps) (envoy.ServerFacts, error) {
	service, port, _ := r.World.Port(to)
	capture := r.inbound(to, place)
	switch {
	case !place.Proxied:
		return envoy.WithoutProxy(port.Workload), nil
	case capture.Unknown:
		return envoy.ServerFacts{}, fmt.Errorf("whether %s gets port %d is not known: %s", place, port.Workload, capture.Why)
	case !capture.Taken:
		return envoy.WithoutProxy(port.Workload), nil
	}
	at := netip.AddrPortFrom(place.Address, port.Workload)
	var facts envoy.ServerFacts
	dump, err := dumps.of(place.Proxy)
	if err != nil {
		return facts, err
	}
	if service.Relays() {
		facts, err = dump.Gateway(at.Port())
	} else {
		facts, err = dump.ServerAt(at)
	}
	if err != nil {
		return facts, fmt.Errorf("%s: %w", place, err)
	}
	return facts, nil
}

// inbound is whether the proxy of a server's pod gets what comes to a port. A gateway listens itself, and without a proxy there is
// nothing to tell.
func (r *Reader) inbound(to hop.ServicePort, place mesh.Place) interception.Capture {
	service, port, _ := r.World.Port(to)
	if !place.Proxied || service.Relays() {
		return interception.Capture{Taken: true}
	}
	return r.Places.Interceptions[place.Proxy].Inbound(port.Workload)
}

// Does is what the two applications do, beside what their proxies are configured to.
func (r *Reader) Does(a join.Attempt) envoy.Attempt {
	service, port, _ := r.World.Port(a.To)
	does := envoy.Attempt{Speaks: envoy.SpeechOf(port.Protocol), At: time.Now()}
	if a.Want.As == "tcp" {
		does.Speaks = envoy.SpeaksBytes
	}
	if does.Speaks.HTTP() {
		does.Host = fmt.Sprintf("%s:%d", service.Host(), port.Number)
	}
	if port.Protocol == hop.TLS {
		does.Own = envoy.Hello{SNI: service.Host(), TLSContext: envoy.TLSContext{ALPN: []string{"http/1.1"}}}
		does.Serves = &envoy.ServerEnd{TLSContext: envoy.TLSContext{CertificateSecret: "product-tls", Certificate: r.Application}, TakesAny: true}
	}
	return does
}

// Hello is a probe's end of the handshake.
func (r *Reader) Hello(a join.Attempt) envoy.Hello {
	probe := a.Want.Probe
	hello := envoy.Hello{SNI: probe.SNI, TLSContext: envoy.TLSContext{ALPN: probe.ALPN, MinTLS: "TLSv1_2", MaxTLS: "TLSv1_3"}}
	if probe.TLS != "" {
		only := "TLSv" + strings.ReplaceAll(probe.TLS, ".", "_")
		hello.MinTLS, hello.MaxTLS = only, only
	}
	if probe.Certificate == fixture.NoCertificate {
		return hello
	}
	now := time.Now()
	credential := &envoy.Credential{Identity: r.Places.Clients[a.From].First().Account, NotBefore: now.Add(-time.Hour), NotAfter: now.Add(time.Hour)}
	switch probe.Certificate {
	case fixture.ExpiredOne:
		credential.NotAfter = now.Add(-time.Minute)
	case fixture.NotYetValid:
		credential.NotBefore = now.Add(time.Minute)
	case fixture.ForeignDomain:
		credential.Identity = hop.Identity(strings.Replace(string(credential.Identity), "spiffe://"+r.World.Placement.TrustDomain+"/", "spiffe://foreign.test/", 1))
	}
	if block, _ := pem.Decode([]byte(r.Root(probe.Certificate))); block != nil && probe.Certificate != fixture.SelfSigned {
		credential.Root = block.Bytes
	}
	hello.Credential = credential
	return hello
}
