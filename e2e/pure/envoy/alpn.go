package envoy

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// ALPNOverride is what Istio's filter istio.alpn makes a client offer instead of the socket's ALPN, by the version in
// which the request is sent on. Only proxies of profile default have the filter; it does not touch connections that
// carry no HTTP. Source: istio.io/istio/pilot/pkg/xds/filters/filters.go, and extensions/alpn of istio/proxy.
type ALPNOverride struct {
	HTTP1 []string `json:"http1,omitempty"`
	HTTP2 []string `json:"http2,omitempty"`
	// Verified is false: no run on Istio's own proxy has observed these on the wire yet.
	Verified bool `json:"verified"`
}

// keepsALPN reads a cluster's metadata of Istio: {"alpn_override": "false"} keeps the filter from its connections.
func keepsALPN(raw json.RawMessage) bool {
	var in struct {
		Override string `json:"alpn_override"`
	}
	return json.Unmarshal(raw, &in) == nil && in.Override == "false"
}

func readOverride(raw json.RawMessage) (*ALPNOverride, error) {
	var in struct {
		Rules []struct {
			Upstream string   `json:"upstream_protocol"` // HTTP10, the first of its enum, is left out in JSON
			ALPN     []string `json:"alpn_override"`
		} `json:"alpn_override"`
	}
	if err := json.Unmarshal(content(raw), &in); err != nil {
		return nil, err
	}
	override := &ALPNOverride{}
	for _, rule := range in.Rules {
		switch rule.Upstream {
		case "HTTP11":
			override.HTTP1 = rule.ALPN
		case "HTTP2":
			override.HTTP2 = rule.ALPN
		}
	}
	return override, nil
}

// OffersByProtocol reports whether the proxy has Istio's filter istio.alpn, and so is of Istio's own build.
func (d *Dump) OffersByProtocol() bool { return d.override != nil }

// readOutbound looks through the listeners for what changes a client's connections: the filter istio.alpn, which
// istiod configures alike wherever it puts it, and listeners that send bytes on without reading HTTP.
func (d *Dump) readOutbound() {
	other := map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(d.listeners)) {
		if name == virtualInbound {
			continue
		}
		sends := d.listeners[name].sending()
		d.Lost = append(d.Lost, sends.lost...)
		if sends.override != nil {
			d.override = sends.override
		}
		for _, cluster := range sends.proxied {
			if cluster == PassthroughCluster || cluster == BlackHoleCluster {
				// Every listener sends here what it does not know: how depends on the port, and so on what was asked for.
				continue
			}
			d.bytesOnly[cluster] = !sends.http && !other[cluster]
			other[cluster] = other[cluster] || sends.http
		}
	}
}

// sending is what a listener does with clients' requests.
type sending struct {
	proxied  []string      // the clusters that its TCP proxies name
	http     bool          // it also reads HTTP
	override *ALPNOverride // by its filter istio.alpn; nil without one
	lost     []string      // what could not be read, and why
}

func (b *binding) sending() sending {
	b.asked.Do(func() {
		for _, chain := range b.all() {
			for _, filter := range chain.Filters {
				b.sends.read("listener "+b.name, filter)
			}
		}
	})
	return b.sends
}

func (s *sending) read(place string, filter anyFilter) {
	switch typeOf(filter.Typed) {
	case tcpProxy:
		var proxy tcpProxyConfig
		if err := json.Unmarshal(filter.Typed, &proxy); err != nil {
			s.lose(place, filter, err)
		}
		s.proxied = addNames(s.proxied, proxy.Cluster, proxy.Weighted)
	case httpConnectionManager:
		s.http = true
		s.readManager(place, filter)
	}
}

func (s *sending) readManager(place string, filter anyFilter) {
	var manager connectionManager
	if err := json.Unmarshal(filter.Typed, &manager); err != nil {
		s.lose(place, filter, err)
		return
	}
	for _, inner := range manager.Filters {
		if typeOf(inner.Typed) != alpnFilter {
			continue
		}
		override, err := readOverride(inner.Typed)
		if err != nil {
			s.lose(place, inner, err)
			continue
		}
		s.override = override
	}
}

func (s *sending) lose(place string, filter anyFilter, err error) {
	s.lost = append(s.lost, fmt.Sprintf("%s, %s: %v", place, filter.Name, err))
}

// Offered returns the ALPN that the client offers for what its application speaks.
func (f ClientFacts) Offered(speaks Speech) []string {
	if f.Override == nil || !speaks.HTTP() {
		return f.ALPN
	}
	offered := f.Override.HTTP1
	if f.Upstream == HTTP2 || f.Upstream == HTTPDownstream && speaks == SpeaksHTTP2 {
		offered = f.Override.HTTP2
	}
	if len(offered) == 0 {
		return f.ALPN
	}
	return offered
}
