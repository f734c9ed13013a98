package tlscheck

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"io"
	"regexp"
	"slices"
	"strings"
)

// LogKind is what a line is about.
type LogKind string

// The kinds of finding.
const (
	LogHandshake    LogKind = "handshake"     // TLS failed, with BoringSSL's reason
	LogFlag         LogKind = "flag"          // a response flag that stands for a connection that did not come about
	LogSecrets      LogKind = "secrets"       // the proxy did not get a certificate (SDS, or the CSR behind it)
	LogControlPlane LogKind = "control-plane" // the stream to istiod
	LogClock        LogKind = "clock"         // a certificate is refused by its time, as a clock that is wrong makes it
)

// LogFinding is one problem that a log shows, with the number of lines that show it.
type LogFinding struct {
	Kind    LogKind `json:"kind"`
	Code    string  `json:"code"` // BoringSSL's reason, a response flag, or a word for the rest
	Means   string  `json:"means"`
	Count   int     `json:"count"`
	Example string  `json:"example"` // the last line
}

// ProxyLog is what the log of a proxy shows of mTLS.
type ProxyLog struct {
	Lines    int          `json:"lines"`
	Accesses int          `json:"accesses"` // access log lines
	Findings []LogFinding `json:"findings,omitempty"`
}

// maxLogLine bounds a line that is read, in bytes; of a longer one the beginning counts.
const maxLogLine = 1 << 20

// maxLogExample bounds an example, in bytes.
const maxLogExample = 400

// ReadProxyLog searches the log of a proxy, as kubectl logs prints it, for what concerns mTLS: access log lines of any format,
// what Envoy says of itself, and what Istio's agent beside it says. A line in no known format is only counted. The error is
// that of the reader.
func ReadProxyLog(log io.Reader) (ProxyLog, error) {
	found := ProxyLog{}
	lines := bufio.NewReaderSize(log, 64<<10)
	for {
		line, err := readLogLine(lines)
		if line != "" {
			found.add(line)
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return found, err
		}
	}
	slices.SortFunc(found.Findings, func(a, b LogFinding) int { return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Code, b.Code)) })
	return found, nil
}

func readLogLine(from *bufio.Reader) (string, error) {
	var line []byte
	for {
		part, err := from.ReadSlice('\n')
		line = append(line, part[:min(len(part), maxLogLine-len(line))]...)
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		return strings.ToValidUTF8(strings.TrimSpace(string(line)), "?"), err
	}
}

func (l *ProxyLog) add(line string) {
	l.Lines++
	flags, isAccess := flagsOf(line)
	for _, flag := range flags {
		if means, told := flagMeans[flag]; told {
			l.found(LogFlag, flag, means, line)
		}
	}
	if strings.Contains(line, boringSSL) {
		for _, reason := range boringSSLReasons.FindAllStringSubmatch(line, -1) {
			l.found(logKindOf(reason[1]), reason[1], cmp.Or(reasonMeans[reason[1]], "BoringSSL's reason; its header ssl.h names it"), line)
		}
	}
	if isAccess {
		l.Accesses++
		return
	}
	for _, other := range proxyMessages {
		if other.pattern.MatchString(line) {
			l.found(other.kind, other.code, other.means, line)
		}
	}
}

func (l *ProxyLog) found(kind LogKind, code, means, line string) {
	i := slices.IndexFunc(l.Findings, func(f LogFinding) bool { return f.Kind == kind && f.Code == code })
	if i < 0 {
		i = len(l.Findings)
		l.Findings = append(l.Findings, LogFinding{Kind: kind, Code: code, Means: means})
	}
	l.Findings[i].Count++
	l.Findings[i].Example = line[:min(len(line), maxLogExample)]
}

// boringSSLReasons is how Envoy prints what BoringSSL says (source/common/tls/utility.cc); more follows each, unless the line was cut.
var boringSSLReasons = regexp.MustCompile(boringSSL + `([A-Z0-9_]+):`)

const boringSSL = "OPENSSL_internal:"

// logKindOf returns LogClock for a certificate that is refused because of its dates, else LogHandshake.
func logKindOf(reason string) LogKind {
	switch reason {
	case "SSLV3_ALERT_CERTIFICATE_EXPIRED", "CERTIFICATE_HAS_EXPIRED", "CERTIFICATE_NOT_YET_VALID":
		return LogClock
	}
	return LogHandshake
}

