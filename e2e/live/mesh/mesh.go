// Package mesh installs Istio and the world into a cluster, and asks istiod and the proxies what they have in force.
package mesh

import (
	"net/http"
	"sync"
	"sync/atomic"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"mtls.test/conformance/e2e/live/kube"
	"mtls.test/conformance/e2e/live/timeout"
	"mtls.test/conformance/e2e/pure/fixture"
)

// Mesh is a cluster in which Istio and the world are up. It is safe for concurrent use.
type Mesh struct {
	kube    *kube.Client
	place   fixture.Placement
	http    *http.Client
	execs   atomic.Bool // port-forward was denied, and exec was not
	numbers numbers

	mu    sync.Mutex
	views map[string]*view // by the istiod's pod
}

// New returns the mesh in a cluster of the suite's own.
func New(k *kube.Client) *Mesh { return At(k, fixture.Own()) }

// At returns the mesh in a cluster, for a world at a placement.
func At(k *kube.Client, place fixture.Placement) *Mesh {
	return &Mesh{
		kube: k, place: place, http: &http.Client{Transport: k.Transport(), Timeout: timeout.Ask.Duration()},
		numbers: numbers{specs: map[Kind]*unstructured.Unstructured{}, latest: map[Kind]int{}}, views: map[string]*view{},
	}
}
