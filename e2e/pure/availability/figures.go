package availability

import (
	"time"

	"mtls.test/conformance/fixtures/agent/series"
)

// Figures are of a series that is to be answered.
type Figures struct {
	Series string `json:"series"`
	Counts
	FailedShare         float64  `json:"failedShare"`            // of those that were answered or failed
	FailedIn            []Second `json:"failedIn,omitempty"`     // the seconds in which some failed
	Outages             []Outage `json:"outages,omitempty"`      // in their order
	LongestOutageMillis int64    `json:"longestOutageMillis"`    // the longest of them
	OutageMillis        int64    `json:"outageMillis"`           // all of them
	Cut                 int      `json:"cut,omitempty"`          // requests whose connection was cut, or gone
	StreamBreaks        int      `json:"streamBreaks,omitempty"` // streams that ended
}

// Second is one second in which requests failed.
type Second struct {
	At     time.Time      `json:"at"` // its begin
	Failed map[string]int `json:"failed"`
}

// figures are those of a time.
func (c collected) figures(flags map[string]string, within span) Figures {
	f := Figures{Series: c.series.Name, Counts: c.count(flags, within), Outages: c.outages(within)}
	if known := f.Answered + f.Failed; known > 0 {
		f.FailedShare = float64(f.Failed) / float64(known)
	}
	for _, out := range f.Outages {
		f.OutageMillis += out.Millis
		f.LongestOutageMillis = max(f.LongestOutageMillis, out.Millis)
	}
	broken := map[string]bool{}
	for _, one := range c.in(within) {
		if one.Outcome.Failed() {
			f.fail(one, flags, within)
		}
		switch {
		case one.Outcome != series.Cut:
		case c.series.Protocol == series.Stream:
			broken[one.ID] = true // each who waited for its next message tells the break
		default:
			f.Cut++
		}
	}
	f.StreamBreaks = len(broken)
	return f
}

// fail puts a failure into its second; they come in their order.
func (f *Figures) fail(one asked, flags map[string]string, within span) {
	begin := within.from.Add(time.Duration(second(within, one.at)) * time.Second)
	if n := len(f.FailedIn); n == 0 || !f.FailedIn[n-1].At.Equal(begin) {
		f.FailedIn = append(f.FailedIn, Second{At: begin, Failed: map[string]int{}})
	}
	f.FailedIn[len(f.FailedIn)-1].Failed[one.how(flags)]++
}
