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
	body, err := json.Marshal(question)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, fmt.Sprintf("http://%s:%d%s", agent.id(), control.Port, path), bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := m.http.Do(request)
	if err != nil {
		return fmt.Errorf("agent in %s: %w", agent, err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		told, _ := io.ReadAll(io.LimitReader(response.Body, 1<<10))
		return fmt.Errorf("agent in %s: %s: %s", agent, response.Status, strings.TrimSpace(string(told)))
	}
	return json.NewDecoder(response.Body).Decode(answer)
}
