package catalogue

import (
	"mtls.test/conformance/e2e/fixture"
	"mtls.test/conformance/e2e/intent"
)

// World is the snapshot before any case's policies: the world of fixtures/base, and the certificates that the suite
// makes when it brings a cluster up.
func World(world fixture.World) (intent.Snapshot, error) {
	snapshot, err := intent.FromWorld(world)
	snapshot.Credentials = credentials()
	return snapshot, err
}

// credentials are the Secrets that Gateways and rules may name, and the files of theirs in the sidecars of clients. The
// products CA is none that the mesh trusts.
func credentials() []intent.Credential {
	all := []intent.Credential{
		{Namespace: "istio-system", Name: "ingress-tls", Certificate: intent.ForeignCA},
		{Namespace: "istio-system", Name: "ingress-mtls", Certificate: intent.ForeignCA, TrustsMesh: true, TrustsOthers: true},
	}
	for _, namespace := range []string{"clients", "default", "istio-system"} {
		all = append(all, intent.Credential{Namespace: namespace, Name: "products-client", Certificate: intent.ForeignCA, TrustsOthers: true})
	}
	for _, file := range []string{"tls.crt", "tls.key", "ca.crt"} {
		all = append(all, intent.Credential{Name: "/etc/products-client/" + file, Certificate: intent.ForeignCA, TrustsOthers: true})
	}
	return all
}
