package mesh

import (
	"context"
	"maps"
	"slices"

	"mtls.test/conformance/e2e/pure/fixture"
)

// Connected lists the proxies that hold a stream to an istiod of a revision, as POD.NAMESPACE; as which the suite itself asks istiod
// is none.
func (m *Mesh) Connected(ctx context.Context, revision string) ([]string, error) {
	pods, err := m.kube.Pods(ctx, m.place.Istiod, fixture.Placement{Revision: revision}.IstiodSelector())
	if err != nil {
		return nil, err
	}
	state, err := m.syncOf(ctx, namesOf(pods))
	if err != nil {
		return nil, err
	}
	for who := range subscriptions {
		delete(state, m.askerID(who))
	}
	return slices.Sorted(maps.Keys(state)), nil
}
