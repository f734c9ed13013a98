package kube

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/singleflight"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/httpstream"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/portforward"
	"k8s.io/client-go/transport/spdy"

	"mtls.test/conformance/e2e/live/timeout"
)

// Transport returns an http.Transport that dials POD.NAMESPACE:PORT, a port on the pod's loopback, over
// port-forward streams: http://product-service-7d4.default:15999/seen. Sidecars do not intercept loopback.
func (c *Client) Transport() *http.Transport {
	return &http.Transport{DialContext: c.pods.DialContext, MaxIdleConnsPerHost: 4, IdleConnTimeout: 30 * time.Second}
}

// podDialer keeps one port-forward connection per pod and opens a stream on it per dial. Pods do not wait for one another: of
// the mutex nothing is held while the network is waited for.
type podDialer struct {
	dial    func(host string) (httpstream.Connection, error)
	dialing singleflight.Group // by host
	nextID  atomic.Int64

	mu   sync.Mutex
	pods map[string]httpstream.Connection
}

func newPodDialer(config *rest.Config) *podDialer {
	return &podDialer{dial: func(host string) (httpstream.Connection, error) { return portForward(config, host) }, pods: map[string]httpstream.Connection{}}
}

// DialContext opens a stream to POD.NAMESPACE:PORT, or returns when the context ends. A connection found broken is redialled
// once.
func (d *podDialer) DialContext(ctx context.Context, _, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	conn, fresh, err := d.connection(ctx, host)
	if err != nil {
		return nil, fmt.Errorf("port-forward to %s: %w", host, err)
	}
	stream, err := d.stream(ctx, conn, host, port)
	if err == nil || fresh || ctx.Err() != nil {
		return stream, err
	}
	d.drop(host, conn)
	if conn, _, err = d.connection(ctx, host); err != nil {
		return nil, fmt.Errorf("port-forward to %s again: %w", host, err)
	}
	return d.stream(ctx, conn, host, port)
}

// connection returns the connection to a pod. Whoever wants one that is not there waits for the same dial, which goes on for
// the others when a context ends.
func (d *podDialer) connection(ctx context.Context, host string) (conn httpstream.Connection, fresh bool, err error) {
	if err := ctx.Err(); err != nil {
		return nil, false, err
	}
	if conn := d.known(host); conn != nil {
		return conn, false, nil
	}
	dialled := d.dialing.DoChan(host, func() (any, error) {
		conn, err := d.dial(host)
		if err != nil {
			return nil, err
		}
		d.mu.Lock()
		defer d.mu.Unlock()
		d.pods[host] = conn
		return conn, nil
	})
	select {
	case result := <-dialled:
		if result.Err != nil {
			return nil, false, result.Err
		}
		return result.Val.(httpstream.Connection), true, nil
	case <-ctx.Done():
		return nil, false, ctx.Err()
	}
}

// known returns a connection to a pod that is open; nil where there is none.
func (d *podDialer) known(host string) httpstream.Connection {
	d.mu.Lock()
	defer d.mu.Unlock()
	conn, found := d.pods[host]
	if !found {
		return nil
	}
	select {
	case <-conn.CloseChan():
		return nil
	default:
		return conn
	}
}

// portForward connects to the kubelet of a pod, POD.NAMESPACE, through the API server.
func portForward(config *rest.Config, host string) (httpstream.Connection, error) {
	pod, namespace, found := strings.Cut(host, ".")
	if !found {
		return nil, fmt.Errorf("%q is not POD.NAMESPACE", host)
	}
	target, err := url.Parse(strings.TrimSuffix(config.Host, "/") + "/api/v1/namespaces/" + namespace + "/pods/" + pod + "/portforward")
	if err != nil {
		return nil, err
	}
	roundTripper, upgrader, err := spdy.RoundTripperFor(config)
	if err != nil {
		return nil, err
	}
	dialer := spdy.NewDialer(upgrader, &http.Client{Transport: roundTripper, Timeout: timeout.PortForward.Duration()}, http.MethodPost, target)
	conn, _, err := dialer.Dial(portforward.PortForwardProtocolV1Name)
	return conn, err
}

