package mesh

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"mtls.test/conformance/e2e/pure/envoy"
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

// Dump asks a proxy what it has in force of what is wanted, and for its secrets.
func (m *Mesh) Dump(ctx context.Context, proxy Proxy, wanted envoy.Wanted) (*envoy.Dump, error) {
	answers, err := m.ask(ctx, proxy, wanted)
	if err != nil {
		return nil, fmt.Errorf("config_dump of %s: %w", proxy, err)
	}
	dump, err := envoy.Join(answers, wanted.Hosts...)
	if err != nil {
		return nil, fmt.Errorf("config_dump of %s: %w", proxy, err)
	}
	return dump, nil
}

// ask asks a proxy for the parts that tell what is wanted, all at once.
func (m *Mesh) ask(ctx context.Context, proxy Proxy, wanted envoy.Wanted) ([]envoy.Answer, error) {
	parts := wanted.Parts()
	answers := make([]envoy.Answer, len(parts))
	asking, ctx := errgroup.WithContext(ctx)
	for i, part := range parts {
		asking.Go(func() error {
			var body bytes.Buffer
			answers[i] = envoy.Answer{Part: part, Body: &body}
			return m.Admin(ctx, proxy, part.Path(), &body)
		})
	}
	return answers, asking.Wait()
}

// Admin copies the answer of a proxy's admin interface to a GET of the path, such as /stats. Where port-forward is denied
// it asks by the proxy's own pilot-agent, with exec.
func (m *Mesh) Admin(ctx context.Context, proxy Proxy, path string, to io.Writer) error {
	if m.execs.Load() {
		return m.byAgent(ctx, proxy, path, to)
	}
	body, err := m.get(ctx, fmt.Sprintf("http://%s:15000%s", proxy.id(), path))
	if apierrors.IsForbidden(err) {
		if denied := m.byAgent(ctx, proxy, path, to); denied != nil {
			return errors.Join(err, denied)
		}
		m.execs.Store(true)
		return nil
	}
	if err != nil {
		return err
	}
	defer func() { _ = body.Close() }()
	return bounded(to, body, path)
}

// byAgent asks as the guide does: pilot-agent request GET PATH
// (https://istio.io/latest/docs/reference/commands/pilot-agent/#pilot-agent-request).
func (m *Mesh) byAgent(ctx context.Context, proxy Proxy, path string, to io.Writer) error {
	read, write := io.Pipe()
	go func() {
		command := []string{"pilot-agent", "request", "GET", strings.TrimPrefix(path, "/")}
		_ = write.CloseWithError(m.kube.Exec(ctx, proxy.Namespace, proxy.Pod, ProxyContainer, command, write))
	}()
	defer func() { _ = read.Close() }()
	return bounded(to, read, path)
}

// maxAnswer bounds an answer of a proxy, in bytes: what a suite asks for is a part of its configuration.
const maxAnswer = 64 << 20

// bounded copies an answer that is no longer than it may be.
func bounded(to io.Writer, answer io.Reader, path string) error {
	size, err := io.Copy(to, io.LimitReader(answer, maxAnswer+1))
	if err == nil && size > maxAnswer {
		return fmt.Errorf("the answer to %s is longer than %d MiB", path, maxAnswer>>20)
	}
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
