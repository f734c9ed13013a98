// Package replay holds public bug reports about mutual TLS in Istio, each reduced to a few objects, with what tls-check must say
// of them. A report is a folder of fixtures/reports:
//
//	report.yaml      what was reported, and the rows that tls-check must give
//	objects.yaml     the objects, applied over ../base.yaml
//	cluster.yaml     the cluster's objects as `make record-reports` found them
//	wire.yaml        what the packets of each row's request showed
//	proxies/*.json   the configuration of each proxy, cut down
//
// The package takes bytes and values; it knows no cluster.
package replay

import (
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/tlscheck"
)

// Report is a situation of a public bug report.
type Report struct {
	ID    string `yaml:"-"`     // the folder's name
	Title string `yaml:"title"` // one sentence that holds, in our words
	URL   string `yaml:"url"`   // of the report
	// Source is what the expectation rests on: an Istio document, or a file of Istio with the function.
	Source   []string `yaml:"source"`
	Expect   []Row    `yaml:"expect"`
	Observed string   `yaml:"observed"` // one sentence on what a live mesh did
	Shown    []string `yaml:"shown"`    // ids of the cases and mutants of the suite that show the same
	// Pending tells why tls-check does not answer so yet; empty where it does.
	Pending string `yaml:"pending"`
}

// Row is one hop that tls-check must answer for.
type Row struct {
	Client   string          `yaml:"client"`   // a workload, NAMESPACE/NAME
	To       hop.ServicePort `yaml:"to"`       // HOST:PORT, the port of the service; HOST is NAME.NAMESPACE or whole
	Endpoint string          `yaml:"endpoint"` // a workload, NAMESPACE/NAME
	Address  bool            `yaml:"address"`  // the client calls the address of the endpoint's pod, at the port of the pod
	Status   tlscheck.Status `yaml:"status"`
	Says     []string        `yaml:"says"` // parts of the reason of the hop, or of a note on the host
	Wire     Wire            `yaml:"wire"` // what packets must show; follows from the status OK, PLAINTEXT and CONFLICT

	// How the recorder reaches the hop, where the names above do not tell.
	Dial   string `yaml:"dial"`   // HOST:PORT to connect to instead of To
	Speaks string `yaml:"speaks"` // greet, for a TCP server that speaks first
}

// Wire is what packets showed of one request.
type Wire string

// What packets show. An unanswered request shows no more: whether it was refused in TLS or in the clear is in Seen.Detail.
const (
	Encrypted  Wire = "encrypted"  // the answer came over TLS
	Clear      Wire = "clear"      // the answer came in the clear
	Unanswered Wire = "unanswered" // the application's answer did not come
)

// Shows is what the packets must show of the row's request.
func (r Row) Shows() Wire {
	if r.Wire != "" {
		return r.Wire
	}
	return map[tlscheck.Status]Wire{tlscheck.OK: Encrypted, tlscheck.Plaintext: Clear, tlscheck.Conflict: Unanswered}[r.Status]
}

// Seen is what `make record-reports` saw of the request of one row.
type Seen struct {
	Client   string          `yaml:"client"`
	To       hop.ServicePort `yaml:"to"`
	Endpoint string          `yaml:"endpoint"`
	Address  bool            `yaml:"address,omitempty"`
	Wire     Wire            `yaml:"wire"`
	Detail   string          `yaml:"detail,omitempty"` // how an unanswered request looked to the client and in its packets
}

// Of reports whether it was seen of a row.
func (s Seen) Of(r Row) bool {
	return s.Client == r.Client && s.To == r.To && s.Endpoint == r.Endpoint && s.Address == r.Address
}

// WireOf is what a request showed, by the client's answer and by what the tap says of its connection.
func WireOf(answered bool, says hop.Outcome) Wire {
	switch {
	case !answered:
		return Unanswered
	case says == hop.Encrypted:
		return Encrypted
	case says == hop.Plaintext:
		return Clear
	}
	return ""
}
