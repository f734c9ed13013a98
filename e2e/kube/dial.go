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
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/httpstream"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/portforward"
	"k8s.io/client-go/transport/spdy"
)

// Transport returns an http.Transport that dials POD.NAMESPACE:PORT, a port on the pod's loopback, over
// port-forward streams: http://product-service-7d4.default:15999/seen. Sidecars do not intercept loopback.
func (c *Client) Transport() *http.Transport {
	return &http.Transport{DialContext: c.pods.DialContext, MaxIdleConnsPerHost: 4, IdleConnTimeout: 30 * time.Second}
}

// podDialer keeps one port-forward connection per pod and opens a stream on it per dial.
type podDialer struct {
	config *rest.Config
	mu     sync.Mutex
	pods   map[string]httpstream.Connection
	nextID int
}

func newPodDialer(config *rest.Config) *podDialer {
	return &podDialer{config: config, pods: map[string]httpstream.Connection{}}
}

// DialContext opens a stream to POD.NAMESPACE:PORT. A connection found broken is redialled once.
func (d *podDialer) DialContext(ctx context.Context, _, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	conn, fresh, err := d.connection(ctx, host)
	if err != nil {
		return nil, fmt.Errorf("port-forward to %s: %w", host, err)
	}
	stream, err := d.open(conn, host, port)
	if err == nil || fresh {
		return stream, err
	}
	d.drop(host, conn)
	if conn, _, err = d.connection(ctx, host); err != nil {
		return nil, fmt.Errorf("port-forward to %s again: %w", host, err)
	}
	return d.open(conn, host, port)
}

func (d *podDialer) connection(ctx context.Context, host string) (conn httpstream.Connection, fresh bool, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if conn, ok := d.pods[host]; ok {
		select {
		case <-conn.CloseChan():
		default:
			return conn, false, nil
		}
	}
	if err := ctx.Err(); err != nil {
		return nil, false, err
	}
	pod, namespace, found := strings.Cut(host, ".")
	if !found {
		return nil, false, fmt.Errorf("%q is not POD.NAMESPACE", host)
	}
	target, err := url.Parse(strings.TrimSuffix(d.config.Host, "/") + "/api/v1/namespaces/" + namespace + "/pods/" + pod + "/portforward")
	if err != nil {
		return nil, false, err
	}
	roundTripper, upgrader, err := spdy.RoundTripperFor(d.config)
	if err != nil {
		return nil, false, err
	}
	dialer := spdy.NewDialer(upgrader, &http.Client{Transport: roundTripper, Timeout: 10 * time.Second}, http.MethodPost, target)
	conn, _, err = dialer.Dial(portforward.PortForwardProtocolV1Name)
	if err != nil {
		return nil, false, err
	}
	d.pods[host] = conn
	return conn, true, nil
}

func (d *podDialer) drop(host string, conn httpstream.Connection) {
	_ = conn.Close()
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.pods[host] == conn {
		delete(d.pods, host)
	}
}

// open creates the pair of streams of the port-forward protocol: one for errors, one for data.
func (d *podDialer) open(conn httpstream.Connection, host, port string) (net.Conn, error) {
	d.mu.Lock()
	d.nextID++
	id := strconv.Itoa(d.nextID)
	d.mu.Unlock()
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
