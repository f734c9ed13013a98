package envoy

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"time"

	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
)

// listener is a listener in force, since when this proxy has had it.
type listener struct {
	*binding
	updated time.Time
}

// binding is the part of a listener that decides what a connection meets. Dumps that share a pool share it.
type binding struct {
	name      string
	port      uint16           // that it is bound to; the one that a connection is for where it is not redirected
	addresses []netip.AddrPort // for TCP; none for an address of another kind
	warming   bool
	filters   []anyListenerFilter
	patience  patience
	chains    []*anyChain
	fallback  *anyChain
	matcher   bool // the listener picks chains by a matcher tree, which is not evaluated

	matched sync.Once // the chains' matches, at the first use
	matches []candidate
	faults  []string // why a match could not be read, by its place
	broken  string   // the place of the last of these

	asked sync.Once // what it does with clients' requests, at the first use
	sends sending
}

// patience is how long listener filters wait for a client's first bytes, and what follows.
type patience struct {
	limit     string // a duration; "0s" is without end, and Envoy's default is 15 s
	continues bool   // what the filters know by then picks the chain; otherwise the connection is closed
}

type anyListenerFilter struct {
	Name     string          `json:"name"`
	Typed    json.RawMessage `json:"typed_config"`
	Disabled json.RawMessage `json:"filter_disabled"`
}

type anyChain struct {
	Name    string          `json:"name"`
	Match   json.RawMessage `json:"filter_chain_match"`
	Socket  *anySocket      `json:"transport_socket"`
	Filters []anyFilter     `json:"filters"`

	ended sync.Once // at the first use
	end   lastFilter
	fault error
}

// all are the listener's chains, with the one for what matches none of the others.
func (b *binding) all() []*anyChain {
	if b.fallback == nil {
		return b.chains
	}
	return append(slices.Clone(b.chains), b.fallback)
}

type listenAddress struct {
	Socket struct {
		Protocol string `json:"protocol"`
		Address  string `json:"address"`
		Port     uint16 `json:"port_value"`
	} `json:"socket_address"`
}

// appendTo appends the address of a TCP socket.
func (a listenAddress) appendTo(all []netip.AddrPort) []netip.AddrPort {
	address, err := netip.ParseAddr(a.Socket.Address)
	if err != nil || a.Socket.Protocol == "UDP" {
		return all
	}
	return append(all, netip.AddrPortFrom(address, a.Socket.Port))
}

type dynamicListener struct {
	Name   string `json:"name"`
	Active *struct {
		Updated  time.Time `json:"last_updated"`
		Listener struct {
			Address    listenAddress `json:"address"`
			Additional []struct {
				Address listenAddress `json:"address"`
			} `json:"additional_addresses"`
			Filters   []anyListenerFilter `json:"listener_filters"`
			Limit     string              `json:"listener_filters_timeout"`
			Continues bool                `json:"continue_on_listener_filters_timeout"`
			Chains    []json.RawMessage   `json:"filter_chains"`
			Fallback  *anyChain           `json:"default_filter_chain"`
			Matcher   json.RawMessage     `json:"filter_chain_matcher"`
		} `json:"listener"`
	} `json:"active_state"`
	Warming  json.RawMessage `json:"warming_state"`
	Rejected *updateFailure  `json:"error_state"`
}

func (d *Dump) addListener(place string, in dynamicListener) {
	d.noteRejected("listener "+in.Name, in.Rejected)
	if in.Warming != nil {
		d.Warming = append(d.Warming, "listener "+in.Name)
	}
	if in.Active == nil {
		return
	}
	active := in.Active.Listener
	l := &binding{
		name:     in.Name,
		port:     active.Address.Socket.Port,
		warming:  in.Warming != nil,
		filters:  active.Filters,
		patience: patience{limit: active.Limit, continues: active.Continues},
		fallback: active.Fallback,
		matcher:  active.Matcher != nil,
	}
	l.addresses = active.Address.appendTo(nil)
	for _, additional := range active.Additional {
		l.addresses = additional.Address.appendTo(l.addresses)
	}
	for i, rawChain := range active.Chains {
		c := &anyChain{}
		if err := json.Unmarshal(rawChain, c); err != nil {
			d.lose(fmt.Sprintf("%s (%s).filter_chains[%d]", place, in.Name, i), err)
			c = &anyChain{Name: c.Name, Match: json.RawMessage(`"unreadable"`)}
		}
		l.chains = append(l.chains, c)
	}
	d.listeners[in.Name] = listener{l, in.Active.Updated}
}

// inspects tells whether the listener filter of that type looks at connections to a port. Envoy runs a filter unless
// its filter_disabled predicate holds (https://www.envoyproxy.io/docs, ListenerFilter).
func (b *binding) inspects(filterType string, port uint16) (bool, error) {
	for _, filter := range b.filters {
		if typeOf(filter.Typed) != filterType {
			continue
		}
		if filter.Disabled == nil {
			return true, nil
		}
		var predicate listenerv3.ListenerFilterChainMatchPredicate
		if err := decode(filter.Disabled, &predicate); err != nil {
			return false, fmt.Errorf("filter_disabled of %s: %w", filter.Name, err)
		}
		return !holds(&predicate, port), nil
	}
	return false, nil
}

func holds(predicate *listenerv3.ListenerFilterChainMatchPredicate, port uint16) bool {
	switch rule := predicate.GetRule().(type) {
	case *listenerv3.ListenerFilterChainMatchPredicate_OrMatch:
		for _, r := range rule.OrMatch.GetRules() {
			if holds(r, port) {
				return true
			}
		}
		return false
	case *listenerv3.ListenerFilterChainMatchPredicate_AndMatch:
		for _, r := range rule.AndMatch.GetRules() {
			if !holds(r, port) {
				return false
			}
		}
		return true
	case *listenerv3.ListenerFilterChainMatchPredicate_NotMatch:
		return !holds(rule.NotMatch, port)
	case *listenerv3.ListenerFilterChainMatchPredicate_AnyMatch:
		return rule.AnyMatch
	case *listenerv3.ListenerFilterChainMatchPredicate_DestinationPortRange:
		r := rule.DestinationPortRange
		return int32(port) >= r.GetStart() && int32(port) < r.GetEnd()
	default:
		return false
	}
}
