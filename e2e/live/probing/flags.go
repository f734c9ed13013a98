package probing

import (
	"bytes"
	"context"
	"maps"
	"strings"
	"sync"
	"time"

	"mtls.test/conformance/e2e/live/kube"
	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/e2e/pure/accesslog"
)

// flags are the response flags of requests, out of the logs of the proxies that sent them on.
type flags struct {
	run string // begins the ids of the session's requests

	mu       sync.Mutex
	byID     map[string]string
	followed map[mesh.Proxy]bool
}

func newFlags(run string) *flags {
	return &flags{run: run, byID: map[string]string{}, followed: map[mesh.Proxy]bool{}}
}

// follow reads the log of a proxy from now on, until the session or the pod ends.
func (f *flags) follow(going context.Context, k *kube.Client, work *sync.WaitGroup, proxy mesh.Proxy) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.followed[proxy] {
		return
	}
	f.followed[proxy] = true
	work.Go(func() {
		// Without its log a failure has no flag, and is one all the same.
		_ = k.FollowLog(going, proxy.Namespace, proxy.Pod, mesh.ProxyContainer, time.Second, func() {}, f)
	})
}

// unflagged is in the line of a request that has no flag (fixtures/istio/mesh.yaml): most are such, and are not read.
var unflagged = []byte(`"response_flags":null`)

// Line is kube.LogReader's: the flags of a request of the session are kept.
func (f *flags) Line(_ time.Time, text []byte) {
	if bytes.Contains(text, unflagged) {
		return
	}
	line, err := accesslog.Parse(text)
	if err != nil || len(line.ResponseFlags) == 0 || !strings.HasPrefix(line.HopID, f.run) {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.byID[line.HopID] = strings.Join(line.ResponseFlags, ",")
}

// Lost is kube.LogReader's, as are those below: what is missing of a log is a flag that is not known.
func (f *flags) Lost(time.Time, error) {}

// Interrupted is Lost's.
func (f *flags) Interrupted(error) {}

// Reopened is Lost's.
func (f *flags) Reopened(_, _ time.Time) {}

// Resumed is Lost's.
func (f *flags) Resumed() {}

func (f *flags) all() map[string]string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return maps.Clone(f.byID)
}
