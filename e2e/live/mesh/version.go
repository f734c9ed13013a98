package mesh

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
)

// EnvoyVersion asks a proxy for its version, 1.39.3.
func (m *Mesh) EnvoyVersion(ctx context.Context, proxy Proxy) (string, error) {
	var answer bytes.Buffer
	if err := m.Admin(ctx, proxy, "/server_info", &answer); err != nil {
		return "", fmt.Errorf("server_info of %s: %w", proxy, err)
	}
	var info struct {
		Version string `json:"version"` // COMMIT/VERSION/STATE/BUILD/SSL
	}
	if err := json.Unmarshal(answer.Bytes(), &info); err != nil {
		return "", fmt.Errorf("server_info of %s: %w", proxy, err)
	}
	words := strings.Split(info.Version, "/")
	if len(words) < 2 {
		return info.Version, nil
	}
	return words[1], nil
}
