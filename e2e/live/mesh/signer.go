package mesh

import (
	"cmp"
	"context"
	"crypto/tls"
	"encoding/pem"
	"fmt"
	"maps"
	"slices"

	"mtls.test/conformance/e2e/pure/envoy"
	"mtls.test/conformance/e2e/pure/upgrade"
)

// held are the certificate that a proxy holds for the mesh, and the roots that it trusts.
func (m *Mesh) held(ctx context.Context, proxy Proxy) (own, roots envoy.SecretFacts, err error) {
	dump, err := m.Dump(ctx, proxy, envoy.Wanted{})
	if err != nil {
		return own, roots, err
	}
	if own, err = dump.Secret(envoy.WorkloadSecret); err != nil {
		return own, roots, fmt.Errorf("%s: %w", proxy, err)
	}
	if roots, err = dump.Secret(envoy.RootSecret); err != nil {
		return own, roots, fmt.Errorf("%s: %w", proxy, err)
	}
	return own, roots, nil
}

// signerOf tells by whom an istiod signs, and which proxies have no root that leads there.
func (m *Mesh) signerOf(ctx context.Context, istiod string, trust map[Proxy]envoy.SecretFacts) (upgrade.Signer, error) {
	signer := upgrade.Signer{Istiod: istiod}
	served, err := m.servedChain(ctx, istiod)
	if err != nil {
		return signer, fmt.Errorf("certificate of istiod %s: %w", istiod, err)
	}
	signer.Issuer = served.Issuer
	for _, proxy := range slices.SortedFunc(maps.Keys(trust), func(a, b Proxy) int { return cmp.Compare(a.String(), b.String()) }) {
		if !served.SignedUnder(trust[proxy]) {
			signer.NotTrustedBy = append(signer.NotTrustedBy, proxy.String())
		}
	}
	return signer, nil
}

// servedChain is what an istiod presents to proxies. Nothing is verified here: by whom it is signed is what is asked, and its chain is
// held against the roots of each proxy.
func (m *Mesh) servedChain(ctx context.Context, istiod string) (*envoy.SecretFacts, error) {
	state, err := m.handshake(ctx, istiod, &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS12}) //nolint:gosec // an istiod that nobody trusts must be told of too
	if err != nil {
		return nil, err
	}
	var chain []byte
	for _, certificate := range state.PeerCertificates {
		chain = append(chain, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate.Raw})...)
	}
	return envoy.ReadChain(chain)
}

// handshake makes a TLS connection to the port at which an istiod signs, and closes it.
func (m *Mesh) handshake(ctx context.Context, istiod string, config *tls.Config) (tls.ConnectionState, error) {
	stream, err := m.kube.Transport().DialContext(ctx, "tcp", istiod+"."+m.place.Istiod+":15012")
	if err != nil {
		return tls.ConnectionState{}, err
	}
	defer func() { _ = stream.Close() }()
	conn := tls.Client(stream, config)
	err = conn.HandshakeContext(ctx)
	return conn.ConnectionState(), err
}
