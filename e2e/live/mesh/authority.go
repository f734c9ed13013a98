package mesh

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/e2e-framework/klient/wait"

	"mtls.test/conformance/fixtures/agent/control"
)

// Signer is a CA that istiod can sign with, and the root above it.
type Signer struct {
	CA   *CA
	Root string // PEM
}

// Authority is whom the mesh trusts, and who signs for its workloads.
type Authority struct {
	Roots  []string // PEM
	Signer Signer
}

// RuleAuthority is the rule by which SetAuthority holds a mesh to be settled.
const RuleAuthority = "istiod serves by the signer, and every proxy holds exactly the roots and a certificate of a trusted one"

// authorityInterval is how often the mesh is asked whether an authority is in force: Secrets and ConfigMaps reach pods by
// the kubelet, in seconds.
const authorityInterval = 250 * time.Millisecond

// SetAuthority plugs an authority in, and waits until istiod, the proxies and an agent that asks istiod for certificates
// have it. Roots may be added to those that are trusted, or taken from them, not both
// (https://istio.io/latest/docs/tasks/security/cert-management/plugin-ca-cert/; istio/istio
// pilot/pkg/bootstrap/istio_ca.go handleEvent).
func (m *Mesh) SetAuthority(ctx context.Context, authority Authority, proxies []Proxy, agent Proxy, limit time.Duration) error {
	data, err := authority.plugged()
	if err != nil {
		return err
	}
	secret := secretOf(istioNamespace, pluggedSecret, corev1.SecretTypeOpaque, data)
	if err := m.kube.Update(ctx, secret); err != nil {
		return err
	}
	istiods, err := m.istiods(ctx)
	if err != nil {
		return err
	}
	var pods []Proxy
	for _, istiod := range istiods {
		pods = append(pods, Proxy{Namespace: istioNamespace, Pod: istiod})
	}
	if err := m.remount(ctx, pods); err != nil {
		return err
	}
	var missing error
	err = wait.For(func(ctx context.Context) (bool, error) {
		missing = m.signing(ctx, istiods, authority)
		return missing == nil, nil
	}, wait.WithContext(ctx), wait.WithTimeout(limit), wait.WithInterval(authorityInterval), wait.WithImmediate())
	if err != nil {
		return errors.Join(err, missing)
	}
	if err := m.remount(ctx, append(slices.Clone(proxies), agent)); err != nil {
		return err
	}
	err = wait.For(func(ctx context.Context) (bool, error) {
		missing = m.trusting(ctx, proxies, agent, authority)
		return missing == nil, nil
	}, wait.WithContext(ctx), wait.WithTimeout(limit), wait.WithInterval(authorityInterval), wait.WithImmediate())
	if err != nil {
		return errors.Join(err, missing)
	}
	return nil
}

func (a Authority) plugged() (map[string]string, error) {
	pair, err := a.Signer.CA.pair()
	if err != nil {
		return nil, err
	}
	return map[string]string{
		"ca-cert.pem": pair.Chain, "ca-key.pem": pair.Key, "cert-chain.pem": pair.Chain + a.Signer.Root, "root-cert.pem": strings.Join(a.Roots, ""),
	}, nil
}

// remount has the kubelet mount anew what Secrets and ConfigMaps hold, which it does when it hears of a pod's change and
// else about once in a minute.
func (m *Mesh) remount(ctx context.Context, pods []Proxy) error {
	annotation := fmt.Appendf(nil, `{"metadata":{"annotations":{"mtls.test/remounted":%q}}}`, time.Now().UTC().Format(time.RFC3339Nano))
	for _, name := range pods {
		pod := &corev1.Pod{}
		pod.Namespace, pod.Name = name.Namespace, name.Pod
		if err := m.kube.MergePatch(ctx, pod, annotation); err != nil {
			return err
		}
	}
	return nil
}

// signing tells why istiod does not sign by an authority yet: its own certificate is not of the signer, or the roots that
// it hands out to namespaces are others.
func (m *Mesh) signing(ctx context.Context, istiods []string, authority Authority) error {
	for _, istiod := range istiods {
		if err := m.servesBy(ctx, istiod, authority.Signer.Root); err != nil {
			return fmt.Errorf("%s does not serve by the signer: %w", istiod, err)
		}
	}
	for _, namespace := range []string{istioNamespace, "default", "clients"} {
		var handed corev1.ConfigMap
		if err := m.kube.Get(ctx, namespace, "istio-ca-root-cert", &handed); err != nil {
			return err
		}
		if !sameRoots(handed.Data["root-cert.pem"], authority.Roots) {
			return fmt.Errorf("configmap %s/istio-ca-root-cert holds other roots", namespace)
		}
	}
	return nil
}

func (m *Mesh) servesBy(ctx context.Context, istiod, root string) error {
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM([]byte(root))
	_, err := m.handshake(ctx, istiod, &tls.Config{RootCAs: roots, ServerName: "istiod.istio-system.svc", MinVersion: tls.VersionTLS12})
	return err
}

// trusting tells who does not hold an authority's roots yet, or holds a certificate of none of them.
func (m *Mesh) trusting(ctx context.Context, proxies []Proxy, agent Proxy, authority Authority) error {
	for _, proxy := range proxies {
		own, trusted, err := m.held(ctx, proxy)
		if err != nil {
			return err
		}
		var held [][]byte
		for _, root := range trusted.Roots {
			held = append(held, root.DER)
		}
		if !sameCertificates(held, ders(strings.Join(authority.Roots, ""))) {
			return fmt.Errorf("%s holds other roots", proxy)
		}
		if !own.SignedUnder(trusted) {
			return fmt.Errorf("%s holds a certificate of a root that is not trusted", proxy)
		}
	}
	var mounted control.RootsAnswer
	if err := m.Control(ctx, agent, control.PathRoots, control.RootsRequest{}, &mounted); err != nil {
		return err
	}
	if !sameRoots(mounted.PEM, authority.Roots) {
		return fmt.Errorf("%s has other roots mounted", agent)
	}
	return nil
}

func sameRoots(bundle string, roots []string) bool {
	return sameCertificates(ders(bundle), ders(strings.Join(roots, "")))
}

// sameCertificates compares two sets.
func sameCertificates(one, other [][]byte) bool {
	within := func(some, all [][]byte) bool {
		return !slices.ContainsFunc(some, func(der []byte) bool {
			return !slices.ContainsFunc(all, func(known []byte) bool { return bytes.Equal(der, known) })
		})
	}
	return within(one, other) && within(other, one)
}
