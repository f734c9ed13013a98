package page

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"mtls.test/conformance/e2e/pure/envoy"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/report"
	"mtls.test/conformance/e2e/pure/verdict"
)

// sequence is what went over one connection, in its order, as far as the observers saw it.
type sequence struct {
	Client, Server string
	Messages       []message
}

// message is one step of a sequence.
type message struct {
	To          string // who gets it: server, client, or aside for what neither sent
	Name        string
	Facts       []fact
	By          hop.Source // who saw it
	Bad         bool       // it ends the connection before an answer
	Certificate *certificate
}

type fact struct{ Name, Value string }

// certificate is one that an end proved, with how much of its validity was over, in percent; below 0 and above 100 it was not valid.
type certificate struct {
	Identity     string
	Held         bool // all but the identity is of the certificate that the end held by its configuration, and was not read from what it showed
	Facts        []fact
	Begins, Ends string
	Over         int
}

// Shown is the part of the bar that is filled.
func (c certificate) Shown() int { return min(max(c.Over, 0), 100) }

// sequenceOf returns the sequence of a check, nil where no observer saw anything of a connection.
func sequenceOf(c report.Case, check verdict.Check) *sequence {
	s := sequence{Client: check.From, Server: check.Reached().Service}
	for _, add := range []func(report.Case, verdict.Check) []message{kept, hello, certificates, alerts, requests, answers} {
		s.Messages = append(s.Messages, add(c, check)...)
	}
	if len(s.Messages) == 0 {
		return nil
	}
	return &s
}

// kept says that the connection was opened before, for a check that goes over one that was kept: its handshake is of then.
func kept(_ report.Case, check verdict.Check) []message {
	if check.On == "" {
		return nil
	}
	return []message{{To: "aside", Name: "a connection that was opened before, and kept", Facts: facts("as", check.On), By: hop.Wire}}
}

// handshaken is who saw the handshake: the wire or, where no tap was, a probe of its own; nil where neither did.
func handshaken(check verdict.Check) *hop.Observation {
	from := check.Observers.Wire
	if from == nil || from.TLS == nil {
		from = check.Observers.Probe
	}
	if from == nil || from.TLS == nil {
		return nil
	}
	return from
}

// hello is what the wire saw of a handshake; where no tap was, what a probe itself sent and got.
func hello(_ report.Case, check verdict.Check) []message {
	from := handshaken(check)
	if from == nil {
		return nil
	}
	tls := from.TLS
	first := message{To: "server", Name: "ClientHello", By: from.Source, Facts: facts(
		"SNI", orNone(tls.SNI), "ALPN", orNone(strings.Join(tls.Offered, ", ")), "versions", strings.Join(tls.Versions, ", "),
		"groups", strings.Join(tls.Groups, ", "), "cipher suites", number(len(tls.Suites)),
	)}
	all := []message{first}
	if tls.Retried {
		all = append(all, message{To: "client", Name: "HelloRetryRequest", By: from.Source})
	}
	if tls.Version != "" {
		all = append(all, message{To: "client", Name: "ServerHello", By: from.Source, Facts: facts(
			"version", tls.Version, "cipher", tls.Cipher, "group", tls.Group, "ALPN", tls.ALPN,
		)})
	}
	return all
}

// alerts end a handshake: in answer to a certificate, where one was shown.
func alerts(_ report.Case, check verdict.Check) []message {
	from := handshaken(check)
	if from == nil || from.TLS.Alert == "" {
		return nil
	}
	return []message{{To: "aside", Name: "alert " + from.TLS.Alert, By: from.Source, Bad: true}}
}

// certificates are those that the two ends saw of each other.
func certificates(c report.Case, check verdict.Check) []message {
	var all []message
	for _, seen := range []*hop.Observation{check.Observers.Client, check.Observers.Probe} {
		if seen != nil && seen.TLS != nil && (seen.TLS.Peer != "" || len(seen.TLS.Names) > 0 || len(seen.TLS.ChainNames) > 0) {
			shown := certificateOf(c, *seen.TLS, check.Config.Secrets.ServerSerial, check.SentAt)
			all = append(all, message{To: "client", Name: "Certificate", By: seen.Source, Certificate: &shown})
		}
	}
	if seen := check.Observers.Server; seen != nil && seen.TLS != nil && seen.TLS.Version != "" {
		one := message{To: "server", Name: "Certificate", By: hop.Server}
		if seen.TLS.Peer == "" && seen.TLS.Serial == "" {
			one.Name = "no certificate of the client"
			return append(all, one)
		}
		shown := certificateOf(c, *seen.TLS, check.Config.Secrets.ClientSerial, check.SentAt)
		one.Certificate = &shown
		all = append(all, one)
	}
	return all
}

