package mesh

import (
	"context"
	"fmt"
	"io"
	"strings"

	"mtls.test/conformance/e2e/pure/upgrade"
)

// Versions tells of each proxy which version of Istio it states, and to which istiod, of which version, it holds its stream.
func (m *Mesh) Versions(ctx context.Context, places Places) ([]upgrade.Proxy, error) {
	istiods, err := m.istiods(ctx)
	if err != nil {
		return nil, err
	}
	versions := map[string]string{}
	for _, istiod := range istiods {
		if versions[istiod], err = m.istiodVersion(ctx, istiod); err != nil {
			return nil, err
		}
	}
	state, err := m.syncOf(ctx, istiods)
	if err != nil {
		return nil, err
	}
	var all []upgrade.Proxy
	for _, place := range places.All() {
		if !place.Proxied {
			continue
		}
		node, err := m.statedNode(ctx, place.Proxy)
		if err != nil {
			return nil, err
		}
		istiod := state[place.id()].istiod
		all = append(all, upgrade.Proxy{
			Namespace: place.Namespace, Pod: place.Pod, Workload: place.workload, Istio: node.Istio, Istiod: istiod, IstiodVersion: versions[istiod],
		})
	}
	return all, nil
}

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
