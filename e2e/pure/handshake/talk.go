package handshake

import (
	"crypto/tls"
	"fmt"
	"strings"

	"mtls.test/conformance/e2e/pure/hop"
)

// preface begins HTTP/2 (RFC 9113 section 3.4).
const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

// The symptoms that the wire names beside an outcome.
const (
	// AnsweredInClear: the client spoke TLS to a server that does not.
	AnsweredInClear = "the server answered a ClientHello in the clear"
	// ClearHTTP2: the client began HTTP/2 in the clear.
	ClearHTTP2 = "the client sent the HTTP/2 preface in the clear"
	// EndedInRetry: the client did not come back with the group that the server asked for.
	EndedInRetry = "the connection ended after a HelloRetryRequest"
)

// talk is what the two ends said to one another.
type talk struct {
	client, server speech
	facts          hop.TLSFacts
	any            bool   // there are facts
	alerting       string // who sent the alert: client or server
	helloed        bool   // the server sent a ServerHello that is no HelloRetryRequest
	problem        error  // a hello cannot be read
}

func listen(client, server []byte) talk {
	t := talk{client: hear(client), server: hear(server)}
	t.hearClient()
	t.hearServer()
	// The end that answers an alert with another alert is not the end that sent the first one.
	if t.server.alerted {
		t.hearAlert("server", t.server.alert)
	} else if t.client.alerted {
		t.hearAlert("client", t.client.alert)
	}
	return t
}

func (t *talk) hearAlert(who string, alert byte) {
	t.alerting, t.facts.Alert, t.any = who, named(alerts, alert), true
}

func (t *talk) hearClient() {
	for _, message := range t.client.messages {
		if message[0] != clientHello {
			continue
		}
		hello, err := readClientHello(message)
		if err != nil {
			t.problem = fmt.Errorf("the ClientHello cannot be read: %w", err)
			return
		}
		t.any = true
		offer(&t.facts, hello)
	}
}

func (t *talk) hearServer() {
	for _, message := range t.server.messages {
		switch message[0] {
		case serverHello:
			c, err := readServerHello(message)
			if err != nil {
				t.problem = fmt.Errorf("the ServerHello cannot be read: %w", err)
				return
			}
			t.any = true
			if c.retry {
				t.facts.Retried = true
				continue
			}
			t.helloed = true
			t.facts.Version, t.facts.Cipher, t.facts.ALPN = named(versions, c.version), tls.CipherSuiteName(c.cipher), c.alpn
			if c.group != 0 {
				t.facts.Group = named(groups, c.group)
			}
		case serverKeyExchange:
			if group, found := readGroup(message); found && strings.Contains(t.facts.Cipher, "ECDHE") {
				t.facts.Group = named(groups, group)
			}
		}
	}
}

// judge returns the outcome of the connection with its symptom, or why the outcome is unknown.
func (t *talk) judge(packets hop.Packets) (says hop.Outcome, symptom, missing string) {
	switch {
	case t.server.bytes == 0 && packets.ServerBytes > 0:
		return "", "", "the server's first bytes are not among the packets"
	case t.server.bytes == 0 && packets.Closed:
		return hop.Cut, "", ""
	case t.server.bytes == 0:
		return "", "", "the server had sent nothing, and the connection was open"
	case t.problem != nil:
		return "", "", t.problem.Error()
	case !t.server.tls && t.client.tls:
		return hop.Refused, AnsweredInClear, ""
	case !t.server.tls:
		return hop.Plaintext, "", ""
	case t.alerting != "":
		return hop.Refused, "the " + t.alerting + " sent the alert " + t.facts.Alert, ""
	case !t.client.tls:
		return "", "", "the server's bytes begin as TLS does, the client's do not"
	case t.helloed:
		return hop.Encrypted, "", ""
	case t.facts.Retried && packets.Closed:
		return hop.Refused, EndedInRetry, ""
	}
	return "", "", "the server's part of the handshake is not whole"
}
