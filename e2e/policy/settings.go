package policy

import (
	"context"
	"fmt"

	"go.yaml.in/yaml/v3"
	corev1 "k8s.io/api/core/v1"
)

// settings is the ConfigMap of fixtures/base that istiod merges under the file it was installed with: a key that
// stands in the file cannot be changed by it (istio/istio pilot/pkg/bootstrap/mesh.go, SHARED_MESH_CONFIG).
const (
	settingsNamespace = "istio-system"
	settingsName      = "mtls-conformance-settings"
	settingsKey       = "mesh"
)

// SetMesh makes the keys the mesh's settings beside those of the install; none restores the install's.
func (p *Policies) SetMesh(ctx context.Context, keys map[string]any) error {
	content, err := yaml.Marshal(keys)
	if err != nil {
		return err
	}
	r, err := p.kube.Resources()
	if err != nil {
		return err
	}
	var now corev1.ConfigMap
	if err := r.Get(ctx, settingsName, settingsNamespace, &now); err != nil {
		return fmt.Errorf("mesh settings: %w", err)
	}
	now.Data = map[string]string{settingsKey: string(content)}
	if err := r.Update(ctx, &now); err != nil {
		return fmt.Errorf("mesh settings: %w", err)
	}
	return nil
}
