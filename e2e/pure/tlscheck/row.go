package tlscheck

import (
	"cmp"
	"fmt"
	"slices"

	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/kiali"
)

// Host is one service with its rows.
type Host struct {
	Host      string           `json:"host"`
	Namespace string           `json:"namespace,omitempty"` // of the Service or ServiceEntry
	Rows      []Row            `json:"rows"`
	Notes     []string         `json:"notes,omitempty"` // what was left out of the rows, and why
	Kiali     *kiali.Statement `json:"kiali,omitempty"` // nil where no Kiali was asked

	// WithoutProxy are the pods, NAMESPACE/NAME, that can send plaintext to endpoints that take it beside mTLS.
	WithoutProxy []string `json:"withoutProxy,omitempty"`
}

// Row is one line of the table: hops that are alike. A host has several where its ports, its endpoints or its clients
// differ.
type Row struct {
	Ports           []uint16 `json:"ports"`
	AllPorts        bool     `json:"allPorts"`      // the rows hold for every port of the host, and none is printed
	Way             string   `json:"way,omitempty"` // of the requests, where it is not that of all to the port's own cluster
	AlsoPlaintext   bool     `json:"alsoPlaintext,omitempty"`
	Node            string   `json:"node,omitempty"` // NotVerified where no probe has tried the endpoints
	Status          Status   `json:"status"`
	Server          string   `json:"server"`
	Client          string   `json:"client"`
	AuthnPolicy     string   `json:"authnPolicy"`
	DestinationRule string   `json:"destinationRule"`
	Reasons         []string `json:"reasons,omitempty"`
	Ambient         bool     `json:"ambient,omitempty"` // of hops that are of ambient mode at an end
	Hops            []Hop    `json:"hops"`
}

// Of judges the hops to a service and groups equal ones into rows, the worst first.
func Of(host string, hops []Hop, notes ...string) Host {
	byPort := map[uint16][]Row{}
	for _, h := range hops {
		h.Status, h.Reason = h.judge()
		h.AlsoPlaintext = h.takesPlaintextToo()
		byPort[h.Port] = addTo(byPort[h.Port], host, h)
	}
	var ports []uint16
	for port, rows := range byPort {
		ports = append(ports, port)
		slices.SortFunc(rows, compare)
	}
	slices.Sort(ports)
	told := Host{Host: host, Rows: []Row{}, Notes: notes}
	if rows, alike := join(ports, byPort); alike {
		told.Rows = rows
		return told
	}
	for _, port := range ports {
		told.Rows = append(told.Rows, byPort[port]...)
	}
	return told
}

// addTo adds a hop to the row of its kind.
func addTo(rows []Row, host string, h Hop) []Row {
	row := Row{
		Ports: []uint16{h.Port}, Way: h.way(host), AlsoPlaintext: h.AlsoPlaintext, Status: h.Status, Node: h.node(), Server: cell(string(h.Asked.Server.Mode)), Client: clientCell(h.Asked.Client.Mode),
		AuthnPolicy: policyCell(h.Asked.Server), DestinationRule: ruleCell(h.Asked.Client.Object), Hops: []Hop{h},
		Ambient: h.Ambient,
	}
	i := slices.IndexFunc(rows, row.like)
	if i < 0 {
		rows = append(rows, row)
		i = len(rows) - 1
	} else {
		rows[i].Hops = append(rows[i].Hops, h)
	}
	if h.Reason != "" && !slices.Contains(rows[i].Reasons, h.Reason) {
		rows[i].Reasons = append(rows[i].Reasons, h.Reason)
	}
	return rows
}

// node is NotVerified where the hop has an endpoint and no probe has tried it.
func (h Hop) node() string {
	if h.observed() == NotVerified {
		return NotVerified
	}
	return ""
}

// like reports whether two rows have the same cells.
func (r Row) like(other Row) bool {
	return r.Way == other.Way && r.AlsoPlaintext == other.AlsoPlaintext && r.Status == other.Status && r.Ambient == other.Ambient && r.Server == other.Server && r.Client == other.Client &&
		r.AuthnPolicy == other.AuthnPolicy && r.DestinationRule == other.DestinationRule
}

func compare(a, b Row) int {
	return cmp.Or(worse(b.Status, a.Status), cmp.Compare(a.Way, b.Way), cmp.Compare(a.Server, b.Server), cmp.Compare(a.Client, b.Client),
		cmp.Compare(a.AuthnPolicy, b.AuthnPolicy), cmp.Compare(a.DestinationRule, b.DestinationRule))
}

// join makes the rows of all ports those of the host, where every port has the same.
func join(ports []uint16, byPort map[uint16][]Row) ([]Row, bool) {
	if len(ports) == 0 {
		return nil, false
	}
	joined := slices.Clone(byPort[ports[0]])
	for _, port := range ports[1:] {
		if len(byPort[port]) != len(joined) {
			return nil, false
		}
		for i, row := range byPort[port] {
			if !row.like(joined[i]) {
				return nil, false
			}
			joined[i].Ports = append(slices.Clone(joined[i].Ports), port)
			joined[i].Hops = append(slices.Clone(joined[i].Hops), row.Hops...)
			for _, reason := range row.Reasons {
				if !slices.Contains(joined[i].Reasons, reason) {
					joined[i].Reasons = append(slices.Clone(joined[i].Reasons), reason)
				}
			}
		}
	}
	for i := range joined {
		joined[i].AllPorts = true
	}
	return joined, true
}

// Has reports whether a row of the host has the status.
func (h Host) Has(status Status) bool {
	return slices.ContainsFunc(h.Rows, func(row Row) bool { return row.Status == status })
}

// Outcomes counts what becomes of the host's hops: as the proxies are configured, where they were read.
func (h Host) Outcomes() map[hop.Outcome]int {
	seen := map[hop.Outcome]int{}
	for _, row := range h.Rows {
		for _, one := range row.Hops {
			if says := one.outcome(); says != "" {
				seen[says]++
			}
		}
	}
	return seen
}

// Name is HOST, or HOST:PORT where the ports of the host differ; with the way of the requests where the row has one.
func (r Row) Name(host string) string {
	name := host
	if !r.AllPorts {
		name = fmt.Sprintf("%s:%d", host, r.Ports[0])
	}
	if r.Way != "" {
		name += " (" + r.Way + ")"
	}
	return name
}

// names lists the different workloads of one end of a row's hops.
func (r Row) names(of func(Hop) string) []string {
	var all []string
	for _, h := range r.Hops {
		if name := of(h); name != "" && !slices.Contains(all, name) {
			all = append(all, name)
		}
	}
	slices.Sort(all)
	return all
}
