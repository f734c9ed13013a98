package kube

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
)

// Forward listens on loopback and passes each connection to a port of a pod, POD.NAMESPACE:PORT, until the context ends. It
// returns the address that it listens on.
func (c *Client) Forward(ctx context.Context, to string) (string, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	context.AfterFunc(ctx, func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if errors.Is(err, net.ErrClosed) {
				return
			}
			if err == nil {
				go c.pass(ctx, conn, to)
			}
		}
	}()
	return listener.Addr().String(), nil
}

func (c *Client) pass(ctx context.Context, from net.Conn, to string) {
	defer func() { _ = from.Close() }()
	pod, err := c.pods.DialContext(ctx, "tcp", to)
	if err != nil {
		return
	}
	defer func() { _ = pod.Close() }()
	var once sync.Once
	done := make(chan struct{})
	for _, way := range []struct {
		to   io.Writer
		from io.Reader
	}{{pod, from}, {from, pod}} {
		go func() {
			_, _ = io.Copy(way.to, way.from)
			once.Do(func() { close(done) })
		}()
	}
	select {
	case <-done:
	case <-ctx.Done():
	}
}
