package steps

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	apiwait "k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/e2e-framework/klient/wait"

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
		config.Prediction = envoy.PredictPlain(facts)
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
	config.Prediction = envoy.Predict(facts, *config.Server)
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

// configInterval is how often proxies are asked for their configuration while a change is on its way.
const configInterval = 50 * time.Millisecond

// awaitConfig reads the configuration until it is as wanted of every hop, or the limit passes: then as it is, for the
// verdict to judge. Being as wanted never makes a PASS by itself.
func (p *Player) awaitConfig(ctx context.Context, wants map[hop.Hop]fixture.Expect) (map[hop.Hop]verdict.Config, error) {
	var hops []hop.Hop
	for h := range wants {
		hops = append(hops, h)
	}
	var facts map[hop.Hop]verdict.Config
	err := wait.For(func(ctx context.Context) (bool, error) {
		now, err := p.facts(ctx, hops)
		if err != nil {
			return false, err
		}
		facts = now
		for h, want := range wants {
			if facts[h].Says != want.Want || facts[h].Refusal != want.Cause {
				return false, nil
			}
		}
		return true, nil
	}, wait.WithContext(ctx), wait.WithTimeout(configLimit), wait.WithInterval(configInterval), wait.WithImmediate())
	if err != nil && (facts == nil || !apiwait.Interrupted(err)) {
		return nil, err
	}
	return facts, ctx.Err()
}

// configLimit is how long acknowledged configuration may take to be in force: a new cluster or listener warms first.
const configLimit = 2 * time.Second

// restored waits until every hop is configured as before the first case, and lists those that are not.
func (p *Player) restored(ctx context.Context) ([]hop.Hop, error) {
	hops := p.hops()
	var different []hop.Hop
	err := wait.For(func(ctx context.Context) (bool, error) {
		facts, err := p.facts(ctx, hops)
		if err != nil {
			return false, err
		}
		different = nil
		now := shapes(facts)
		for _, h := range hops {
			if now[h] != p.baseline[h] {
				different = append(different, h)
			}
		}
		return len(different) == 0, nil
	}, wait.WithContext(ctx), wait.WithTimeout(settleLimit), wait.WithInterval(configInterval), wait.WithImmediate())
	if len(different) > 0 {
		return different, nil
	}
	return nil, err
}

// shapes reduces facts to what a policy decides, leaving out when it was received and which certificate is in use.
func shapes(facts map[hop.Hop]verdict.Config) map[hop.Hop]string {
	all := map[hop.Hop]string{}
	for h, config := range facts {
		config.Secrets = verdict.ProxySecrets{}
		if config.Client != nil {
			client := *config.Client
			client.Updated = time.Time{}
			config.Client = &client
		}
		if config.Server != nil {
			server := *config.Server
			server.Updated = time.Time{}
			config.Server = &server
		}
		shape, err := json.Marshal(config)
		if err != nil {
			shape = []byte(err.Error())
		}
		all[h] = string(shape)
	}
	return all
}
