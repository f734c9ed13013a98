// Package hopconfig reads how the hops of the world are configured in the proxies at both their ends, and what the two
// configurations lead to. It changes nothing and sends nothing.
package hopconfig

import (
	"context"
	"fmt"
	"net/netip"

	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/e2e/pure/envoy"
	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/join"
)

// Reader reads the configuration of hops.
type Reader struct {
	World  fixture.World
	Places mesh.Places
	// Addresses are those of the world's services, by their names; none of those that have no address of their own.
	Addresses map[string]netip.Addr

	// Dump asks a proxy, or a control plane in its place, for its configuration.
	Dump func(context.Context, mesh.Proxy, envoy.Wanted) (*envoy.Dump, error)
	// Root is the root, PEM, that vouches for a probe's certificate.
	Root func(fixture.Certificate) string
	// Application is what the servers' applications present by themselves.
	Application *envoy.SecretFacts

	held map[string]envoy.SecretFacts // by proxies, by their names in the report
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

// Cluster is how a client's proxy names the service that the attempt must come to: an alias stands for its target, a pod's address for nothing.
func Cluster(a join.Attempt, service fixture.Service) string {
	port := a.Reached().Port
	switch service.Kind {
	case fixture.Pod:
		return envoy.PassthroughCluster
	case fixture.ExternalName:
		return envoy.SubsetName(service.Target, port, a.Want.Subset)
	}
	return envoy.SubsetName(service.Host(), port, a.Want.Subset)
}
