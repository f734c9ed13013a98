package observe

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"mtls.test/conformance/e2e/live/kube"
	"mtls.test/conformance/e2e/live/kube/kubetest"
)

const requestLine = `{"start_time":"2026-11-24T01:49:07.915Z","response_flags":null,"downstream_local_address":"10.0.0.7:8080","hop_id":"r-1"}`

// logsAt are logs at an API server that answers for the log of the server's proxy, and has no pod.
func logsAt(t *testing.T, log http.HandlerFunc) *Logs {
	t.Helper()
	served := http.NewServeMux()
	served.HandleFunc("/api/v1/namespaces/default/pods/product-service/log", log)
	for path, answer := range map[string]string{
		"/api":                            `{"kind":"APIVersions","versions":["v1"]}`,
		"/apis":                           `{"kind":"APIGroupList","apiVersion":"v1","groups":[]}`,
		"/api/v1":                         `{"kind":"APIResourceList","groupVersion":"v1","resources":[{"name":"pods","kind":"Pod","namespaced":true}]}`,
		"/api/v1/namespaces/default/pods": `{"kind":"PodList","apiVersion":"v1","items":[]}`,
	} {
		served.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = fmt.Fprint(w, answer)
		})
	}
	client, err := kube.New(kubetest.Kubeconfig(t, served))
	if err != nil {
		t.Fatal(err)
	}
	return NewLogs(client, false)
}

// awaitGone waits until a log says that its pod is gone.
func awaitGone(t *testing.T, logs *Logs) {
	t.Helper()
	limit := time.After(10 * time.Second)
	for {
		_, _, changed := logs.of(server).look(0, ByID(""))
		if errors.Is(logs.Gap(server, 0), kube.ErrLogGone) {
			return
		}
		select {
		case <-changed:
		case <-limit:
			t.Fatalf("the pod is gone, and the log says %v", logs.Gap(server, 0))
		}
	}
}

func TestALogIsFollowedUntilItsPodIsGone(t *testing.T) {
	deleted, opened := make(chan struct{}), 0
	logs := logsAt(t, func(w http.ResponseWriter, r *http.Request) {
		if opened++; opened > 1 {
			http.NotFound(w, r)
			return
		}
		_, _ = fmt.Fprintf(w, "2026-11-24T12:00:00.000000000Z %s\n", requestLine)
		w.(http.Flusher).Flush()
		<-deleted
	})
	if err := logs.Follow(t.Context(), server); err != nil {
		t.Fatal(err)
	}
	if _, _, err := logs.Find(t.Context(), server, 0, 10*time.Second, ByID("r-1")); err != nil {
		t.Error(err)
	}
	if err := logs.Gap(server, 0); err != nil {
		t.Errorf("while it is followed: %v", err)
	}
	close(deleted)
	awaitGone(t, logs)
}

func TestALogThatDoesNotOpenIsAnError(t *testing.T) {
	logs := logsAt(t, http.NotFound)
	if err := logs.Follow(t.Context(), server); !errors.Is(err, kube.ErrLogGone) {
		t.Errorf("got %v", err)
	}
	if err := logs.Gap(server, 0); !errors.Is(err, kube.ErrLogGone) {
		t.Errorf("its absent lines are explained by %v", err)
	}
}

func TestOfAnotherMeshLinesOfTheSuitesFormatCountAlone(t *testing.T) {
	own := strings.Replace(requestLine, "{", `{"suite":"mtls-conformance",`, 1)
	for others, count := range map[bool]Mark{true: 1, false: 2} {
		logs := NewLogs(nil, others)
		for _, line := range []string{requestLine, own, "2026-11-24T12:00:00Z info Envoy's own", `{"level":"info"}`} {
			logs.of(server).Line(noon, []byte(line))
		}
		if got := logs.Mark(server); got != count {
			t.Errorf("of another's mesh %t: %d lines are taken, want %d", others, got, count)
		}
		if err := logs.Gap(server, 0); err != nil {
			t.Errorf("of another's mesh %t: %v", others, err)
		}
	}
}

func TestNothingIsMissingOfALogThatWasReopenedBeforeItsFirstLine(t *testing.T) {
	logs := logOf()
	log := logs.of(server)
	log.Interrupted(errors.New("EOF"))
	log.Reopened(time.Time{}, noon)
	if err := logs.Gap(server, 0); err == nil || !strings.Contains(err.Error(), "between its beginning and 12:00:00.000 may be missing") {
		t.Errorf("before it is known where the stream goes on: %v", err)
	}
	log.Resumed()
	if err := logs.Gap(server, 0); err != nil {
		t.Errorf("after: %v", err)
	}
}
