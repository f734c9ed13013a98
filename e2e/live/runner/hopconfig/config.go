package hopconfig

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"

	"mtls.test/conformance/e2e/pure/envoy"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/interception"
	"mtls.test/conformance/e2e/pure/join"
	"mtls.test/conformance/e2e/pure/verdict"
)

// config is how two pods are configured for an attempt from one to the other.
func (r *Reader) config(a join.Attempt, pair Pair, dumps dumps) verdict.Config {
	place := pair.Server
	var config verdict.Config
	facts, err := r.server(a.Reached(), place, dumps)
	if err != nil {
		return verdict.Config{Missing: err.Error()}
	}
	if place.Proxied {
		dump, _ := dumps.of(place.Proxy)
		tls := slices.ContainsFunc(facts.Chains, func(chain envoy.ChainFacts) bool { return chain.Socket == envoy.TLSSocket })
		config.Secrets.Server, config.Secrets.ServerSerial, err = r.secrets(place.Proxy, dump, tls)
	}
	config.Server = &facts
	does := r.Does(a)
	if behind, found := Behind(r.World, a); found {
		pods, err := r.Places.Server(behind.To.Service, "")
		if err != nil {
			return verdict.Config{Missing: err.Error()}
		}
		passed, err := r.server(behind.To, pods.First(), dumps)
		if err != nil {
			return verdict.Config{Missing: err.Error()}
		}
		does.Behind = &passed
	}
	switch a.Kind(r.World) {
	case hop.Plain:
		config.Prediction = envoy.PredictPlain(facts, does)
	case hop.Prober:
		config.Prediction = envoy.PredictProbe(r.Hello(a), facts, does)
	default:
		err = errors.Join(err, r.addClient(&config, a, pair, dumps, does))
	}
	if err != nil {
		config.Missing = err.Error()
	}
	if capture := r.inbound(a.Reached(), place); !capture.Taken && config.Says != "" {
		config.Prediction = because(config.Prediction, capture)
	}
	return config
}

// addClient adds what the client's pod does with the hop: by its proxy, unless what its application sends passes that by.
func (r *Reader) addClient(config *verdict.Config, a join.Attempt, pair Pair, dumps dumps, does envoy.Attempt) error {
	_, port, _ := r.World.Port(a.Reached())
	capture := r.outbound(a, pair)
	switch {
	case capture.Unknown:
		return fmt.Errorf("whether %s gets the requests is not known: %s", pair.Client.Proxy, capture.Why)
	case !capture.Taken:
		config.Prediction = because(envoy.PredictPlain(*config.Server, does), capture)
		return nil
	}
	dump, err := dumps.of(pair.Client.Proxy)
	if err != nil {
		return err
	}
	way, err := r.led(a, pair, dump)
	if err != nil {
		return err
	}
	facts, err := dump.Outbound(way.cluster, netip.AddrPortFrom(pair.Server.Address, port.Workload))
	if err != nil {
		return err
	}
	config.Client, config.Routes = &facts, way.routes
	config.Otherwise = append(way.otherwise, r.foreign(a, way.cluster, dump)...)
	config.Prediction = envoy.Predict(facts, *config.Server, does)
	config.Secrets.Client, config.Secrets.ClientSerial, err = r.secrets(pair.Client.Proxy, dump, facts.Socket == envoy.TLSSocket && facts.CertificateSecret == envoy.WorkloadSecret)
	return err
}

// outbound is whether the proxy of a client's pod gets what the application sends. A gateway is its own application.
func (r *Reader) outbound(a join.Attempt, pair Pair) interception.Capture {
	if a.Kind(r.World) == hop.Gateway {
		return interception.Capture{Taken: true}
	}
	to, _ := r.called(a, pair)
	return r.Places.Interceptions[pair.Client.Proxy].Outbound(to)
}

// because puts what keeps a connection from a proxy before what becomes of it.
func because(p envoy.Prediction, capture interception.Capture) envoy.Prediction {
	p.Why = capture.Why + ": " + p.Why
	return p
}