func (d *podDialer) drop(host string, conn httpstream.Connection) {
	_ = conn.Close()
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.pods[host] == conn {
		delete(d.pods, host)
	}
}

// stream opens a stream on a connection. The kubelet may take half a minute to answer, or never do: a stream that comes after
// the context has ended is closed.
func (d *podDialer) stream(ctx context.Context, conn httpstream.Connection, host, port string) (net.Conn, error) {
	type opened struct {
		net.Conn
		err error
	}
	made := make(chan opened, 1)
	go func() {
		stream, err := d.open(conn, host, port)
		made <- opened{stream, err}
	}()
	select {
	case got := <-made:
		return got.Conn, got.err
	case <-ctx.Done():
		go func() {
			if late := <-made; late.err == nil {
				_ = late.Close()
			}
		}()
		return nil, fmt.Errorf("port-forward to %s:%s: %w", host, port, ctx.Err())
	}
}

// open creates the pair of streams of the port-forward protocol: one for errors, one for data.
func (d *podDialer) open(conn httpstream.Connection, host, port string) (net.Conn, error) {
	id := strconv.FormatInt(d.nextID.Add(1), 10)
	headers := http.Header{}
	headers.Set(corev1.StreamType, corev1.StreamTypeError)
	headers.Set(corev1.PortHeader, port)
	headers.Set(corev1.PortForwardRequestIDHeader, id)
	problems, err := conn.CreateStream(headers)
	if err != nil {
		return nil, fmt.Errorf("port-forward to %s:%s: %w", host, port, err)
	}
	if err := problems.Close(); err != nil {
		return nil, err
	}
	headers.Set(corev1.StreamType, corev1.StreamTypeData)
	data, err := conn.CreateStream(headers)
	if err != nil {
		conn.RemoveStreams(problems)
		return nil, fmt.Errorf("port-forward to %s:%s: %w", host, port, err)
	}
	stream := &podStream{Stream: data, conn: conn, problems: problems, address: podAddress(host + ":" + port)}
	go stream.watch()
	return stream, nil
}

// podStream is a net.Conn over one pair of port-forward streams.
type podStream struct {
	httpstream.Stream
	conn     httpstream.Connection
	problems httpstream.Stream
	address  podAddress
	mu       sync.Mutex
	problem  error
	closing  sync.Once
}

// watch reads what the kubelet says of the far end, such as that nobody listens there.
func (s *podStream) watch() {
	told, err := io.ReadAll(s.problems)
	if err != nil || len(told) == 0 {
		return
	}
	s.mu.Lock()
	s.problem = fmt.Errorf("port-forward to %s: %s", s.address, told)
	s.mu.Unlock()
	_ = s.Reset()
}

func (s *podStream) Read(p []byte) (int, error) {
	n, err := s.Stream.Read(p)
	if err != nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.problem != nil {
			return n, s.problem
		}
	}
	return n, err
}

func (s *podStream) Close() error {
	var err error
	s.closing.Do(func() {
		err = s.Stream.Close()
		_ = s.Reset()
		s.conn.RemoveStreams(s.Stream, s.problems)
	})
	return err
}

// LocalAddr returns the pod's address: a stream has no address of its own.
func (s *podStream) LocalAddr() net.Addr { return s.address }

// RemoteAddr returns POD.NAMESPACE:PORT.
func (s *podStream) RemoteAddr() net.Addr { return s.address }

// SetDeadline is not supported; requests are bounded by their context.
func (s *podStream) SetDeadline(time.Time) error { return os.ErrNoDeadline }

// SetReadDeadline is not supported; requests are bounded by their context.
func (s *podStream) SetReadDeadline(time.Time) error { return os.ErrNoDeadline }

// SetWriteDeadline is not supported; requests are bounded by their context.
func (s *podStream) SetWriteDeadline(time.Time) error { return os.ErrNoDeadline }

type podAddress string

func (podAddress) Network() string  { return "port-forward" }
func (a podAddress) String() string { return string(a) }
