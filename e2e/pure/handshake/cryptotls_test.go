package handshake_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"io"
	"math/big"
	"net"
	"sync"
	"testing"
	"time"
)

// memory is one direction of a connection in memory; unlike net.Pipe's, a write does not wait to be read.
type memory struct {
	mu     sync.Mutex
	more   *sync.Cond
	bytes  []byte
	closed bool
}

func newMemory() *memory {
	m := &memory{}
	m.more = sync.NewCond(&m.mu)
	return m
}

func (m *memory) close() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed = true
	m.more.Broadcast()
}

// end is one end of a connection in memory, which remembers what is written to it.
type end struct {
	net.Conn // what crypto/tls does not call
	server   bool
	from, to *memory
	remember func(said)
}

func (e *end) Read(b []byte) (int, error) {
	e.from.mu.Lock()
	defer e.from.mu.Unlock()
	for len(e.from.bytes) == 0 && !e.from.closed {
		e.from.more.Wait()
	}
	if len(e.from.bytes) == 0 {
		return 0, io.EOF
	}
	n := copy(b, e.from.bytes)
	e.from.bytes = e.from.bytes[n:]
	return n, nil
}

func (e *end) Write(b []byte) (int, error) {
	e.remember(said{server: e.server, data: bytes.Clone(b)})
	e.to.mu.Lock()
	defer e.to.mu.Unlock()
	e.to.bytes = append(e.to.bytes, b...)
	e.to.more.Broadcast()
	return len(b), nil
}

func (e *end) Close() error {
	e.from.close()
	e.to.close()
	return nil
}

// shaken is a handshake that crypto/tls made, as both ends and the wire saw it.
type shaken struct {
	said           []said
	hello          *tls.ClientHelloInfo
	state          tls.ConnectionState
	client, server error
}

// shake makes a handshake in memory; the client says a few bytes after it.
func shake(t testing.TB, client, server *tls.Config) shaken {
	t.Helper()
	var done shaken
	var order sync.Mutex
	remember := func(one said) { order.Lock(); done.said = append(done.said, one); order.Unlock() }
	up, down := newMemory(), newMemory()
	near, far := &end{from: down, to: up, remember: remember}, &end{server: true, from: up, to: down, remember: remember}
	server = server.Clone()
	server.Certificates = []tls.Certificate{certificate(t)}
	server.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) { done.hello = hello; return nil, nil }
	client = client.Clone()
	client.InsecureSkipVerify = true
	var both sync.WaitGroup
	both.Go(func() {
		defer func() { _ = far.Close() }()
		end := tls.Server(far, server)
		if done.server = end.HandshakeContext(t.Context()); done.server == nil {
			_, _ = end.Read(make([]byte, 100))
		}
	})
	both.Go(func() {
		defer func() { _ = near.Close() }()
		end := tls.Client(near, client)
		if done.client = end.HandshakeContext(t.Context()); done.client == nil {
			_, done.client = end.Write([]byte("a secret of the application"))
		}
		done.state = end.ConnectionState()
	})
	both.Wait()
	return done
}

var certificate = func() func(testing.TB) tls.Certificate {
	made := sync.OnceValues(func() (tls.Certificate, error) {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			return tls.Certificate{}, err
		}
		template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
		der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
		return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, err
	})
	return func(t testing.TB) tls.Certificate {
		t.Helper()
		certificate, err := made()
		if err != nil {
			t.Fatal(err)
		}
		return certificate
	}
}()
