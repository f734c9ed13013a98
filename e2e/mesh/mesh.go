// Package mesh installs Istio and the world into a cluster, and asks istiod and the proxies what they have in force.
package mesh

import (
	"net/http"
	"sync/atomic"
	"time"

	"mtls.test/conformance/e2e/fixture"
	"mtls.test/conformance/e2e/kube"
)

// Mesh is a cluster in which Istio and the world are up. It is safe for concurrent use.
type Mesh struct {
	kube   *kube.Client
	place  fixture.Placement
	http   *http.Client
	marked atomic.Int64 // the marker's last number
	execs  atomic.Bool  // port-forward was denied, and exec was not
}

// askLimit bounds one question to a proxy or to istiod.
const askLimit = 10 * time.Second

// New returns the mesh in a cluster of the suite's own.
func New(k *kube.Client) *Mesh { return At(k, fixture.Own()) }

// At returns the mesh in a cluster, for a world at a placement.
func At(k *kube.Client, place fixture.Placement) *Mesh {
	return &Mesh{kube: k, place: place, http: &http.Client{Transport: k.Transport(), Timeout: askLimit}}
}
