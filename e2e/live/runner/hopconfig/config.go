package hopconfig

import (
	"errors"
	"net/netip"
	"slices"

	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/e2e/pure/envoy"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/join"
	"mtls.test/conformance/e2e/pure/verdict"
)

// config is how two pods are configured for an attempt from one to the other.
func (r *Reader) config(a join.Attempt, pair Pair, dumps dumps) verdict.Config {
	service, port, _ := r.World.Port(a.To)
	place := pair.Server
	var config verdict.Config
	facts, err := r.server(a.To, place, dumps)
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
		err = errors.Join(err, r.addClient(&config, pair.Client.Proxy, dumps, Cluster(a, service), netip.AddrPortFrom(place.Address, port.Workload), does))
	}
	if err != nil {
		config.Missing = err.Error()
	}
	return config
}

func (r *Reader) addClient(config *verdict.Config, client mesh.Proxy, dumps dumps, cluster string, to netip.AddrPort, does envoy.Attempt) error {
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
	config.Secrets.Client, config.Secrets.ClientSerial, err = r.secrets(client, dump, facts.Socket == envoy.TLSSocket && facts.CertificateSecret == envoy.WorkloadSecret)
	return err
}
