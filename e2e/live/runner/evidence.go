package runner

import (
	"maps"

	"sigs.k8s.io/e2e-framework/klient/k8s"

	"mtls.test/conformance/e2e/live/runner/attempt"
	"mtls.test/conformance/e2e/pure/kiali"
)

// Evidence is what a case leaves beside its verdict.
type Evidence struct {
	Policies map[string][]k8s.Object // objects by file, as the API server returned them
	Lines    []string                // access log lines of the attempts, as the proxies wrote them
	Kiali    []kiali.AtStep          // what a Kiali says at each step of expectations
	Packets  map[string][]byte       // pcap files of the attempts, by id, cut after the handshake
}

// NewEvidence returns evidence of nothing yet.
func NewEvidence() Evidence {
	return Evidence{Policies: map[string][]k8s.Object{}, Packets: map[string][]byte{}}
}

// add adds what a batch of attempts leaves.
func (e *Evidence) add(batch *attempt.Batch) {
	e.Lines = append(e.Lines, batch.Lines...)
	maps.Copy(e.Packets, batch.Packets)
}
