package upgrade

import (
	"fmt"
	"time"
)

// Copy is a request that was seen in the clear.
type Copy struct {
	ID         string    `json:"id"`
	Series     string    `json:"series"`
	Hop        Hop       `json:"hop"` // that the request was to go
	Connection string    `json:"connection"`
	At         time.Time `json:"at"`
}

// Hop is one way of a series, from the workload whose proxy sends it on.
type Hop struct {
	Client string `json:"client"` // NAMESPACE/WORKLOAD
	Host   string `json:"host"`
	Port   uint16 `json:"port"` // the Service's
}

// String returns "clients-first/buyer-first > inventory-first.servers-first.svc.cluster.local:8080".
func (h Hop) String() string { return fmt.Sprintf("%s > %s:%d", h.Client, h.Host, h.Port) }

// Clear is what the taps saw of the series in the clear.
type Clear struct {
	Copies []Copy   `json:"copies"`         // where the intent of no stage explains it
	ByRule int      `json:"byRule"`         // where the policies ask for plaintext
	Own    int      `json:"own"`            // on first legs of clients without a proxy, which are in the clear: without any the taps saw nothing
	Gaps   []string `json:"gaps,omitempty"` // why something may have passed unseen
}

// Explain parts what was seen into what no policy explains, and how much the policies ask for: at the stage at which it was seen, or
// at either end of the moves in whose time it was. Plaintext has the hops that are to be plaintext, by the place of the stage in
// the plan.
func Explain(seen []Copy, intervals []Interval, plaintext []map[Hop]bool) (copies []Copy, byRule int) {
	for _, one := range seen {
		first, last := stagesAt(one.At, intervals, len(plaintext))
		if plaintext[first][one.Hop] || plaintext[last][one.Hop] {
			byRule++
		} else {
			copies = append(copies, one)
		}
	}
	return copies, byRule
}

// stagesAt are the places of the stages between which a moment is; the same one twice where nothing moved then.
func stagesAt(at time.Time, intervals []Interval, stages int) (first, last int) {
	for _, interval := range intervals {
		if at.Before(interval.From) {
			break
		}
		if first, last = interval.Place, interval.Place; at.Before(interval.To) {
			first--
		}
	}
	known := func(place int) int { return max(0, min(place, stages-1)) }
	return known(first), known(last)
}
