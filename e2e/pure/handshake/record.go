package handshake

import "encoding/binary"

// Content types of TLS records (RFC 8446 section 5.1).
const (
	changeCipherSpec = 20
	alertRecord      = 21
	handshakeRecord  = 22
)

const (
	recordHeader = 5
	// maxRecord is the longest ciphertext of a record (RFC 5246 section 6.2.3).
	maxRecord = 1<<14 + 2048
)

// Handshake message types (RFC 8446 section 4, RFC 5246 section 7.4).
const (
	clientHello       = 1
	serverHello       = 2
	serverKeyExchange = 12
)

// fatal is the alert level of errors (RFC 8446 section 6).
const fatal = 2

// speech is what one end said first, in the clear.
type speech struct {
	bytes    int      // that were seen
	tls      bool     // they begin as TLS records do
	messages [][]byte // handshake messages with their headers, until encryption began
	alert    byte     // a fatal one
	alerted  bool
	clear    int // bytes up to the end of the last record that is in the clear or a handshake's
}

// startsTLS reports whether bytes, as far as they go, begin a record that may come first: a handshake or an alert of
// SSL 3.0 or later (RFC 8446 section 5.1).
func startsTLS(data []byte) bool {
	if len(data) == 0 || data[0] != handshakeRecord && data[0] != alertRecord {
		return false
	}
	if len(data) > 1 && data[1] != 3 || len(data) > 2 && data[2] > 4 {
		return false
	}
	if len(data) < recordHeader {
		return true
	}
	length := binary.BigEndian.Uint16(data[3:])
	return length > 0 && length <= maxRecord
}

// hear splits one direction into records and the records into messages.
func hear(data []byte) speech {
	s := speech{bytes: len(data), tls: startsTLS(data)}
	var unread []byte
	encrypted := false
	for offset := 0; s.tls && len(data)-offset >= recordHeader; {
		kind, length := data[offset], int(binary.BigEndian.Uint16(data[offset+3:]))
		body := data[offset+recordHeader:]
		if kind < changeCipherSpec || kind > handshakeRecord || data[offset+1] != 3 {
			break
		}
		// In a record that was cut off, the messages before the cut are complete.
		body = body[:min(length, len(body))]
		offset += recordHeader + length
		s.clear = min(offset, len(data))
		switch {
		case kind == changeCipherSpec:
			// TLS 1.3 sends one that means nothing, before a second ClientHello (RFC 8446 appendix D.4).
			encrypted = true
		case kind == alertRecord && length == 2 && len(body) == 2 && body[0] == fatal:
			s.alert, s.alerted = body[1], true
		case kind == handshakeRecord && (!encrypted || startsHello(body)):
			unread = append(unread, body...)
			s.messages, unread = split(s.messages, unread)
		}
	}
	return s
}

// startsHello reports whether a handshake record is a hello in the clear.
func startsHello(body []byte) bool {
	return len(body) >= 4 && (body[0] == clientHello || body[0] == serverHello) && body[1] == 0 && 4+length24(body[1:]) == len(body)
}

// split takes whole messages from the front of what was not yet read.
func split(messages [][]byte, unread []byte) (whole [][]byte, rest []byte) {
	for len(unread) >= 4 {
		end := 4 + length24(unread[1:])
		if len(unread) < end {
			break
		}
		messages, unread = append(messages, unread[:end:end]), unread[end:]
	}
	return messages, unread
}

func length24(b []byte) int { return int(b[0])<<16 | int(b[1])<<8 | int(b[2]) }
