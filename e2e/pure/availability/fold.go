package availability

import (
	"maps"
	"slices"
	"time"

	"mtls.test/conformance/fixtures/agent/series"
)

// Report is what was available in a time, by series in the order of their names.
type Report struct {
	From   time.Time  `json:"from"`
	To     time.Time  `json:"to"`
	Series []Figures  `json:"series"`
	Never  []Evidence `json:"never"`
	Lanes  []Lane     `json:"lanes,omitempty"` // new connections, then reused ones
}

// Fold makes the figures of the requests that were due from a moment on and before another. Requests that are under way are not
// in it: fold once the longest timeout is over after the end. The flags are what else is known of a request, by its id, such as
// the response flag in a proxy's log. An error is about a stream that is none.
func Fold(streams []Stream, flags map[string]string, from, to time.Time) (Report, error) {
	report := Report{From: from, To: to, Series: []Figures{}, Never: []Evidence{}}
	var all []told
	names := map[string]bool{}
	for _, stream := range streams {
		t, err := read(stream)
		if err != nil {
			return Report{}, err
		}
		all = append(all, t)
		for _, s := range t.series {
			names[s.Name] = true
		}
	}
	within := span{from, to}
	report.Lanes = lanes(all, within)
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if c := collect(all, name); c.series.Wants() == series.Never {
			report.Never = append(report.Never, c.evidence(collect(all, c.series.Twin), flags, within))
		} else {
			report.Series = append(report.Series, c.figures(flags, within))
		}
	}
	return report, nil
}
