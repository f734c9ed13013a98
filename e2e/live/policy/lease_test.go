package policy

import (
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"mtls.test/conformance/fixtures"
)

func object(apiVersion, kind string, fields map[string]any) *unstructured.Unstructured {
	made := &unstructured.Unstructured{Object: fields}
	made.SetAPIVersion(apiVersion)
	made.SetKind(kind)
	made.SetName("x")
	return made
}

func TestAPartIsMergedAsKubectlWould(t *testing.T) {
	deployment := object("apps/v1", "Deployment", map[string]any{"spec": map[string]any{"template": map[string]any{"spec": map[string]any{
		"containers": []any{map[string]any{"name": "server", "image": "a", "env": []any{map[string]any{"name": "OLD", "value": "1"}}}},
	}}}})
	part := object("apps/v1", "Deployment", map[string]any{"spec": map[string]any{"template": map[string]any{"spec": map[string]any{
		"containers": []any{map[string]any{"name": "server", "env": []any{map[string]any{"name": "NEW", "value": "2"}}}},
	}}}})
	if err := mergeWith(part)(deployment); err != nil {
		t.Fatal(err)
	}
	containers, _, _ := unstructured.NestedSlice(deployment.Object, "spec", "template", "spec", "containers")
	container, _ := containers[0].(map[string]any)
	if env, _ := container["env"].([]any); len(containers) != 1 || container["image"] != "a" || len(env) != 2 {
		t.Errorf("lists of a kind of Kubernetes' own are not merged by name: %v", containers)
	}
	rule := object("networking.istio.io/v1", "DestinationRule", map[string]any{"spec": map[string]any{"host": "h", "exportTo": []any{"a"}, "trafficPolicy": map[string]any{"tls": map[string]any{"mode": "X"}}}})
	part = object("networking.istio.io/v1", "DestinationRule", map[string]any{"spec": map[string]any{"exportTo": []any{"b"}, "trafficPolicy": nil}})
	if err := mergeWith(part)(rule); err != nil {
		t.Fatal(err)
	}
	exports, _, _ := unstructured.NestedStringSlice(rule.Object, "spec", "exportTo")
	_, kept, _ := unstructured.NestedMap(rule.Object, "spec", "trafficPolicy")
	host, _, _ := unstructured.NestedString(rule.Object, "spec", "host")
	if host != "h" || kept || len(exports) != 1 || exports[0] != "b" {
		t.Errorf("got %v", rule.Object["spec"])
	}
}

// A lease that expired and could not be restored is not gone.
func TestALeaseIsGoneWhoeverEndedIt(t *testing.T) {
	for name, test := range map[string]struct {
		err  error
		gone bool
	}{
		"it was ended":                          {nil, true},
		"it had expired":                        {fmt.Errorf("lease x: %w", ErrExpired), true},
		"it had expired and is not restored":    {fmt.Errorf("lease x: %w", errors.Join(ErrUnrestored, ErrExpired)), false},
		"the API server did not delete the one": {errors.New("no"), false},
	} {
		if got := Ended(test.err); got != test.gone {
			t.Errorf("%s: gone %t", name, got)
		}
	}
}

// Whatever policy a case may apply on a lease, the sweeper may delete.
func TestTheSweeperMayDeleteEveryPolicyOfACase(t *testing.T) {
	content, err := fs.ReadFile(fixtures.FS, "base/leases/leases.yaml")
	if err != nil {
		t.Fatal(err)
	}
	policies := 0
	for _, kind := range kinds {
		if !strings.HasSuffix(kind.Group, ".istio.io") {
			continue
		}
		policies++
		resource := strings.ToLower(strings.TrimSuffix(kind.Kind, "List")) + "s"
		if stem, is := strings.CutSuffix(resource, "rys"); is {
			resource = stem + "ries"
		} else if stem, is := strings.CutSuffix(resource, "cys"); is {
			resource = stem + "cies"
		}
		if !regexp.MustCompile(`resources: \[([a-z, ]*, )?` + resource + `[,\]]`).Match(content) {
			t.Errorf("the sweeper has no rule for %s", resource)
		}
	}
	if policies == 0 {
		t.Error("no kind is a policy's")
	}
}
