package kube

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

type counted func(*http.Request) *http.Response

func (c counted) RoundTrip(request *http.Request) (*http.Response, error) { return c(request), nil }

func TestWhatTheAPIServerServesIsAskedForOnce(t *testing.T) {
	asked := map[string]int{}
	client := remember(counted(func(request *http.Request) *http.Response {
		asked[request.Method+" "+request.URL.Path]++
		status := http.StatusOK
		if strings.Contains(request.URL.Path, "unknown") {
			status = http.StatusNotFound
		}
		return &http.Response{StatusCode: status, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(request.URL.Path))}
	}))
	for path, want := range map[string]int{
		"/apis/networking.istio.io/v1": 1, "/apis/networking.istio.io": 1, "/api/v1": 1,
		"/apis/unknown/v1": 3, "/apis/networking.istio.io/v1/destinationrules": 3, "/api/v1/namespaces/default/pods": 3, "/readyz": 3,
	} {
		for range 3 {
			request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://server"+path, nil)
			if err != nil {
				t.Fatal(err)
			}
			response, err := client.RoundTrip(request)
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(response.Body)
			if err != nil || string(body) != path || response.Header.Get("Content-Type") != "application/json" {
				t.Errorf("%s: %q, %v", path, body, err)
			}
		}
		if got := asked["GET "+path]; got != want {
			t.Errorf("%s was asked for %d times, want %d", path, got, want)
		}
	}
}
