package mesh

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"

	"mtls.test/conformance/fixtures/agent/control"
)

// Control asks the agent in a pod by its control API: the question as JSON to a path, the answer from JSON.
func (m *Mesh) Control(ctx context.Context, agent Proxy, path string, question, answer any) error {
	body, err := m.control(ctx, m.http, agent, path, question)
	if err != nil {
		return err
	}
	defer func() { _ = body.Close() }()
	return json.NewDecoder(body).Decode(answer)
}

// ControlStream is Control where the answer goes on for as long as the agent has something to tell.
func (m *Mesh) ControlStream(ctx context.Context, agent Proxy, path string, question any) (io.ReadCloser, error) {
	return m.control(ctx, &http.Client{Transport: m.http.Transport}, agent, path, question)
}

func (m *Mesh) control(ctx context.Context, by *http.Client, agent Proxy, path string, question any) (io.ReadCloser, error) {
	body, err := json.Marshal(question)
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, fmt.Sprintf("http://%s:%d%s", agent.id(), control.Port, path), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := by.Do(request)
	if err != nil {
		return nil, fmt.Errorf("agent in %s: %w", agent, err)
	}
	if response.StatusCode != http.StatusOK {
		defer func() { _ = response.Body.Close() }()
		told, _ := io.ReadAll(io.LimitReader(response.Body, 1<<10))
		return nil, fmt.Errorf("agent in %s: %s: %s", agent, response.Status, strings.TrimSpace(string(told)))
	}
	return response.Body, nil
}
