package kube

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"mtls.test/conformance/e2e/live/timeout"
)

var istio = schema.GroupVersion{Group: "networking.istio.io", Version: "v1"}

func ofKind(kind schema.GroupVersionKind) *unstructured.Unstructured {
	object := &unstructured.Unstructured{}
	object.SetGroupVersionKind(kind)
	return object
}

func TestAKindThatIsDefinedAfterTheStartIsFound(t *testing.T) {
	for name, later := range map[string]schema.GroupVersionKind{
		"of a new group":     {Group: "mtls.test", Version: "v1", Kind: "PolicyLease"},
		"of a known group":   istio.WithKind("VirtualService"),
		"of another version": {Group: istio.Group, Version: "v1alpha3", Kind: "EnvoyFilter"},
	} {
		for _, aggregated := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, aggregated %t", name, aggregated), func(t *testing.T) {
				s := &apiServer{aggregated: aggregated, code: http.StatusOK, answer: success}
				s.define(istio, "DestinationRule", true)
				client := s.connected(t)
				if err := client.Get(t.Context(), "default", "x", ofKind(istio.WithKind("DestinationRule"))); err != nil {
					t.Fatal(err)
				}
				if err := client.Get(t.Context(), "default", "x", ofKind(later)); !meta.IsNoMatchError(err) {
					t.Fatalf("a kind that is not served: %v", err)
				}
				s.define(later.GroupVersion(), later.Kind, true)
				if err := client.Get(t.Context(), "default", "x", ofKind(later)); err != nil {
					t.Error(err)
				}
				path := fmt.Sprintf("GET /apis/%s/%s/namespaces/default/%ss/x", later.Group, later.Version, strings.ToLower(later.Kind))
				if !slices.Contains(s.requests, path) {
					t.Errorf("requests %q lack %s", s.requests, path)
				}
			})
		}
	}
}

// All callers share one client, each from a goroutine of its own.
func TestWhatTheAPIServerServesIsAskedForOnce(t *testing.T) {
	for aggregated, want := range map[bool][]string{
		true:  {"/api", "/apis"},
		false: {"/api", "/api/v1", "/apis", "/apis/networking.istio.io/v1"},
	} {
		s := &apiServer{aggregated: aggregated, code: http.StatusOK, answer: success}
		s.define(istio, "DestinationRule", true)
		s.define(corev1.SchemeGroupVersion, "Pod", true)
		client := s.connected(t)
		var calls sync.WaitGroup
		for range 20 {
			calls.Go(func() {
				for _, call := range []func(context.Context) error{
					func(ctx context.Context) error {
						return client.Get(ctx, "default", "x", ofKind(istio.WithKind("DestinationRule")))
					},
					func(ctx context.Context) error {
						return client.Apply(ctx, named(ofKind(istio.WithKind("DestinationRule"))))
					},
					func(ctx context.Context) error { return client.List(ctx, "default", "app=x", &corev1.PodList{}) },
				} {
					if err := call(t.Context()); err != nil {
						t.Error(err)
					}
				}
			})
		}
		calls.Wait()
		var asked []string
		for _, uri := range s.asked {
			path, query, _ := strings.Cut(uri, "?")
			asked = append(asked, path)
			if query != "timeout="+timeout.Discovery.Duration().String() {
				t.Errorf("%s is asked for with %q, want a limit of %s", path, query, timeout.Discovery.Duration())
			}
		}
		slices.Sort(asked)
		if !slices.Equal(asked, want) {
			t.Errorf("aggregated %t: asked for %q, want %q", aggregated, asked, want)
		}
	}
}

func named(object *unstructured.Unstructured) *unstructured.Unstructured {
	object.SetNamespace("default")
	object.SetName("x")
	return object
}
