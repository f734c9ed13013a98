package runner

import (
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/e2e/pure/envoy"
	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/verdict"
)

// facts reads what both proxies of each attempt have in force, by the attempt's id; each proxy is asked once. Where one does not
// tell, the configuration of its attempts is missing. The error is the context's.
func (p *Player) facts(ctx context.Context, attempts []attempt) (map[string]verdict.Config, error) {
	dumps := p.dumps(ctx, attempts)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	facts := map[string]verdict.Config{}
	for _, a := range attempts {
		facts[a.id] = p.config(a, dumps)
	}
	return facts, nil
}

// dumps are what proxies have in force, each or why it is not known.
type dumps map[mesh.Proxy]dumped

type dumped struct {
	dump *envoy.Dump
	err  error
}

func (d dumps) of(proxy mesh.Proxy) (*envoy.Dump, error) {
	read, asked := d[proxy]
	if !asked {
		return nil, fmt.Errorf("%s was not asked for its configuration", proxy)
	}
	return read.dump, read.err
}

func (p *Player) dumps(ctx context.Context, attempts []attempt) dumps {
	var mu sync.Mutex
	var readers sync.WaitGroup
	all := dumps{}
	for proxy, wanted := range p.wanted(attempts) {
		readers.Go(func() {
			dump, err := p.Read(ctx, proxy, wanted)
			if err == nil && len(dump.Rejected) > 0 {
				err = fmt.Errorf("%s refuses its newest configuration: %s", proxy, strings.Join(dump.Rejected, "; "))
			}
			mu.Lock()
			defer mu.Unlock()
			all[proxy] = dumped{dump, err}
		})
	}
	readers.Wait()
	return all
}

// wanted is what decides the attempts in the configuration of each proxy.
func (p *Player) wanted(attempts []attempt) map[mesh.Proxy]envoy.Wanted {
	for _, a := range attempts {
		if behind, found := p.behind(a); found {
			attempts = append(attempts, behind)
		}
	}
	all := map[mesh.Proxy]envoy.Wanted{}
	for _, a := range attempts {
		service, port, _ := p.World.Port(a.To)
		if server, err := p.Places.Server(a.To.Service, a.want.Subset); err == nil && server.Proxied {
			wanted := all[server.Proxy]
			if service.Relays() {
				wanted.Listeners, wanted.Onward = true, true
			} else {
				wanted.Inbound = true
			}
			all[server.Proxy] = wanted
		}
		if client := p.Places.Clients[a.From]; client.Proxied {
			wanted := all[client.Proxy]
			wanted.Clusters = with(wanted.Clusters, cluster(a, service))
			wanted.Ports = with(wanted.Ports, port.Number)
			wanted.Listeners = wanted.Listeners || p.kind(a) == hop.Gateway
			all[client.Proxy] = wanted
		}
	}
	return all
}

// with adds an element to a set.
func with[T comparable](set []T, one T) []T {
	if slices.Contains(set, one) {
		return set
	}
	return append(set, one)
}

func (p *Player) config(a attempt, dumps dumps) verdict.Config {
	service, port, _ := p.World.Port(a.To)
	place, err := p.Places.Server(a.To.Service, a.want.Subset)
	if err != nil {
		return verdict.Config{Missing: err.Error()}
	}
	var config verdict.Config
	facts, err := p.server(a.To, a.want.Subset, dumps)
	if err != nil {
		return verdict.Config{Missing: err.Error()}
	}
	if place.Proxied {
		dump, _ := dumps.of(place.Proxy)
		tls := slices.ContainsFunc(facts.Chains, func(chain envoy.ChainFacts) bool { return chain.Socket == envoy.TLSSocket })
		config.Secrets.Server, config.Secrets.ServerSerial, err = p.secrets(place.Proxy, dump, tls)
	}
	config.Server = &facts
	does := p.does(a, service, port)
	if behind, found := p.behind(a); found {
		passed, err := p.server(behind.To, "", dumps)
		if err != nil {
			return verdict.Config{Missing: err.Error()}
		}
		does.Behind = &passed
	}
	switch p.kind(a) {
	case hop.Plain:
		config.Prediction = envoy.PredictPlain(facts, does)
	case hop.Prober:
		config.Prediction = envoy.PredictProbe(p.hello(a), facts, does)
	default:
		err = errors.Join(err, p.addClient(&config, p.Places.Clients[a.From].Proxy, dumps, cluster(a, service), netip.AddrPortFrom(place.Address, port.Workload), does))
	}
	if err != nil {
		config.Missing = err.Error()
	}
	return config
}

