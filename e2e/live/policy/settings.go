package policy

import (
	"context"
	"fmt"

	"go.yaml.in/yaml/v3"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"mtls.test/conformance/e2e/pure/fixture"
)

// settings is the ConfigMap of fixtures/base that istiod merges under the file it was installed with: a key that
// stands in the file cannot be changed by it (istio/istio pilot/pkg/bootstrap/mesh.go, SHARED_MESH_CONFIG).
const (
	settingsNamespace = "istio-system"
	settingsName      = fixture.SettingsName
	settingsKey       = "mesh"
)

// SetMesh makes the keys the mesh's settings, beside those of the install, while the lease stands.
func (l *Lease) SetMesh(ctx context.Context, keys map[string]any) error {
	content, err := yaml.Marshal(keys)
	if err != nil {
		return err
	}
	return l.Patch(ctx, settingsObject(), func(now *unstructured.Unstructured) error {
		return unstructured.SetNestedField(now.Object, string(content), "data", settingsKey)
	})
}

func settingsObject() *unstructured.Unstructured {
	object := &unstructured.Unstructured{}
	object.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("ConfigMap"))
	object.SetNamespace(settingsNamespace)
	object.SetName(settingsName)
	return object
}

// PushAll makes keys the mesh's settings that hold anyway, or none of them, so that istiod pushes everything: no lease need
// end that.
func (p *Policies) PushAll(ctx context.Context, keys map[string]any) error {
	content, err := yaml.Marshal(keys)
	if err != nil {
		return err
	}
	var now corev1.ConfigMap
	if err := p.kube.Get(ctx, settingsNamespace, settingsName, &now); err != nil {
		return fmt.Errorf("mesh settings: %w", err)
	}
	now.Data = map[string]string{settingsKey: string(content)}
	if err := p.kube.Update(ctx, &now); err != nil {
		return fmt.Errorf("mesh settings: %w", err)
	}
	return nil
}
