package inspect

import (
	"fmt"
	"net/netip"
	"strings"
	"time"

	"mtls.test/conformance/e2e/pure/envoy"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/oracle"
	"mtls.test/conformance/e2e/pure/tlscheck"
	"mtls.test/conformance/e2e/pure/verdict"
)

// proxies are the configurations of the proxies of some hosts and of their clients. A proxy that could not be read has its
// error in place of one.
type proxies struct {
	snapshot     oracle.Snapshot
	at           time.Time
	dumps        map[string]*envoy.Dump
	files        map[string][]oracle.Credential // that are of the mesh, by the proxy that has read them
	certificates map[string]*tlscheck.Certificate
	recorded     map[string]bool // whose certificates were of another day
	failed       map[string]error
	facts        map[string]served // by server and port: many services have the same
	enforces     map[string]envoy.Enforcement
	gateways     map[string]envoy.RouteFacts
}

// add takes what the reading of a proxy came to.
func (p *proxies) add(one reading, dump *envoy.Dump, err error, recorded map[string]string) {
	name := one.of.String()
	switch {
	case err != nil:
		p.failed[name] = err
		return
	case dump == nil:
		return
	}
	p.dumps[name] = dump
	if files := meshFiles(dump); len(files) > 0 {
		p.files[name] = files
	}
	if _, old := recorded[name]; old {
		p.recorded[name] = true
		return
	}
	p.certificates[name] = tlscheck.CertificateOf(dump, p.at)
}

// gatewayRoutes are all routes of a gateway, which are the same for every host.
func (p *proxies) gatewayRoutes(gateway oracle.Workload, dump *envoy.Dump) envoy.RouteFacts {
	known, found := p.gateways[gateway.String()]
	if !found {
		known = dump.GatewayRoutes()
		p.gateways[gateway.String()] = known
	}
	return known
}

// reads tells whether a workload's proxy was asked.
func (p *proxies) reads(workload oracle.Workload) bool {
	name := workload.String()
	return p.dumps[name] != nil || p.failed[name] != nil
}

// configured is what the two proxies of a hop are configured to do.
func (p *proxies) configured(host oracle.Host, port oracle.Port, client, server oracle.Workload, known bool, answer oracle.EndpointAnswer, cluster string) *tlscheck.Configured {
	config := &tlscheck.Configured{Cluster: cluster}
	config.Client, config.Server = p.certificates[client.String()], p.certificates[server.String()]
	if err := p.predict(config, host, port, client, server, known, answer); err != nil {
		config.Missing = err.Error()
	}
	if known {
		config.Enforced = p.enforced(server, answer)
	}
	return config
}

// enforced compares what the server's chains take with the mode of its policies, for clients of every kind. A server without a proxy,
// and a gateway, enforce no mode of PeerAuthentication.
func (p *proxies) enforced(server oracle.Workload, answer oracle.EndpointAnswer) string {
	if !server.HasProxy || server.Gateway || p.dumps[server.String()] == nil {
		return ""
	}
	key := netip.AddrPortFrom(answer.Address, answer.Port)
	facts, err := p.serverFacts(server, key)
	if err != nil || facts.NoProxy {
		return ""
	}
	if why := verdict.Enforced(answer.Server.Mode, p.enforcement(server, key, facts)); why != "" {
		return fmt.Sprintf("port %d of %s %s", answer.Port, server, why)
	}
	return ""
}

func (p *proxies) enforcement(server oracle.Workload, at netip.AddrPort, facts envoy.ServerFacts) envoy.Enforcement {
	key := factsKey(server, at)
	known, found := p.enforces[key]
	if !found {
		known = facts.Enforces()
		p.enforces[key] = known
	}
	return known
}

func factsKey(server oracle.Workload, at netip.AddrPort) string {
	return fmt.Sprintf("%s %s", server, at)
}

