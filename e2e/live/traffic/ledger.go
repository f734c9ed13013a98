package traffic

import (
	"sync"

	"mtls.test/conformance/fixtures/agent/token"
)

// Ledger issues the tokens of a run's requests, and knows which request each is of. It is safe for concurrent use.
type Ledger struct {
	run string

	mu  sync.Mutex
	ids map[token.Token]string
}

// NewLedger returns the ledger of a run.
func NewLedger(run string) *Ledger { return &Ledger{run: run, ids: map[token.Token]string{}} }

// Issue returns a token for a request; none where there is no ledger.
func (l *Ledger) Issue(id string) (token.Token, error) {
	if l == nil {
		return "", nil
	}
	issued, err := token.New(l.run)
	if err != nil {
		return "", err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ids[issued] = id
	return issued, nil
}

// Request is the id of the request that a token was issued for; false for a token of another run.
func (l *Ledger) Request(issued token.Token) (id string, known bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	id, known = l.ids[issued]
	return id, known
}
