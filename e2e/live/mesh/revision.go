package mesh

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	"google.golang.org/grpc"

	"mtls.test/conformance/e2e/live/kube"
	"mtls.test/conformance/e2e/live/timeout"
	"mtls.test/conformance/e2e/live/xds"
	"mtls.test/conformance/e2e/pure/envoy"
	"mtls.test/conformance/e2e/pure/fixture"
)

// Revision is a second control plane of the mesh, which is asked what it would send to proxies that are connected to the
// first.
type Revision struct {
	mesh    *Mesh
	install Install
	conn    *grpc.ClientConn
	view    *view

	mu    sync.Mutex
	nodes map[Proxy]*corev3.Node
}

// AddRevision installs a second control plane under the name in install.Revision.
func (m *Mesh) AddRevision(ctx context.Context, k *kube.Client, install Install) (*Revision, error) {
	if err := install.Run(ctx, k); err != nil {
		return nil, err
	}
	pods, err := k.Pods(ctx, istioNamespace, fixture.Placement{Revision: install.Revision}.IstiodSelector())
	if err != nil {
		return nil, err
	}
	if len(pods) != 1 {
		return nil, fmt.Errorf("%d istiod of revision %s run, want one", len(pods), install.Revision)
	}
	conn, err := xds.Dial(k.Transport().DialContext, pods[0].Name+"."+istioNamespace)
	if err != nil {
		return nil, err
	}
	v, err := m.open(ctx, pods[0].Name, istioNamespace)
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return &Revision{mesh: m, install: install, conn: conn, view: v, nodes: map[Proxy]*corev3.Node{}}, nil
}

// Remove uninstalls it.
func (r *Revision) Remove(ctx context.Context) error {
	r.view.close()
	_ = r.conn.Close()
	return r.install.Uninstall(ctx)
}

// Dump returns what the revision would have a proxy have in force, with the secrets that it holds: those are its agent's.
// The revision knows then what every marker of the mesh is newer than.
func (r *Revision) Dump(ctx context.Context, proxy Proxy, _ envoy.Wanted) (*envoy.Dump, error) {
	node, err := r.node(ctx, proxy)
	if err != nil {
		return nil, err
	}
	if _, err := r.view.showing(ctx, r.mesh.numbers.now(), timeout.RevisionSees.Duration()); err != nil {
		return nil, fmt.Errorf("revision %s: %w", r.install.Revision, err)
	}
	text, err := xds.Read(ctx, r.conn, node)
	if err != nil {
		return nil, fmt.Errorf("revision %s as %s: %w", r.install.Revision, proxy, err)
	}
	secrets, err := r.mesh.ask(ctx, proxy, envoy.Wanted{})
	if err != nil {
		return nil, err
	}
	return envoy.Join(append([]envoy.Answer{{Body: bytes.NewReader(text)}}, secrets...))
}

// node is how a proxy presents itself to istiod.
func (r *Revision) node(ctx context.Context, proxy Proxy) (*corev3.Node, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if node, known := r.nodes[proxy]; known {
		return node, nil
	}
	var dump bytes.Buffer
	if err := r.mesh.Admin(ctx, proxy, "/config_dump", &dump); err != nil {
		return nil, err
	}
	node, err := xds.Node(&dump)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", proxy, err)
	}
	r.nodes[proxy] = node
	return node, nil
}
