package mesh

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"mtls.test/conformance/e2e/pure/envoy"
	"mtls.test/conformance/e2e/pure/upgrade"
)

// Versions tells of each proxy which version of Istio it states, which certificate it holds, and to which istiod, of which version, it
// holds its stream; and of each istiod by whom it signs, and which proxies do not trust it.
func (m *Mesh) Versions(ctx context.Context, places Places) ([]upgrade.Proxy, []upgrade.Signer, error) {
	istiods, err := m.istiods(ctx)
	if err != nil {
		return nil, nil, err
	}
	versions := map[string]string{}
	for _, istiod := range istiods {
		if versions[istiod], err = m.istiodVersion(ctx, istiod); err != nil {
			return nil, nil, err
		}
	}
	state, err := m.syncOf(ctx, istiods)
	if err != nil {
		return nil, nil, err
	}
	all := slices.DeleteFunc(places.All(), func(p Place) bool { return !p.Proxied })
	proxies, trusted := make([]upgrade.Proxy, len(all)), make([]envoy.SecretFacts, len(all))
	asking, asked := errgroup.WithContext(ctx)
	asking.SetLimit(versionsAtOnce)
	for i, place := range all {
		asking.Go(func() error {
			node, err := m.statedNode(asked, place.Proxy)
			if err != nil {
				return err
			}
			own, roots, err := m.held(asked, place.Proxy)
			istiod := state[place.id()].istiod
			trusted[i], proxies[i] = roots, upgrade.Proxy{
				Namespace: place.Namespace, Pod: place.Pod, Workload: place.workload, Istio: node.Istio, Istiod: istiod, IstiodVersion: versions[istiod], Serial: own.Serial,
			}
			return err
		})
	}
	if err := asking.Wait(); err != nil {
		return nil, nil, err
	}
	trust := map[Proxy]envoy.SecretFacts{}
	for i, place := range all {
		trust[place.Proxy] = trusted[i]
	}
	var signers []upgrade.Signer
	for _, istiod := range istiods {
		signer, err := m.signerOf(ctx, istiod, trust)
		if err != nil {
			return nil, nil, err
		}
		signer.Version = versions[istiod]
		signers = append(signers, signer)
	}
	return proxies, signers, nil
}

// versionsAtOnce is how many proxies are asked for their versions at once.
const versionsAtOnce = 4

// istiodVersion asks an istiod for its version, which it tells as VERSION-REVISION OF GIT-STATUS (istio.io/istio pkg/version
// BuildInfo.String).
func (m *Mesh) istiodVersion(ctx context.Context, istiod string) (string, error) {
	body, err := m.get(ctx, fmt.Sprintf("http://%s.%s:15014/version", istiod, m.place.Istiod))
	if err != nil {
		return "", fmt.Errorf("version of istiod %s: %w", istiod, err)
	}
	defer func() { _ = body.Close() }()
	text, err := io.ReadAll(body)
	if err != nil {
		return "", fmt.Errorf("version of istiod %s: %w", istiod, err)
	}
	words := strings.Split(strings.TrimSpace(string(text)), "-")
	if len(words) < 3 {
		return "", fmt.Errorf("istiod %s states version %q, want VERSION-REVISION-STATUS", istiod, text)
	}
	return strings.Join(words[:len(words)-2], "-"), nil
}