// server reads what stands before a server's application; the gateway is one at its own listeners.
func (p *Player) server(to hop.ServicePort, subset string, dumps dumps) (envoy.ServerFacts, error) {
	service, port, _ := p.World.Port(to)
	place, err := p.Places.Server(to.Service, subset)
	if err != nil || !place.Proxied {
		return envoy.Naked(port.Workload), err
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

// behind is the attempt as the gateway passes it on to whom its server name means, where it means a service of the
// world (istio/istio pilot/pkg/model/service.go BuildDNSSrvSubsetKey).
func (p *Player) behind(a attempt) (attempt, bool) {
	gateway, _, _ := p.World.Port(a.To)
	if gateway.Kind != fixture.GatewayPod || a.want.Probe == nil {
		return attempt{}, false
	}
	parts := strings.SplitN(a.want.Probe.SNI, "_.", 4)
	if len(parts) != 4 || parts[0] != "outbound" {
		return attempt{}, false
	}
	for _, service := range p.World.Services {
		for _, port := range service.Ports {
			if service.Host() == parts[3] && strconv.Itoa(int(port.Number)) == parts[1] && len(service.Workloads) == 1 {
				return attempt{Hop: hop.Hop{From: a.From, To: hop.ServicePort{Service: service.Name, Port: port.Number}}}, true
			}
		}
	}
	return attempt{}, false
}

// cluster is how a client's proxy names the destination: an alias stands for its target, a pod's address for nothing.
func cluster(a attempt, service fixture.Service) string {
	switch service.Kind {
	case fixture.Pod:
		return envoy.PassthroughCluster
	case fixture.ExternalName:
		return envoy.SubsetName(service.Target, a.To.Port, a.want.Subset)
	}
	return envoy.SubsetName(service.Host(), a.To.Port, a.want.Subset)
}

func (p *Player) addClient(config *verdict.Config, client mesh.Proxy, dumps dumps, cluster string, to netip.AddrPort, does envoy.Attempt) error {
	dump, err := dumps.of(client)
	if err != nil {
		return err
	}
	facts, err := dump.Outbound(cluster, to)
	if err != nil {
		return err
	}
	config.Client = &facts
	config.Prediction = envoy.Predict(facts, *config.Server, does)
	config.Secrets.Client, config.Secrets.ClientSerial, err = p.secrets(client, dump, facts.Socket == envoy.TLSSocket && facts.CertificateSecret == envoy.WorkloadSecret)
	return err
}

// does tells what the two applications do, beside what their proxies are configured to.
func (p *Player) does(a attempt, service fixture.Service, port fixture.Port) envoy.Attempt {
	does := envoy.Attempt{Speaks: envoy.SpeechOf(port.Protocol), At: time.Now()}
	if a.want.As == "tcp" {
		does.Speaks = envoy.SpeaksBytes
	}
	if does.Speaks.HTTP() {
		does.Host = fmt.Sprintf("%s:%d", service.Host(), port.Number)
	}
	if port.Protocol == hop.TLS {
		does.Own = envoy.Hello{SNI: service.Host(), TLSContext: envoy.TLSContext{ALPN: []string{"http/1.1"}}}
		does.Serves = &envoy.ServerEnd{TLSContext: envoy.TLSContext{CertificateSecret: "product-tls", Certificate: p.application}, TakesAny: true}
	}
	return does
}

// hello is a probe's end of the handshake.
func (p *Player) hello(a attempt) envoy.Hello {
	probe := a.want.Probe
	hello := envoy.Hello{SNI: probe.SNI, TLSContext: envoy.TLSContext{ALPN: probe.ALPN, MinTLS: "TLSv1_2", MaxTLS: "TLSv1_3"}}
	if probe.TLS != "" {
		only := "TLSv" + strings.ReplaceAll(probe.TLS, ".", "_")
		hello.MinTLS, hello.MaxTLS = only, only
	}
	if probe.Certificate == fixture.NoCertificate {
		return hello
	}
	now := time.Now()
	credential := &envoy.Credential{Identity: p.Places.Clients[a.From].Account, NotBefore: now.Add(-time.Hour), NotAfter: now.Add(time.Hour)}
	switch probe.Certificate {
	case fixture.ExpiredOne:
		credential.NotAfter = now.Add(-time.Minute)
	case fixture.NotYetValid:
		credential.NotBefore = now.Add(time.Minute)
	case fixture.ForeignDomain:
		credential.Identity = hop.Identity(strings.Replace(string(credential.Identity), "spiffe://"+p.World.Placement.TrustDomain+"/", "spiffe://foreign.test/", 1))
	}
	root := fixture.FirstRoot
	switch probe.Certificate {
	case fixture.MeshCertificate:
		root = p.trust.Signs
	case fixture.ForeignCA:
		root = fixture.ForeignRoot
	}
	if block, _ := pem.Decode([]byte(p.signers()[root].Root)); block != nil && probe.Certificate != fixture.SelfSigned {
		credential.Root = block.Bytes
	}
	hello.Credential = credential
	return hello
}
