package kialiclient

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/kiali"
)

// replay is one measured row.
type replay struct {
	Row     string      `yaml:"row"`
	Status  string      `yaml:"status"`
	Codes   []string    `yaml:"codes"` // CODE SEVERITY KIND
	Seen    hop.Outcome `yaml:"seen"`
	Differs string      `yaml:"differs"`
}

// serve replays a row as Kiali words its answers; statuses take turns, and objects is how many were validated.
func serve(t *testing.T, row replay, objects int, statuses ...string) *Kiali {
	t.Helper()
	asked := 0
	mux := http.NewServeMux()
	answer := func(path string, value func() any) {
		mux.HandleFunc("GET /kiali/api/"+path, func(w http.ResponseWriter, _ *http.Request) {
			if err := json.NewEncoder(w).Encode(value()); err != nil {
				t.Error(err)
			}
		})
	}
	answer("mesh/tls", func() any {
		return map[string]any{"autoMTLSEnabled": true, "minTLS": "TLSV1_2", "status": "MTLS_NOT_ENABLED"}
	})
	answer("namespaces/default/tls", func() any {
		asked++
		return map[string]any{"autoMTLSEnabled": true, "cluster": "Kubernetes", "namespace": "default", "status": statuses[asked%len(statuses)]}
	})
	answer("namespaces/default/validations", func() any {
		return map[string]any{"errors": 0, "objectCount": objects, "warnings": 0, "namespace": "default"}
	})
	answer("namespaces/default/istio", func() any {
		validations := map[string]any{"networking.istio.io/v1, Kind=Gateway": map[string]any{"g.default": map[string]any{"checks": []any{map[string]any{"code": "KIA0302", "severity": "warning"}}}}}
		for i, text := range row.Codes {
			words := strings.Fields(text)
			validations["x.istio.io/v1, Kind="+words[2]] = map[string]any{fmt.Sprintf("object.%d.default", i): map[string]any{
				"namespace": "", "valid": words[1] != "error", "checks": []any{map[string]any{"code": words[0], "severity": words[1], "message": "m", "path": "spec"}},
			}}
		}
		return map[string]any{"validations": validations}
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return At(server.URL+"/kiali/", "", http.DefaultTransport)
}

func TestReplayedRows(t *testing.T) {
	content, err := os.ReadFile("testdata/replay.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var rows []replay
	if err := yaml.Unmarshal(content, &rows); err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		t.Run(row.Row, func(t *testing.T) {
			said := serve(t, row, 4, row.Status).Says(context.Background(), "default").Against(map[hop.Outcome]int{row.Seen: 1})
			if said.Missing != "" || said.Status != row.Status || said.Mesh != "MTLS_NOT_ENABLED" || said.Differs != row.Differs {
				t.Errorf("%+v, want %q", said, row.Differs)
			}
			if len(said.Findings) != len(row.Codes) {
				t.Fatalf("findings %+v, want %v", said.Findings, row.Codes)
			}
			for i, code := range row.Codes {
				words := strings.Fields(code)
				want := kiali.Finding{Code: words[0], Severity: words[1], Object: fmt.Sprintf("%s default/object.%d", words[2], i), Message: "m"}
				if said.Findings[i] != want {
					t.Errorf("%+v, want %+v", said.Findings[i], want)
				}
			}
		})
	}
}

func TestAWordThatFlapsIsUnstable(t *testing.T) {
	said := serve(t, replay{}, 4, "MTLS_ENABLED", "MTLS_DISABLED").Says(context.Background(), "default")
	if len(said.Unstable) != 2 || !strings.Contains(said.Says(), "unstable") {
		t.Errorf("%+v", said)
	}
}

func TestBeforeItHasValidatedNoFindingIsNoCleanBill(t *testing.T) {
	said := serve(t, replay{}, 0, "MTLS_ENABLED").Says(context.Background(), "default").Against(map[hop.Outcome]int{hop.Refused: 2})
	if !said.Unvalidated || said.Says() != "MTLS_ENABLED, not validated yet" || said.Differs == "" {
		t.Errorf("%+v", said)
	}
}

func TestWhatItDoesNotSayIsMissing(t *testing.T) {
	for name, body := range map[string]string{"no JSON": "<html>", "an error": ""} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if body == "" {
				w.WriteHeader(http.StatusInternalServerError)
			}
			_, _ = w.Write([]byte(body))
		}))
		said := At(server.URL, "token", http.DefaultTransport).Says(context.Background(), "nope")
		if said.Missing == "" || said.Status != "" || said.Says() != "-" || said.Against(map[hop.Outcome]int{hop.MTLS: 1}).Differs != "" {
			t.Errorf("%s: %+v", name, said)
		}
		server.Close()
	}
}
