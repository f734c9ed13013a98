package observe

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/e2e/pure/hop"
)

// Counters are what a proxy counted of TLS at one listener. They name no connection: between two readings there may be
// one attempt at the listener.
// Source: https://www.envoyproxy.io/docs/envoy/latest/configuration/listeners/stats
type Counters struct {
	Handshakes         int // ssl.handshake: that succeeded, at this end
	WithoutCertificate int // ssl.no_certificate: that succeeded without one of the peer's
	NoCertificate      int // ssl.fail_verify_no_cert: one was required
	NotVerified        int // ssl.fail_verify_error: signed by nobody who is trusted, expired, for another purpose …
	WrongName          int // ssl.fail_verify_san: no SAN is one that is asked for
	OtherFailure       int // ssl.connection_error: any other failure of TLS, also of a connection that stood
	NoFilterChain      int // no_filter_chain_match
}

// InboundListener is the scope of a sidecar's inbound listener, through which every port of its pod is reached.
const InboundListener = "listener.0.0.0.0_15006"

// GatewayListener is the scope of a gateway's listener.
func GatewayListener(port uint16) string { return fmt.Sprintf("listener.0.0.0.0_%d", port) }

// ReadCounters asks a proxy for its counters of a scope. The mesh's proxyStatsMatcher must include them.
func ReadCounters(ctx context.Context, m *mesh.Mesh, proxy mesh.Proxy, scope string) (Counters, error) {
	names := `^` + regexp.QuoteMeta(scope) + `\.(ssl\.[a-z_]+|no_filter_chain_match)$`
	var body bytes.Buffer
	if err := m.Admin(ctx, proxy, "/stats?"+url.Values{"format": {"json"}, "filter": {names}}.Encode(), &body); err != nil {
		return Counters{}, fmt.Errorf("statistics of %s: %w", proxy, err)
	}
	counters, err := parseCounters(body.Bytes(), scope)
	if err != nil {
		return Counters{}, fmt.Errorf("statistics of %s: %w", proxy, err)
	}
	return counters, nil
}

func parseCounters(body []byte, scope string) (Counters, error) {
	var answer struct {
		Stats []struct {
			Name  string `json:"name"`
			Value int    `json:"value"`
		} `json:"stats"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return Counters{}, err
	}
	values := map[string]int{}
	for _, stat := range answer.Stats {
		if name, found := strings.CutPrefix(stat.Name, scope+"."); found {
			values[name] = stat.Value
		}
	}
	var c Counters
	for _, counter := range c.counters() {
		value, found := values[counter.name]
		if !found {
			return Counters{}, fmt.Errorf("there is no %s.%s: is it in the mesh's proxyStatsMatcher, and has the listener a TLS context?", scope, counter.name)
		}
		*counter.value = value
	}
	return c, nil
}

// counter is a field by its name in Envoy.
type counter struct {
	name  string
	value *int
}

func (c *Counters) counters() []counter {
	return []counter{
		{"ssl.handshake", &c.Handshakes},
		{"ssl.no_certificate", &c.WithoutCertificate},
		{"ssl.fail_verify_no_cert", &c.NoCertificate},
		{"ssl.fail_verify_error", &c.NotVerified},
		{"ssl.fail_verify_san", &c.WrongName},
		{"ssl.connection_error", &c.OtherFailure},
		{"no_filter_chain_match", &c.NoFilterChain},
	}
}

// StatsDelta is how much each counter grew.
type StatsDelta Counters

// Since returns the growth from an earlier reading.
func (c Counters) Since(before Counters) StatsDelta {
	earlier := before.counters()
	for i, counter := range c.counters() {
		*counter.value -= *earlier[i].value
	}
	return StatsDelta(c)
}

// WithoutSentinel leaves out a sentinel that was refused for want of a filter chain at the same listener.
func (d StatsDelta) WithoutSentinel() StatsDelta {
	d.NoFilterChain--
	return d
}

// Server makes the observation of the one attempt that reached a listener between two readings. Counters see neither
// plaintext that was served nor who is meant, so no growth says nothing, and more growth than one attempt makes neither.
func (d StatsDelta) Server(by mesh.Proxy, id string) *hop.Observation {
	o := &hop.Observation{Source: hop.Stats, By: by.String(), ID: id, Symptom: hop.Symptom{Details: d.String()}}
	failures := d.NoCertificate + d.NotVerified + d.WrongName + d.OtherFailure + d.NoFilterChain
	switch {
	case d.Handshakes < 0 || failures < 0:
		o.Missing = "the counters went back: the proxy was started anew, or its listener replaced"
	case d.Handshakes+failures == 0:
		o.Missing = "no counter of TLS moved: no attempt came, or one in plaintext that was taken"
	case failures > 0 && d.Handshakes > 0, failures > 1, d.Handshakes > 1:
		o.Missing = "more than one attempt was counted: " + d.String()
	case d.Handshakes == 1 && d.WithoutCertificate == 1:
		o.Says = hop.OneWayTLS
	case d.Handshakes == 1:
		o.Says = hop.MTLS
	default:
		o.Says = hop.Refused
		switch {
		case d.NoFilterChain == 1:
			o.Refusal = hop.NoFilterChain
		case d.NoCertificate == 1:
			o.Refusal = hop.NoClientCertificate
		case d.WrongName == 1:
			o.Refusal = hop.WrongTrustDomain // the one name that a server of Istio asks for
		}
	}
	return o
}

// String lists the counters that moved by their names in Envoy: "ssl.fail_verify_no_cert +1".
func (d StatsDelta) String() string {
	var moved []string
	for _, counter := range (*Counters)(&d).counters() {
		if *counter.value != 0 {
			moved = append(moved, fmt.Sprintf("%s %+d", counter.name, *counter.value))
		}
	}
	return strings.Join(moved, ", ")
}
