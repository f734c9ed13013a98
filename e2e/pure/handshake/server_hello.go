package handshake

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
)

// Extensions that a ServerHello may carry (RFC 8446 section 4.2, RFC 7301).
const (
	extensionALPN              = 16
	extensionSupportedVersions = 43
	extensionKeyShare          = 51
)

// retryRandom in place of the server's random makes a ServerHello a HelloRetryRequest (RFC 8446 section 4.1.3).
var retryRandom, _ = hex.DecodeString("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")

var errShort = errors.New("it is too short")

// chosen is what a ServerHello or HelloRetryRequest chose.
type chosen struct {
	retry   bool
	version uint16
	cipher  uint16
	group   uint16 // 0 in TLS 1.2, where ServerKeyExchange has it
	alpn    string // hidden in TLS 1.3
}

// readServerHello reads a ServerHello message with its header (RFC 8446 section 4.1.3).
func readServerHello(message []byte) (chosen, error) {
	rest := reader{data: message[4:]}
	c := chosen{version: rest.number16()}
	c.retry = bytes.Equal(rest.take(32), retryRandom)
	rest.take(int(rest.number8())) // session id
	c.cipher = rest.number16()
	rest.number8() // compression
	if len(rest.data) == 0 {
		return c, rest.err
	}
	extensions := reader{data: rest.take(int(rest.number16()))}
	for len(extensions.data) > 0 && extensions.err == nil {
		kind := extensions.number16()
		body := reader{data: extensions.take(int(extensions.number16()))}
		switch kind {
		case extensionSupportedVersions:
			c.version = body.number16()
		case extensionKeyShare:
			c.group = body.number16()
		case extensionALPN:
			body.number16()
			c.alpn = string(body.take(int(body.number8())))
		}
		rest.err = errors.Join(rest.err, body.err)
	}
	return c, errors.Join(rest.err, extensions.err)
}

// readGroup reads the group from a ServerKeyExchange message of an ECDHE suite (RFC 8422 section 5.4).
func readGroup(message []byte) (group uint16, found bool) {
	const namedCurve = 3
	body := reader{data: message[4:]}
	kind, group := body.number8(), body.number16()
	return group, body.err == nil && kind == namedCurve
}

// reader takes fields from the front of bytes; behind the end all are zero and err is set.
type reader struct {
	data []byte
	err  error
}

func (r *reader) take(n int) []byte {
	if n > len(r.data) {
		r.data, r.err = nil, errShort
		return nil
	}
	taken := r.data[:n]
	r.data = r.data[n:]
	return taken
}

func (r *reader) number8() uint8 {
	if b := r.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (r *reader) number16() uint16 {
	if b := r.take(2); b != nil {
		return binary.BigEndian.Uint16(b)
	}
	return 0
}
