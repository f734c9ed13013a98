package mesh

import (
	"context"
	"fmt"
	"io"
	"net/http"

	"mtls.test/conformance/e2e/envoy"
)

// Proxy names a proxy by its pod.
type Proxy struct {
	Namespace string
	Pod       string
}

// String returns NAMESPACE/POD.
func (p Proxy) String() string { return p.Namespace + "/" + p.Pod }

// id is how istiod names the proxy: POD.NAMESPACE.
func (p Proxy) id() string { return p.Pod + "." + p.Namespace }

// Dump asks a proxy what it has in force, endpoints included.
func (m *Mesh) Dump(ctx context.Context, proxy Proxy) (*envoy.Dump, error) {
	body, err := m.get(ctx, fmt.Sprintf("http://%s:15000/config_dump?include_eds", proxy.id()))
	if err != nil {
		return nil, fmt.Errorf("config_dump of %s: %w", proxy, err)
	}
	defer func() { _ = body.Close() }()
	dump, err := envoy.Parse(body)
	if err != nil {
		return nil, fmt.Errorf("config_dump of %s: %w", proxy, err)
	}
	return dump, nil
}

// Admin copies the answer of a proxy's admin interface to a GET of the path, such as /stats.
func (m *Mesh) Admin(ctx context.Context, proxy Proxy, path string, to io.Writer) error {
	body, err := m.get(ctx, fmt.Sprintf("http://%s:15000%s", proxy.id(), path))
	if err != nil {
		return err
	}
	defer func() { _ = body.Close() }()
	_, err = io.Copy(to, body)
	return err
}

func (m *Mesh) get(ctx context.Context, url string) (io.ReadCloser, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	response, err := m.http.Do(request)
	if err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusOK {
		_ = response.Body.Close()
		return nil, fmt.Errorf("%s answered %s", url, response.Status)
	}
	return response.Body, nil
}
