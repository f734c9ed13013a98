package availability_test

import (
	"strings"
	"testing"

	"mtls.test/conformance/e2e/pure/availability"
	"mtls.test/conformance/fixtures/agent/series"
)

func TestABudgetThatIsExceededNamesTheSeriesAndTheFigure(t *testing.T) {
	budget := availability.Budget{Failed: 0.1, LongestOutageMillis: 400, Evidence: 0.9}
	for name, test := range map[string]struct {
		stream   availability.Stream
		first    availability.Result
		says     string
		second   availability.Result
		saysThat string
	}{
		"all is well":     {stream("a", 4000, good), availability.Pass, "", availability.Pass, ""},
		"within it":       {stream("a", 4000, but("first", 1000, 1400, series.Cut)), availability.Pass, "", availability.Pass, ""},
		"too many failed": {stream("a", 4000, but("first", 1000, 1600, series.Cut)), availability.Exceeded, "failedShare is 0.1500, of 0.1000: 3 of 20", availability.Pass, ""},
		"out for long":    {stream("a", 4000, but("first", 1000, 1600, series.Cut)), availability.Exceeded, "longestOutageMillis is 600, of 400", availability.Pass, ""},
		"unsent":          {stream("a", 4000, but("first", 1000, 1400, series.Unsent)), availability.Inconclusive, "sentShare is 0.9000", availability.Pass, ""},
		"abandoned":       {stream("a", 4000, but("first", 0, 4000, series.Abandoned)), availability.Inconclusive, "no request is known", availability.Inconclusive, "0 seconds of 4"},
		"got in":          {stream("a", 4000, but("second", 500, 600, series.Answered)), availability.Pass, "", availability.Exceeded, "successes are 1, of 0: the first is a-1-2 from a"},
		"without twin":    {stream("a", 4000, but("first", 2000, 3000, series.Unsent)), availability.Inconclusive, "sentShare is 0.7500", availability.Inconclusive, "3 seconds of 4 have evidence, 0.90"},
		"nobody there":    {stream("a", 2000, good), availability.Inconclusive, "2 seconds of 4", availability.Inconclusive, "2 seconds of 4"},
	} {
		report, err := availability.Fold([]availability.Stream{test.stream}, nil, at(0), at(4000))
		if err != nil {
			t.Fatal(err)
		}
		judged := availability.Judge(report, func(string) availability.Budget { return budget })
		if len(judged) != 2 || judged[0].Series != "first" || judged[1].Series != "second" {
			t.Fatalf("%s: got %+v", name, judged)
		}
		for i, want := range []struct {
			result availability.Result
			says   string
		}{{test.first, test.says}, {test.second, test.saysThat}} {
			why := strings.Join(judged[i].Why, "; ")
			if judged[i].Result != want.result || !strings.Contains(why, want.says) || (why == "") != (want.says == "") {
				t.Errorf("%s: got %+v, want %s %q", name, judged[i], want.result, want.says)
			}
		}
	}
}

func TestWhatIsKnownToBeLostIsLostHoweverMuchIsNotKnown(t *testing.T) {
	report, err := availability.Fold([]availability.Stream{stream("a", 2000, but("first", 0, 1000, series.Cut))}, nil, at(0), at(10_000))
	if err != nil {
		t.Fatal(err)
	}
	if judged := report.Series[0].Judge(availability.Budget{Evidence: 1}); judged.Result != availability.Exceeded {
		t.Errorf("got %+v", judged)
	}
}