// certificateOf is a certificate by what an observer read of it, and of the secret with its serial where a proxy holds it.
func certificateOf(c report.Case, tls hop.TLSFacts, held string, at time.Time) certificate {
	serial := tls.Serial
	if serial == "" {
		serial = held
	}
	known := secretWith(c, serial)
	shown := certificate{Identity: string(tls.Peer), Held: tls.Serial == "" && serial != ""}
	if shown.Identity == "" {
		shown.Identity = strings.Join(tls.Names, ", ")
	}
	begins, ends := known.NotBefore, known.NotAfter
	if read, err := time.Parse(time.RFC3339, tls.NotAfter); err == nil {
		ends = read
		begins, _ = time.Parse(time.RFC3339, tls.NotBefore)
	}
	key := known.Key
	if tls.KeyType != "" {
		key = tls.KeyType
	}
	issuer := known.Issuer
	if len(tls.ChainNames) > 1 {
		issuer = tls.ChainNames[1]
	}
	shown.Facts = facts("serial", serial, "key", key, "issuer", issuer)
	if ends.After(begins) && !at.IsZero() {
		shown.Begins, shown.Ends = moment(begins), moment(ends)
		shown.Over = int(100 * at.Sub(begins).Seconds() / ends.Sub(begins).Seconds())
		if at.After(ends) {
			shown.Over = max(shown.Over, 101)
		}
		if at.Before(begins) {
			shown.Over = min(shown.Over, -1)
		}
	}
	return shown
}

func secretWith(c report.Case, serial string) envoy.SecretFacts {
	for _, secret := range c.Secrets {
		if serial != "" && secret.Serial == serial {
			return secret
		}
	}
	return envoy.SecretFacts{}
}

// requests tell how the request went, as far as a tap or the application can tell.
func requests(_ report.Case, check verdict.Check) []message {
	if wire := check.Observers.Wire; wire != nil && wire.Says == hop.Plaintext && check.On == "" {
		return []message{{To: "server", Name: "request in the clear", By: hop.Wire}}
	}
	got := check.Observers.Application
	if got == nil || got.Missing != "" {
		return nil
	}
	if got.Says == hop.Absent {
		return []message{{To: "aside", Name: "the request never arrived", By: hop.Application, Bad: check.Want != hop.Refused}}
	}
	return []message{{To: "server", Name: "request", By: hop.Application}}
}

// answers are what became of it at the server's proxy and at the client.
func answers(_ report.Case, check verdict.Check) []message {
	var all []message
	if seen := check.Observers.Server; seen != nil && seen.Says == hop.Refused {
		all = append(all, message{To: "aside", Name: "refused by the server's proxy", By: hop.Server, Facts: symptom(*seen), Bad: true})
	}
	for _, seen := range []*hop.Observation{check.Observers.Client, check.Observers.Probe} {
		if seen == nil || seen.Missing != "" || seen.Says == "" {
			continue
		}
		one := message{To: "client", Name: "answer", By: seen.Source, Facts: symptom(*seen)}
		if seen.Says == hop.Refused || seen.Says == hop.Cut {
			one.To, one.Name, one.Bad = "aside", "no answer", true
			switch {
			case seen.Symptom.Status == 0:
			case own(check, *seen):
				one.Name = "refused by the client's own proxy"
			default:
				one.To, one.Name = "client", "refusal"
			}
		}
		all = append(all, one)
	}
	if wire := check.Observers.Wire; wire != nil && wire.Packets != nil && wire.Packets.Reset != "" {
		all = append(all, message{To: "aside", Name: "reset by the " + wire.Packets.Reset, By: hop.Wire})
	}
	return all
}

// own tells that a client's proxy answered by itself: the server's says nothing of such an answer.
func own(check verdict.Check, seen hop.Observation) bool {
	server := check.Observers.Server
	return check.Config.Client != nil && (server == nil || server.Symptom.Status != seen.Symptom.Status)
}

func symptom(seen hop.Observation) []fact {
	return facts("cause", string(seen.Refusal), "status", number(seen.Symptom.Status), "gRPC", seen.Symptom.Code, "flags", seen.Symptom.Flags, "details", seen.Symptom.Details,
		"transport", seen.Symptom.TransportFailure, "error", seen.Symptom.Error)
}

// facts are pairs of a name and a value, without those that have no value.
func facts(pairs ...string) []fact {
	var all []fact
	for pair := range slices.Chunk(pairs, 2) {
		if pair[1] != "" {
			all = append(all, fact{pair[0], pair[1]})
		}
	}
	return all
}

func orNone(value string) string {
	if value == "" {
		return "none"
	}
	return value
}

// number is empty for zero, which is no value.
func number(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// moment is a time to the second, in UTC.
func moment(at time.Time) string { return at.UTC().Format("2006-01-02 15:04:05") }