// reasonMeans are BoringSSL's reasons, as a client or as a server meets them.
var reasonMeans = map[string]string{
	"CERTIFICATE_VERIFY_FAILED":           "the certificate of the other end is signed by no root that is trusted, is for another name, or is out of date",
	"WRONG_VERSION_NUMBER":                "TLS was spoken to an end that answers in the clear: a DISABLE there, or no proxy",
	"HTTP_REQUEST":                        "an HTTP request in the clear came to an end that takes TLS alone",
	"PEER_DID_NOT_RETURN_A_CERTIFICATE":   "the client sent no certificate, and the server requires one",
	"TLSV13_ALERT_CERTIFICATE_REQUIRED":   "the server requires a client certificate, and got none",
	"TLSV1_ALERT_UNKNOWN_CA":              "the other end trusts no root that signed the certificate shown to it",
	"SSLV3_ALERT_CERTIFICATE_EXPIRED":     "the other end found the certificate shown to it out of date: expired, or its clock is wrong",
	"SSLV3_ALERT_CERTIFICATE_UNKNOWN":     "the other end refused the certificate shown to it",
	"SSLV3_ALERT_BAD_CERTIFICATE":         "the other end refused the certificate shown to it",
	"SSLV3_ALERT_HANDSHAKE_FAILURE":       "the two ends found no parameters in common, or a certificate was missing",
	"TLSV1_ALERT_PROTOCOL_VERSION":        "the two ends share no TLS version",
	"UNSUPPORTED_PROTOCOL":                "the two ends share no TLS version",
	"NO_SHARED_CIPHER":                    "the two ends share no cipher suite",
	"TLSV1_ALERT_NO_APPLICATION_PROTOCOL": "the two ends share no ALPN",
	"TLSV1_ALERT_DECRYPT_ERROR":           "a signature of the handshake did not verify",
	"UNEXPECTED_EOF_WHILE_READING":        "the other end closed within the handshake",
}

// flagMeans are the response flags that tell of connections that did not come about
// (https://www.envoyproxy.io/docs/envoy/latest/configuration/observability/access_log/usage, RESPONSE_FLAGS).
var flagMeans = map[string]string{
	"UF":   "the connection to the server failed: refused, or its handshake did",
	"UC":   "the server closed the connection: plaintext at a STRICT server looks so",
	"NR":   "no route or filter chain took it: at a server, plaintext that STRICT does not take, or TLS without Istio's ALPN",
	"UAEX": "an external authorizer, or an AuthorizationPolicy CUSTOM, denied it",
	"UH":   "no healthy endpoint",
	"NC":   "the proxy has no cluster for the destination",
	"DPE":  "what came was not the protocol that the port declares",
}

// textAccess is the beginning of Istio's and Envoy's text format: [TIME] "METHOD PATH PROTOCOL" CODE FLAGS.
var textAccess = regexp.MustCompile(`^\[\d{4}-\d\d-\d\dT[^\]]*\] "[^"]*" (?:\d+|-) ([A-Z,]+|-)(?: |$)`)

// flagsOf reads the response flags of a line, and reports whether the line is an access log line.
func flagsOf(line string) ([]string, bool) {
	if strings.HasPrefix(line, "{") {
		var object struct {
			Flags json.RawMessage `json:"response_flags"`
		}
		if json.Unmarshal([]byte(line), &object) != nil {
			return nil, false
		}
		var text string
		_ = json.Unmarshal(object.Flags, &text) // null, or none
		return splitFlags(text), object.Flags != nil
	}
	match := textAccess.FindStringSubmatch(line)
	if match == nil {
		return nil, false
	}
	return splitFlags(match[1]), true
}

func splitFlags(flags string) []string {
	if flags == "" || flags == "-" {
		return nil
	}
	return strings.Split(flags, ",")
}

// others are lines of Envoy and of Istio's agent about certificates and the control plane (istio/istio
// security/pkg/nodeagent, pkg/istio-agent/xds_proxy.go; Envoy's source/extensions/config_subscription/grpc).
var proxyMessages = []struct {
	kind    LogKind
	code    string
	pattern *regexp.Regexp
	means   string
}{
	{LogSecrets, "csr", regexp.MustCompile(`(?i)failed to (?:sign|generate)[^"]{0,40}(?:csr|certificate|secret)|create certificate: rpc error`), "the agent got no certificate from istiod: its token or istiod's CA is at fault"},
	{LogSecrets, "sds", regexp.MustCompile(`(?i)(?:sds|secret)[^"]{0,80}(?:timeout|timed out|failed|warming)|failed to warm certificate`), "the proxy waits for a secret, and holds back what needs it"},
	{LogControlPlane, "stream", regexp.MustCompile(`(?i)gRPC config stream[^"]{0,40}closed|xdsproxy.*(?:disconnected|failed|terminated)|upstream \[\d+\] terminated`), "the stream to istiod ended; what changes meanwhile does not reach the proxy until it stands again"},
	{LogControlPlane, "unreachable", regexp.MustCompile(`(?i)istiod[^ ]*:15012[^"]*(?:refused|timeout|no such host|unreachable)|failed to connect to upstream.*15012`), "istiod cannot be reached"},
	{LogControlPlane, "rejected", regexp.MustCompile(`(?i)config for type\.googleapis\.com/\S+ rejected|error adding/updating (?:listener|cluster)|internal:Error`), "the proxy refused configuration, and goes on with what it had"},
	{LogClock, "not-yet-valid", regexp.MustCompile(`CERTIFICATE_NOT_YET_VALID|is before \d{4}-\d\d-\d\dT`), "a certificate is of the future: a clock is wrong"},
	{LogClock, "expired", regexp.MustCompile(`CERTIFICATE_HAS_EXPIRED|is after \d{4}-\d\d-\d\dT`), "a certificate is out of date: it was not renewed, or a clock is wrong"},
}
