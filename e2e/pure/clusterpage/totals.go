package clusterpage

import (
	"cmp"
	"maps"
	"slices"

	"mtls.test/conformance/e2e/pure/document"
	"mtls.test/conformance/e2e/pure/tlscheck"
)

// kinds are the locks in their order.
var kinds = append(slices.Clone(document.Locks), unknownLock)

// totals counts hops by their statuses and by their locks.
type totals struct {
	Hops          int
	AlsoPlaintext int // whose endpoints take plaintext beside mTLS
	statuses      map[tlscheck.Status]int
	locks         map[string]int
}

func newTotals() totals {
	return totals{statuses: map[tlscheck.Status]int{}, locks: map[string]int{}}
}

// count counts hops of an answer.
func (t *totals) count(a answer, hops int) {
	t.Hops += hops
	t.statuses[a.Row.Status] += hops
	t.locks[a.Lock()] += hops
	if a.Row.AlsoPlaintext {
		t.AlsoPlaintext += hops
	}
}

func (t *totals) add(other totals) {
	t.Hops += other.Hops
	t.AlsoPlaintext += other.AlsoPlaintext
	for status, hops := range other.statuses {
		t.statuses[status] += hops
	}
	for lock, hops := range other.locks {
		t.locks[lock] += hops
	}
}

// Worst is the worst status; noRow without hops.
func (t totals) Worst() tlscheck.Status {
	if t.Hops == 0 {
		return noRow
	}
	return slices.MinFunc(slices.Collect(maps.Keys(t.statuses)), func(a, b tlscheck.Status) int { return cmp.Compare(rank(a), rank(b)) })
}

// Most is how many hops have the worst status.
func (t totals) Most() int { return t.statuses[t.Worst()] }

// compare puts the worse before the better: by the worst status, then by how many hops have it.
func (t totals) compare(other totals) int {
	a, b := t.Worst(), other.Worst()
	return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(other.Most(), t.Most()))
}

// counted is how many hops have a status.
type counted struct {
	Status tlscheck.Status
	Hops   int
}

// Statuses are those that hops have, the worst first.
func (t totals) Statuses() []counted {
	var all []counted
	for _, w := range words {
		if hops := t.statuses[w.Status]; hops > 0 {
			all = append(all, counted{w.Status, hops})
		}
	}
	return all
}

// NotOK is how many hops have another status than OK.
func (t totals) NotOK() int { return t.Hops - t.statuses[tlscheck.OK] }
