package existing

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"slices"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/yaml"

	"mtls.test/conformance/e2e/live/kube"
	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/fixtures"
)

// Whoever makes a role must have what it gives (Kubernetes, "Privilege escalation prevention and bootstrapping").
func TestARunNeedsWhatTheSweepersRolesGive(t *testing.T) {
	p := fixture.Elsewhere()
	p.Root, p.Istiod, p.Revision = "mesh-root", "mesh-control", "canary"
	all := needed(p)
	content, err := fs.ReadFile(fixture.Move(fixtures.FS, p), "base/leases/leases.yaml")
	if err != nil {
		t.Fatal(err)
	}
	roles := 0
	for decoder := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(content), len(content)); ; {
		var object unstructured.Unstructured
		err := decoder.Decode(&object.Object)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if object.GetKind() != "Role" && object.GetKind() != "ClusterRole" {
			continue
		}
		roles++
		if namespaces := []string{p.Istiod, p.In(fixture.ProductsNamespace)}; object.GetKind() == "Role" && !slices.Contains(namespaces, object.GetNamespace()) {
			t.Errorf("%s is made in %s", object.GetName(), object.GetNamespace())
		}
		var role rbacv1.ClusterRole
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, &role); err != nil {
			t.Fatal(err)
		}
		for _, rule := range role.Rules {
			for _, group := range rule.APIGroups {
				for _, resource := range rule.Resources {
					for _, verb := range rule.Verbs {
						access := kube.Access{Verb: verb, Group: group, Resource: resource, Namespace: object.GetNamespace()}
						if !slices.Contains(all, access) {
							t.Errorf("%s gives %s, which is not asked for", object.GetName(), access)
						}
					}
				}
			}
		}
	}
	if roles != 3 {
		t.Errorf("%d roles are made, want the sweeper's, that in istiod's namespace and that over the workload that cases scale", roles)
	}
}
