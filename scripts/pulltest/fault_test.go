package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
)

const blob = "/v2/istio/pilot/blobs/sha256:0"

// images answers with the path, and with two beginnings for a blob.
var images = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	if strings.Contains(r.URL.Path, "/blobs/") {
		_, _ = w.Write(make([]byte, beginning/2))
		_, _ = w.Write(make([]byte, 2*beginning))
		return
	}
	_, _ = io.WriteString(w, r.URL.Path)
})

// behind serves the images through a fault; died is closed when the fault ends the server.
func behind(t *testing.T, f fault) (address string, died chan struct{}) {
	t.Helper()
	died = make(chan struct{})
	server := httptest.NewServer(f(images, func() { close(died) }))
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	return server.URL, died
}

func get(t *testing.T, address string) (int, string, error) {
	t.Helper()
	response, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	content, err := io.ReadAll(response.Body)
	return response.StatusCode, string(content), err
}

func TestARegistryThatDiesSendsTheBeginningOfAnImage(t *testing.T) {
	address, died := behind(t, dies)
	_, content, err := get(t, address+blob)
	if err == nil || len(content) != beginning {
		t.Errorf("%d bytes came, %v; want %d and an error", len(content), err, beginning)
	}
	<-died
	if _, content, err := get(t, address+"/v2/kindest/node/blobs/sha256:0"); err != nil || len(content) <= beginning {
		t.Errorf("of another image %d bytes came, %v; want all", len(content), err)
	}
}

func TestARegistryThatStallsKeepsTheConnection(t *testing.T) {
	address, died := behind(t, stalls)
	response, err := http.Get(address + blob)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if n, err := io.ReadFull(response.Body, make([]byte, beginning)); err != nil {
		t.Errorf("%d bytes came, %v; want the beginning", n, err)
	}
	select {
	case <-died:
		t.Error("the registry died")
	default:
	}
}

func TestManifestsOfOneRepositoryAreAnsweredWithAnother(t *testing.T) {
	address, _ := behind(t, instead("istio/pilot", "istio/pilot/manifests/absent"))
	for path, want := range map[string]string{
		"/v2/istio/pilot/manifests/1.31.1": "/v2/istio/pilot/manifests/absent", "/v2/istio/proxyv2/manifests/1.31.1": "/v2/istio/proxyv2/manifests/1.31.1", "/v2/": "/v2/",
	} {
		if _, got, err := get(t, address+path); got != want || err != nil {
			t.Errorf("%s is answered with %s, %v; want %s", path, got, err, want)
		}
	}
}

func TestARegistryThatLimitsGivesNoManifest(t *testing.T) {
	address, _ := behind(t, limits)
	if status, said, _ := get(t, address+"/v2/a/manifests/b"); status != http.StatusTooManyRequests || !strings.Contains(said, "TOOMANYREQUESTS") {
		t.Errorf("a manifest is answered with %d %s", status, said)
	}
	if status, _, _ := get(t, address+"/v2/"); status != http.StatusOK {
		t.Errorf("/v2/ is answered with %d", status)
	}
}

func TestAllThatIsWrongWithATrialIsTold(t *testing.T) {
	lacking := trial{exit: exitFailed, words: []string{"has no"}}
	for _, test := range []struct {
		name string
		got  outcome
		want int
	}{
		{"as it must be", outcome{exit: 1, message: "it has no image; REGISTRY= or LANE=source; the rest stays in the engine"}, 0},
		{"another exit status", outcome{exit: 2, message: "it has no image; REGISTRY= or LANE=source; the rest stays in the engine"}, 1},
		{"no advice", outcome{exit: 1, message: "it has no image"}, 3},
		{"something is left", outcome{exit: 1, message: "it has no image; REGISTRY= or LANE=source; the rest stays in the engine", left: []string{"a.building"}}, 1},
		{"all of it", outcome{left: []string{"a.building"}}, 6},
	} {
		if wrong := lacking.wrong(test.got); len(wrong) != test.want {
			t.Errorf("%s: %q, want %d", test.name, wrong, test.want)
		}
	}
	if wrong := (trial{exit: exitInput, words: []string{"REGISTRY=x"}}).wrong(outcome{exit: 2, message: "REGISTRY=x: want"}); len(wrong) > 0 {
		t.Errorf("bad input needs no advice about mirrors: %q", wrong)
	}
}

func TestTheLastErrorIsTheMessage(t *testing.T) {
	progress := "[1/2] pull\nerror: the first\n[1/2] failed; the last lines:\nerror: the\n second; try again\n"
	if got := errorOf(progress); got != "the second; try again" {
		t.Errorf("got %q", got)
	}
	if got := errorOf("nothing of the kind"); got != "" {
		t.Errorf("got %q", got)
	}
}

func TestReferencesToOneRegistryAreFound(t *testing.T) {
	listed := "127.0.0.1:5/istio/pilot 1.31 sha256:a\n127.0.0.1:5/kindest/node <none> sha256:b\n127.0.0.1:50/x 1 <none>\nnode 1 <none>\n127.0.0.1:5/y <none> <none>"
	want := []string{"127.0.0.1:5/istio/pilot:1.31", "127.0.0.1:5/kindest/node@sha256:b"}
	if got := referencesOf(listed, "127.0.0.1:5"); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
