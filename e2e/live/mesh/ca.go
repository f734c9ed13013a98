package mesh

import (
	"context"
	"fmt"
	"maps"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/e2e-framework/klient/k8s"

	"mtls.test/conformance/e2e/live/kube"
	"mtls.test/conformance/e2e/pure/fixture"
)

// PluggedIn names the kind of CA that a cluster is made for. Workloads hold certificates of the CA that was there at
// their start, so a cluster of another kind is replaced.
const PluggedIn = "a plugged-in CA"

// The secrets of the authorities. Istio's own is the form of "Plug in CA Certificates"
// (https://istio.io/latest/docs/tasks/security/cert-management/plugin-ca-cert/).
const (
	istioNamespace = "istio-system"
	pluggedSecret  = "cacerts"
	rootsSecret    = "mtls-conformance-ca" // what signed the other secrets; nobody in the cluster reads it
)

// The keys of rootsSecret.
const (
	meshRootCertificate     = "mesh-root-cert.pem"
	meshRootKey             = "mesh-root-key.pem"
	productsRootCertificate = "products-root-cert.pem"
	productsRootKey         = "products-root-key.pem"
)

// years is how long what the suite signs for a cluster holds; no cluster of the suite gets as old.
const years = 10

// Authorities are the CAs of one cluster, with their keys. They live in the cluster only.
type Authorities struct {
	Mesh     *CA    // istiod signs with it; nil where it is another's
	MeshRoot string // PEM; what workloads trust
	Products *CA    // signs for the application's own TLS and for the gateway's listeners
	Foreign  *CA    // a root that no mesh begins with, made anew each time
	Next     *CA    // signed by the foreign root, for istiod to sign with
}

// Authorities reads the CAs that PlugIn left in the cluster.
func (m *Mesh) Authorities(ctx context.Context) (Authorities, error) {
	roots, err := readSecret(ctx, m.kube, rootsNamespace(m.place), rootsSecret)
	if err != nil {
		return Authorities{}, err
	}
	products, err := readCA(KeyPair{Chain: roots[productsRootCertificate], Key: roots[productsRootKey]})
	if err != nil {
		return Authorities{}, fmt.Errorf("secret %s/%s: %w", rootsNamespace(m.place), rootsSecret, err)
	}
	mesh, meshRoot, err := m.signer(ctx)
	if err != nil {
		return Authorities{}, err
	}
	now := time.Now()
	aDay := Validity{From: now.Add(-time.Hour), To: now.AddDate(0, 0, 1)}
	foreign, err := NewRoot("foreign root", aDay)
	if err != nil {
		return Authorities{}, err
	}
	next, err := foreign.Intermediate("foreign intermediate", aDay)
	if err != nil {
		return Authorities{}, err
	}
	return Authorities{Mesh: mesh, MeshRoot: meshRoot, Products: products, Foreign: foreign, Next: next}, nil
}

// signer is the CA that istiod signs with, and what workloads trust. The key of another's CA is not asked for.
func (m *Mesh) signer(ctx context.Context) (*CA, string, error) {
	if m.place.Existing {
		var handed corev1.ConfigMap
		if err := m.kube.Get(ctx, m.place.In(fixture.ProductsNamespace), "istio-ca-root-cert", &handed); err != nil {
			return nil, "", fmt.Errorf("the mesh's roots: %w", err)
		}
		return nil, handed.Data["root-cert.pem"], nil
	}
	plugged, err := readSecret(ctx, m.kube, istioNamespace, pluggedSecret)
	if err != nil {
		return nil, "", err
	}
	mesh, err := readCA(KeyPair{Chain: plugged["ca-cert.pem"], Key: plugged["ca-key.pem"]})
	if err != nil {
		return nil, "", fmt.Errorf("secret %s/%s: %w", istioNamespace, pluggedSecret, err)
	}
	return mesh, plugged["root-cert.pem"], nil
}

// rootsNamespace is where the secret of the suite's roots lives.
func rootsNamespace(place fixture.Placement) string {
	if place.Existing {
		return place.In(fixture.LeasesNamespace)
	}
	return istioNamespace
}

// ApplicationChain reads the certificate that product-service and legacy-service present by themselves, as PEM.
func (m *Mesh) ApplicationChain(ctx context.Context) ([]byte, error) {
	return m.kube.SecretValue(ctx, m.place.In(fixture.ProductsNamespace), "product-tls", corev1.TLSCertKey)
}

func readSecret(ctx context.Context, k *kube.Client, namespace, name string) (map[string]string, error) {
	var secret corev1.Secret
	if err := k.Get(ctx, namespace, name, &secret); err != nil {
		return nil, fmt.Errorf("the CAs of this cluster, which `make e2e-up` makes: %w", err)
	}
	data := map[string]string{}
	for key, value := range secret.Data {
		data[key] = string(value)
	}
	return data, nil
}

