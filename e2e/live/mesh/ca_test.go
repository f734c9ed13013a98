package mesh

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"mtls.test/conformance/e2e/pure/fixture"
)

func issued(t *testing.T) (roots map[string]string, secrets map[string]*corev1.Secret) {
	t.Helper()
	made, err := newRoots(istioNamespace, thisYear)
	if err != nil {
		t.Fatal(err)
	}
	all, err := issue(made.StringData, thisYear, fixture.Own())
	if err != nil {
		t.Fatal(err)
	}
	secrets = map[string]*corev1.Secret{}
	for _, secret := range all {
		secrets[secret.Namespace+"/"+secret.Name] = secret
	}
	return made.StringData, secrets
}

func pairOf(secret *corev1.Secret) KeyPair {
	return KeyPair{Chain: secret.StringData["tls.crt"], Key: secret.StringData["tls.key"]}
}

func TestIstiodIsGivenItsCAInTheFormItReads(t *testing.T) {
	roots, secrets := issued(t)
	plugged := secrets["istio-system/cacerts"].StringData
	root := roots[meshRootCertificate]
	if plugged["root-cert.pem"] != root || plugged["cert-chain.pem"] != plugged["ca-cert.pem"]+root {
		t.Error("cert-chain.pem is not intermediate and root")
	}
	ca, err := readCA(KeyPair{Chain: plugged["ca-cert.pem"], Key: plugged["ca-key.pem"]})
	if err != nil {
		t.Fatal(err)
	}
	pair, err := ca.Workload(identity, thisYear)
	if err != nil {
		t.Fatal(err)
	}
	if err := verify(t, pair, root, noon, ""); err != nil {
		t.Error(err)
	}
}

func TestTheRootsKeysAreInOneSecretOnly(t *testing.T) {
	roots, secrets := issued(t)
	for name, secret := range secrets {
		for key, value := range secret.StringData {
			if value == roots[meshRootKey] || value == roots[productsRootKey] {
				t.Errorf("%s: %s is a root's key", name, key)
			}
		}
	}
}

func TestServersAndTheirClientsTrustEachOther(t *testing.T) {
	roots, secrets := issued(t)
	for _, test := range []struct{ leaf, truster, host string }{
		{"default/product-tls", "clients/products-client", "product-service.default.svc.cluster.local"},
		{"default/product-tls", "istio-system/products-client", "legacy-service.default.svc.cluster.local"},
		{"clients/products-client", "default/product-tls", "client.products.test"},
		{"clients/products-client", "istio-system/ingress-mtls", "client.products.test"},
		{"istio-system/ingress-tls", "clients/products-client", fixture.IngressHost},
		{"istio-system/ingress-mtls", "clients/products-client", fixture.IngressHost},
	} {
		if err := verify(t, pairOf(secrets[test.leaf]), secrets[test.truster].StringData["ca.crt"], noon, test.host); err != nil {
			t.Errorf("%s does not trust %s: %v", test.truster, test.leaf, err)
		}
	}
	if !strings.Contains(secrets["istio-system/ingress-mtls"].StringData["ca.crt"], roots[meshRootCertificate]) {
		t.Error("the gateway does not trust a client of the mesh")
	}
	if strings.Contains(secrets["default/product-tls"].StringData["ca.crt"], roots[meshRootCertificate]) {
		t.Error("the application trusts a client of the mesh")
	}
}
