package steps

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"

	"mtls.test/conformance/e2e/envoy"
	"mtls.test/conformance/e2e/fixture"
	"mtls.test/conformance/e2e/hop"
	"mtls.test/conformance/e2e/mesh"
	"mtls.test/conformance/e2e/verdict"
)

// hops lists every hop of the world.
func (p *Player) hops() []hop.Hop {
	var hops []hop.Hop
	for _, client := range p.World.Clients {
		for _, service := range p.World.Services {
			for _, port := range service.Ports {
				hops = append(hops, hop.Hop{From: client.Name, To: hop.ServicePort{Service: service.Name, Port: port.Number}})
			}
		}
	}
	return hops
}

// facts reads what both proxies of each hop have in force; each proxy is asked once.
func (p *Player) facts(ctx context.Context, hops []hop.Hop) (map[hop.Hop]verdict.Config, error) {
	dumps, err := p.dumps(ctx, hops)
	if err != nil {
		return nil, err
	}
	facts := map[hop.Hop]verdict.Config{}
	for _, h := range hops {
		facts[h] = p.config(h, dumps)
	}
	return facts, nil
}

func (p *Player) dumps(ctx context.Context, hops []hop.Hop) (map[mesh.Proxy]*envoy.Dump, error) {
	proxies := map[mesh.Proxy]bool{}
	for _, h := range hops {
		proxies[p.Places.Services[h.To.Service].Proxy] = true
		if client, _ := p.World.Client(h.From); client.Kind != hop.Plain {
			proxies[p.Places.Clients[h.From].Proxy] = true
		}
	}
	var mu sync.Mutex
	var readers sync.WaitGroup
	var failed []error
	dumps := map[mesh.Proxy]*envoy.Dump{}
	for proxy := range proxies {
		readers.Go(func() {
			dump, err := p.Mesh.Dump(ctx, proxy)
			if err == nil && len(dump.Rejected) > 0 {
				err = fmt.Errorf("%s refuses its newest configuration: %s", proxy, strings.Join(dump.Rejected, "; "))
			}
			mu.Lock()
			defer mu.Unlock()
			failed = append(failed, err)
			dumps[proxy] = dump
		})
	}
	readers.Wait()
	return dumps, errors.Join(failed...)
}

func (p *Player) config(h hop.Hop, dumps map[mesh.Proxy]*envoy.Dump) verdict.Config {
	service, port, _ := p.World.Port(h.To)
	client, _ := p.World.Client(h.From)
	place := p.Places.Services[h.To.Service]
	server := dumps[place.Proxy]
	facts, err := server.Server(port.Workload)
	if err != nil {
		return verdict.Config{Missing: place.String() + ": " + err.Error()}
	}
	config := verdict.Config{Server: &facts}
	tls := slices.ContainsFunc(facts.Chains, func(chain envoy.ChainFacts) bool { return chain.Socket == envoy.TLSSocket })
	config.Secrets.Server, err = secrets(server, tls)
	if client.Kind == hop.Plain {
		config.Prediction = envoy.PredictPlain(facts, envoy.Attempt{Speaks: envoy.SpeechOf(port.Protocol)})
	} else {
		from := dumps[p.Places.Clients[h.From].Proxy]
		err = errors.Join(err, addClient(&config, from, service, port, place.Address))
	}
	if err != nil {
		config.Missing = err.Error()
	}
	return config
}

func addClient(config *verdict.Config, dump *envoy.Dump, service fixture.Service, port fixture.Port, server netip.Addr) error {
	facts, err := dump.Client(service.Host(), port.Number, netip.AddrPortFrom(server, port.Workload))
	if err != nil {
		return err
	}
	config.Client = &facts
	config.Prediction = envoy.Predict(facts, *config.Server, envoy.Attempt{Speaks: envoy.SpeechOf(port.Protocol)})
	config.Secrets.Client, err = secrets(dump, facts.Socket == envoy.TLSSocket)
	return err
}

// secrets reads the two secrets by which a proxy speaks mTLS. Envoy holds a secret only while something uses it, so
// a proxy that is configured to speak in the clear may lack them.
func secrets(dump *envoy.Dump, needed bool) ([]envoy.SecretFacts, error) {
	var all []envoy.SecretFacts
	for _, name := range []string{envoy.WorkloadSecret, envoy.RootSecret} {
		secret, err := dump.Secret(name)
		if errors.Is(err, envoy.ErrAbsent) && !needed {
			continue
		}
		if err != nil {
			return nil, err
		}
		all = append(all, secret)
	}
	return all, nil
}