// PlugIn gives the cluster the CAs and certificates that Istio, the gateway and the world start with; where Istio is
// another's those of the world alone. What is there already is kept, so it can be repeated, also after it was cut short; but
// on a cluster that is another's the namespaces must be new, and bear labels that say whose they are.
func PlugIn(ctx context.Context, k *kube.Client, place fixture.Placement, labels map[string]string) error {
	now := time.Now()
	valid := Validity{From: now.Add(-time.Hour), To: now.AddDate(years, 0, 0)}
	var err error
	if place.Existing {
		err = createNamespaces(ctx, k, place.Made(), labels)
	} else {
		err = keepNamespaces(ctx, k, istioNamespace, place.In(fixture.ClientsNamespace))
	}
	if err != nil {
		return err
	}
	made, err := newRoots(rootsNamespace(place), valid)
	if err != nil {
		return err
	}
	if err := create(ctx, k, made); err != nil {
		return err
	}
	// Those of an earlier run are there still, and signed what is there.
	held, err := readSecret(ctx, k, rootsNamespace(place), rootsSecret)
	if err != nil {
		return err
	}
	secrets, err := issue(held, valid, place)
	if err != nil {
		return err
	}
	for _, secret := range secrets {
		if err := create(ctx, k, secret); err != nil {
			return err
		}
	}
	return nil
}

// createNamespaces makes namespaces that are not there.
func createNamespaces(ctx context.Context, k *kube.Client, names []string, labels map[string]string) error {
	for _, name := range names {
		namespace := &corev1.Namespace{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Namespace"}, ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{PartOf: Suite}}}
		maps.Copy(namespace.Labels, labels)
		if err := k.Create(ctx, namespace); err != nil {
			return err
		}
	}
	return nil
}

// keepNamespaces makes those namespaces that are not there.
func keepNamespaces(ctx context.Context, k *kube.Client, names ...string) error {
	for _, name := range names {
		if err := create(ctx, k, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{PartOf: Suite}}}); err != nil {
			return err
		}
	}
	return nil
}

// create leaves an object alone that is there.
func create(ctx context.Context, k *kube.Client, object k8s.Object) error {
	if err := k.Create(ctx, object); err != nil && !errors.IsAlreadyExists(err) {
		return err
	}
	return nil
}

// newRoots makes the secret of the two roots.
func newRoots(namespace string, valid Validity) (*corev1.Secret, error) {
	data := map[string]string{}
	for name, keys := range map[string][2]string{
		"mesh root":     {meshRootCertificate, meshRootKey},
		"products root": {productsRootCertificate, productsRootKey},
	} {
		root, err := NewRoot(name, valid)
		if err != nil {
			return nil, err
		}
		pair, err := root.pair()
		if err != nil {
			return nil, err
		}
		data[keys[0]], data[keys[1]] = pair.Chain, pair.Key
	}
	return secretOf(namespace, rootsSecret, corev1.SecretTypeOpaque, data), nil
}

// issue makes every other secret from the roots.
func issue(roots map[string]string, valid Validity, place fixture.Placement) ([]*corev1.Secret, error) {
	meshRoot, err := readCA(KeyPair{Chain: roots[meshRootCertificate], Key: roots[meshRootKey]})
	if err != nil {
		return nil, fmt.Errorf("secret %s: mesh root: %w", rootsSecret, err)
	}
	products, err := readCA(KeyPair{Chain: roots[productsRootCertificate], Key: roots[productsRootKey]})
	if err != nil {
		return nil, fmt.Errorf("secret %s: products root: %w", rootsSecret, err)
	}
	served, err := products.Host(place.ApplicationNames(), valid)
	if err != nil {
		return nil, err
	}
	client, err := products.Host([]string{"client.products.test"}, valid)
	if err != nil {
		return nil, err
	}
	secrets := []*corev1.Secret{tlsSecret(place.In(fixture.ProductsNamespace), "product-tls", served, products.PEM())}
	for _, namespace := range []string{place.In(fixture.ProductsNamespace), place.In(fixture.ClientsNamespace)} {
		secrets = append(secrets, tlsSecret(namespace, "products-client", client, products.PEM()))
	}
	if place.Existing {
		return secrets, nil
	}
	plugged, err := pluggedIn(meshRoot, valid)
	if err != nil {
		return nil, err
	}
	ingress, err := products.Host([]string{fixture.IngressHost}, valid)
	if err != nil {
		return nil, err
	}
	return append(secrets,
		plugged,
		tlsSecret(istioNamespace, "products-client", client, products.PEM()),
		tlsSecret(istioNamespace, "ingress-tls", ingress, ""),
		// The mesh's root besides: a probe shows the gateway the certificate that istiod signed for it.
		tlsSecret(istioNamespace, "ingress-mtls", ingress, products.PEM()+meshRoot.PEM()),
	), nil
}

func pluggedIn(root *CA, valid Validity) (*corev1.Secret, error) {
	intermediate, err := root.Intermediate("mesh intermediate", valid)
	if err != nil {
		return nil, err
	}
	data, err := Authority{Roots: []string{root.PEM()}, Signer: Signer{CA: intermediate, Root: root.PEM()}}.plugged()
	if err != nil {
		return nil, err
	}
	return secretOf(istioNamespace, pluggedSecret, corev1.SecretTypeOpaque, data), nil
}

// tlsSecret makes a secret that Kubernetes, and Istio's credentialName, know as a server's or a client's; roots are for
// the other end, and may be empty.
func tlsSecret(namespace, name string, pair KeyPair, roots string) *corev1.Secret {
	data := map[string]string{corev1.TLSCertKey: pair.Chain, corev1.TLSPrivateKeyKey: pair.Key}
	if roots != "" {
		data[corev1.ServiceAccountRootCAKey] = roots
	}
	return secretOf(namespace, name, corev1.SecretTypeTLS, data)
}
