// Package tlsdiff compares how the hops of a mesh are secured at two moments, such as before and after an upgrade, by the
// configuration of the proxies at both ends. What pods, addresses, serial numbers and times are is left out, so that only what a
// reader must know of shows.
package tlsdiff

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// format is the version of a saved snapshot.
const format = 2

// Snapshot is one moment of a mesh.
type Snapshot struct {
	Format int       `json:"format"`
	Taken  time.Time `json:"taken"`
	Asked  Asked     `json:"asked"`
	Istio  []string  `json:"istio"` // the versions of the control planes, sorted
	Hops   []Hop     `json:"hops"`
}

// Hop is one way from a client workload to a port of a server workload. Pods of a workload that are not alike have a Hop each.
type Hop struct {
	Key
	Subset   string   `json:"subset,omitempty"`  // of a DestinationRule, to which the way leads
	Gateway  bool     `json:"gateway,omitempty"` // the server is a gateway
	Ambient  bool     `json:"ambient,omitempty"` // an end is of ambient mode, or a waypoint stands between
	Versions Versions `json:"versions"`
	Missing  string   `json:"missing,omitempty"` // why there are no facts
	Facts    Facts    `json:"facts,omitempty"`
	Chains   []Chain  `json:"chains,omitempty"` // those of the server's port that terminate TLS
}

// Chain is the TLS of filter chains for the same names. Several for one are not alike.
type Chain struct {
	SNI   string `json:"sni,omitempty"` // the names; empty of chains for any
	Facts Facts  `json:"facts"`
}

func (c Chain) like(other Chain) bool { return c.SNI == other.SNI && c.Facts.equal(other.Facts) }

// Versions are those of Istio that made a hop what it is.
type Versions struct {
	Client Version `json:"client"`
	Server Version `json:"server"`
}

// Version is that of one end. What is not known, or not there, is empty.
type Version struct {
	Istiod string `json:"istiod,omitempty"` // that configures the proxy
	Proxy  string `json:"proxy,omitempty"`
}

// Key names a hop by what stays when pods are replaced.
type Key struct {
	Client string `json:"client"` // NAMESPACE/WORKLOAD
	Host   string `json:"host"`
	Port   uint16 `json:"port"`             // the Service's
	Way    string `json:"way,omitempty"`    // of the requests, where it is not that of all to the port's own cluster
	Server string `json:"server,omitempty"` // NAMESPACE/WORKLOAD; empty where none is reached
	Behind uint16 `json:"behind,omitempty"` // the workload's port
}

// String returns "shop/cart -> reviews.shop.svc.cluster.local:80 (to shop/reviews)".
func (k Key) String() string {
	text := fmt.Sprintf("%s -> %s:%d", k.Client, k.Host, k.Port)
	if k.Way != "" {
		text += " (" + k.Way + ")"
	}
	if k.Server != "" {
		text += fmt.Sprintf(" at %s:%d", k.Server, k.Behind)
	}
	return text
}

// New returns a snapshot of hops. Hops that are alike stand once.
func New(taken time.Time, asked Asked, istio []string, hops []Hop) Snapshot {
	s := Snapshot{Format: format, Taken: taken, Asked: asked, Istio: slices.Compact(slices.Sorted(slices.Values(istio))), Hops: []Hop{}}
	known := map[Key][]Hop{}
	for _, h := range hops {
		if !slices.ContainsFunc(known[h.Key], func(other Hop) bool { return h.like(other) && h.Versions == other.Versions }) {
			known[h.Key] = append(known[h.Key], h)
			s.Hops = append(s.Hops, h)
		}
	}
	return s
}

// like reports whether two hops are secured alike, whichever versions made them so.
func (h Hop) like(other Hop) bool {
	return h.Key == other.Key && h.Missing == other.Missing && h.Facts.equal(other.Facts) && slices.EqualFunc(h.Chains, other.Chains, Chain.like)
}

// Read reads a snapshot that was saved as JSON.
func Read(content []byte) (Snapshot, error) {
	var s Snapshot
	if err := json.Unmarshal(content, &s); err != nil {
		return s, fmt.Errorf("it is no snapshot of tls-check --save: %w", err)
	}
	if s.Format != format {
		return s, fmt.Errorf("it is of format %d, and format %d is read: save it anew", s.Format, format)
	}
	return s, nil
}
