// Package kubetest has unit tests connect to an API server that answers as a test wants it.
package kubetest

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
)

// Kubeconfig returns the path of a kubeconfig for an API server that the handler answers for. Both are gone after the test.
func Kubeconfig(t *testing.T, answers http.Handler) string {
	t.Helper()
	server := httptest.NewServer(answers)
	t.Cleanup(server.Close)
	kubeconfig := filepath.Join(t.TempDir(), "kubeconfig")
	content := fmt.Sprintf(`{apiVersion: v1, kind: Config, current-context: c, contexts: [{name: c, context: {cluster: c}}], clusters: [{name: c, cluster: {server: %q}}]}`, server.URL)
	if err := os.WriteFile(kubeconfig, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return kubeconfig
}
