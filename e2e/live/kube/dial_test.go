package kube

import (
	"context"
	"errors"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"k8s.io/apimachinery/pkg/util/httpstream"

	"mtls.test/conformance/e2e/live/timeout"
)

// podConnection is a port-forward connection whose streams come after some time.
type podConnection struct {
	after  time.Duration
	closed chan bool
}

func (c *podConnection) CreateStream(http.Header) (httpstream.Stream, error) {
	<-time.After(c.after)
	return podStreamEnd{}, nil
}
func (c *podConnection) Close() error                       { return nil }
func (c *podConnection) CloseChan() <-chan bool             { return c.closed }
func (c *podConnection) SetIdleTimeout(time.Duration)       {}
func (c *podConnection) RemoveStreams(...httpstream.Stream) {}

// podStreamEnd is a stream that has ended.
type podStreamEnd struct{}

func (podStreamEnd) Read([]byte) (int, error)    { return 0, errors.New("ended") }
func (podStreamEnd) Write(p []byte) (int, error) { return len(p), nil }
func (podStreamEnd) Close() error                { return nil }
func (podStreamEnd) Reset() error                { return nil }
func (podStreamEnd) Headers() http.Header        { return nil }
func (podStreamEnd) Identifier() uint32          { return 0 }

// dialer makes connections to pods by name: dead's kubelet does not answer, silent's has no streams.
func dialer(dials *atomic.Int64) *podDialer {
	return &podDialer{pods: map[string]httpstream.Connection{}, dial: func(host string) (httpstream.Connection, error) {
		dials.Add(1)
		switch host {
		case "dead.a":
			<-time.After(timeout.PortForward.Duration())
			return nil, errors.New("no answer")
		case "silent.a":
			return &podConnection{after: time.Hour}, nil
		}
		<-time.After(time.Millisecond)
		return &podConnection{}, nil
	}}
}

func TestADeadKubeletKeepsNoOtherPodWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := dialer(new(atomic.Int64))
		dead := make(chan error, 1)
		go func() {
			_, err := d.DialContext(t.Context(), "tcp", "dead.a:80")
			dead <- err
		}()
		synctest.Wait()
		began := time.Now()
		if _, err := d.DialContext(t.Context(), "tcp", "alive.a:80"); err != nil {
			t.Error(err)
		}
		if waited := time.Since(began); waited >= time.Second {
			t.Errorf("it waited %s for another pod", waited)
		}
		if err := <-dead; err == nil {
			t.Error("a pod without an answer was reached")
		}
	})
}

func TestADialEndsWithItsContext(t *testing.T) {
	for _, host := range []string{"dead.a:80", "silent.a:80"} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			began := time.Now()
			_, err := dialer(new(atomic.Int64)).DialContext(ctx, "tcp", host)
			if waited := time.Since(began); waited != time.Second || !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%s: after %s: %v", host, waited, err)
			}
			<-time.After(3 * time.Hour) // for what goes on behind it
		})
	}
}

func TestThoseWhoWantOnePodShareItsDial(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dials := new(atomic.Int64)
		d := dialer(dials)
		for range 5 {
			go func() {
				if _, err := d.DialContext(t.Context(), "tcp", "alive.a:80"); err != nil {
					t.Error(err)
				}
			}()
		}
		<-time.After(time.Second)
		if dials.Load() != 1 {
			t.Errorf("%d connections were made to one pod", dials.Load())
		}
	})
}