func (p *proxies) predict(config *tlscheck.Configured, host oracle.Host, port oracle.Port, client, server oracle.Workload, known bool, answer oracle.EndpointAnswer) error {
	does := doing(host, port)
	if !p.recorded[client.String()] && !p.recorded[server.String()] {
		does.At = p.at
	}
	proxied, err := p.proxied(client, host, port)
	if err != nil {
		return err
	}
	var facts envoy.ClientFacts
	if proxied {
		dump, err := p.of(client)
		if err != nil {
			return err
		}
		var to netip.AddrPort
		if answer.Address.IsValid() {
			to = netip.AddrPortFrom(answer.Address, answer.Port)
		}
		if facts, err = dump.Outbound(config.Cluster, to); err != nil {
			return fmt.Errorf("proxy of %s: %w", client, err)
		}
		config.Match, config.ClientEnd = facts.Match, &facts
		switch {
		case facts.Warming:
			return fmt.Errorf("a newer version of cluster %s has come to %s and is not in force", config.Cluster, client)
		case facts.Refusal != "":
			config.Prediction = envoy.Predict(facts, envoy.ServerFacts{}, does)
			return nil
		case !known && facts.Says == hop.Plaintext:
			config.Prediction = envoy.Prediction{Says: hop.Plaintext, Why: "the client's proxy sends plaintext, to an address that is outside the mesh"}
			return nil
		}
	}
	if !known {
		return fmt.Errorf("the endpoints of %s are not of the cluster, and what they make of TLS is not known", host.Name)
	}
	at, err := p.serverFacts(server, netip.AddrPortFrom(answer.Address, answer.Port))
	if err != nil {
		return err
	}
	config.ServerEnd = &at
	if proxied {
		config.Prediction = envoy.Predict(facts, at, does)
		return nil
	}
	config.Prediction = envoy.PredictPlain(at, does)
	return nil
}

// proxied tells whether the proxy of a client gets what its application sends to a port of a host.
func (p *proxies) proxied(client oracle.Workload, host oracle.Host, port oracle.Port) (bool, error) {
	if !client.HasProxy {
		return false, nil
	}
	capture, err := p.snapshot.Outbound(client, hop.ServicePort{Service: host.Name, Port: port.Number})
	if err != nil {
		return false, err
	}
	if capture.Unknown {
		return false, fmt.Errorf("whether the proxy of %s gets its connections to %s is not known: %s", client, host.Name, capture.Why)
	}
	return capture.Taken, nil
}

func (p *proxies) serverFacts(server oracle.Workload, at netip.AddrPort) (envoy.ServerFacts, error) {
	key := factsKey(server, at)
	known, found := p.facts[key]
	if !found {
		known.facts, known.err = p.readServer(server, at)
		p.facts[key] = known
	}
	return known.facts, known.err
}

// served is what a server's proxy does at a port, or why that is not known.
type served struct {
	facts envoy.ServerFacts
	err   error
}

func (p *proxies) readServer(server oracle.Workload, at netip.AddrPort) (envoy.ServerFacts, error) {
	if !server.HasProxy {
		return envoy.WithoutProxy(at.Port()), nil
	}
	if !server.Gateway {
		capture, binding := server.Interception.Inbound(at.Port()), p.snapshot.Binding(server, at.Port())
		switch {
		case capture.Unknown:
			return envoy.ServerFacts{}, fmt.Errorf("whether the proxy of %s gets port %d is not known: %s", server, at.Port(), capture.Why)
		case !capture.Taken && binding != "":
			return envoy.ServerFacts{}, fmt.Errorf("%s has the proxy of %s listen on port %d, which is not judged", binding, server, at.Port())
		case !capture.Taken:
			return envoy.WithoutProxy(at.Port()), nil
		}
	}
	dump, err := p.of(server)
	if err != nil {
		return envoy.ServerFacts{}, err
	}
	var facts envoy.ServerFacts
	if server.Gateway {
		facts, err = dump.Gateway(at.Port())
	} else {
		facts, err = dump.ServerAt(at)
	}
	switch {
	case err != nil:
		return facts, fmt.Errorf("proxy of %s: %w", server, err)
	case facts.Warming:
		return facts, fmt.Errorf("a newer version of listener %s has come to %s and is not in force", facts.Listener, server)
	}
	return facts, nil
}

// of is a proxy's configuration, or why it is not known. What a proxy refused to take is none of its configuration.
func (p *proxies) of(workload oracle.Workload) (*envoy.Dump, error) {
	name := workload.String()
	if err := p.failed[name]; err != nil {
		return nil, err
	}
	dump := p.dumps[name]
	if dump == nil {
		return nil, fmt.Errorf("the proxy of %s is not recorded", name)
	}
	if len(dump.Rejected) > 0 {
		return nil, fmt.Errorf("the proxy of %s refuses its newest configuration: %s", name, strings.Join(dump.Rejected, "; "))
	}
	return dump, nil
}

// doing is what the two applications do, as far as the port tells.
func doing(host oracle.Host, port oracle.Port) envoy.Attempt {
	does := envoy.Attempt{Speaks: envoy.SpeechOf(port.Protocol), Authorized: true}
	if does.Speaks.HTTP() {
		does.Host = fmt.Sprintf("%s:%d", host.Name, port.Number)
	}
	if port.Protocol == hop.TLS {
		does.Own = envoy.Hello{SNI: host.Name}
		does.Serves = &envoy.ServerEnd{TakesAny: true}
	}
	return does
}
