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
		proxied, http := d.readOutboundChains(d.listeners[name])
		for _, cluster := range proxied {
			if cluster == PassthroughCluster || cluster == BlackHoleCluster {
				// Every listener sends here what it does not know: how depends on the port, and so on what was asked for.
				continue
			}
			d.bytesOnly[cluster] = !http && !other[cluster]
			other[cluster] = other[cluster] || http
		}
	}
}

// readOutboundChains returns the clusters that a listener's TCP proxies name, and whether it also reads HTTP.
func (d *Dump) readOutboundChains(l listener) (proxied []string, http bool) {
	chains := l.chains
	if l.fallback != nil {
		chains = append(slices.Clone(chains), *l.fallback)
	}
	for _, chain := range chains {
		for _, filter := range chain.Filters {
			switch typeOf(filter.Typed) {
			case tcpProxy:
				var proxy tcpProxyConfig
				if err := json.Unmarshal(filter.Typed, &proxy); err != nil {
					d.lose(fmt.Sprintf("listener %s, %s", l.name, filter.Name), err)
				}
				proxied = addNames(proxied, proxy.Cluster, proxy.Weighted)
			case httpConnectionManager:
				http = true
				d.readManagersOverride(l.name, filter)
			}
		}
	}
	return proxied, http
}

func (d *Dump) readManagersOverride(listener string, filter anyFilter) {
	var manager connectionManager
	if err := json.Unmarshal(filter.Typed, &manager); err != nil {
		d.lose(fmt.Sprintf("listener %s, %s", listener, filter.Name), err)
		return
	}
	for _, inner := range manager.Filters {
		if typeOf(inner.Typed) != alpnFilter {
			continue
		}
		override, err := readOverride(inner.Typed)
		if err != nil {
			d.lose(fmt.Sprintf("listener %s, %s", listener, inner.Name), err)
			continue
		}
		d.override = override
	}
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
