package availability_test

import (
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"mtls.test/conformance/e2e/pure/availability"
	"mtls.test/conformance/fixtures/agent/series"
)

var started = time.Date(2026, 5, 4, 3, 2, 1, 0, time.UTC)

func at(millis int) time.Time { return started.Add(time.Duration(millis) * time.Millisecond) }

// positive and negative are the series of most tests; their requests are due every 200 ms, the second's 100 ms after the first's.
var (
	positive = series.Series{Name: "first", Protocol: series.HTTP, Address: "a:80"}
	negative = series.Series{Name: "second", Protocol: series.TCP, Address: "b:90", Want: series.Never, Twin: "first"}
)

// stream is what a pod tells of both series over so many milliseconds, by an outcome for each due time.
func stream(pod string, millis int, outcome func(s series.Series, due int) series.Outcome) availability.Stream {
	all := []series.Series{positive, negative}
	told := availability.Stream{Pod: pod, Lines: []series.Line{{Header: &series.Header{Started: started, Series: all}}}}
	for n := range millis / 200 {
		for i, s := range all {
			due := series.Due(all, i, n)
			became := outcome(s, int(due.Milliseconds()))
			if became == "" {
				continue
			}
			told.Lines = append(told.Lines, series.Line{Record: &series.Record{
				Series: i, ID: fmt.Sprintf("%s-%d-%d", pod, i, n), Due: due, Sent: due, Done: due + time.Millisecond, Outcome: became,
			}})
		}
	}
	return told
}

// good is the outcome where all is well.
func good(s series.Series, _ int) series.Outcome {
	if s.Want == series.Never {
		return series.Cut
	}
	return series.Answered
}

// but is good, except for one series in a time.
func but(name string, from, to int, outcome series.Outcome) func(series.Series, int) series.Outcome {
	return func(s series.Series, due int) series.Outcome {
		if s.Name == name && due >= from && due < to {
			return outcome
		}
		return good(s, due)
	}
}

func fold(t *testing.T, from, to int, streams ...availability.Stream) (availability.Figures, availability.Evidence) {
	t.Helper()
	report, err := availability.Fold(streams, map[string]string{"a-0-5": "UF"}, at(from), at(to))
	if err != nil {
		t.Fatal(err)
	}
	if len(report.Series) != 1 || len(report.Never) != 1 {
		t.Fatalf("got %+v", report)
	}
	return report.Series[0], report.Never[0]
}

func TestAllIsWellInATimeWithoutAFailure(t *testing.T) {
	f, e := fold(t, 0, 4000, stream("a", 4000, good), stream("b", 4000, good))
	if f.Asked != 40 || f.Sent != 40 || f.Answered != 40 || f.Failed != 0 || f.SentShare != 1 || f.FailedShare != 0 || len(f.Outages) != 0 || f.Seconds != 4 || f.WithoutPod != 0 {
		t.Errorf("got %+v", f)
	}
	if e.Asked != 40 || e.Failed != 40 || len(e.Successes) != 0 || e.WithEvidence != 4 || e.WithoutTwin != 0 || e.FailedBy["cut"] != 40 {
		t.Errorf("got %+v", e)
	}
}

func TestAServerThatStopsIsAnOutageForAsLong(t *testing.T) {
	f, e := fold(t, 0, 4000, stream("a", 4000, but("first", 1000, 2200, series.Unconnected)))
	if f.LongestOutageMillis != 1200 || f.OutageMillis != 1200 || len(f.Outages) != 1 || !f.Outages[0].From.Equal(at(1000)) || f.Failed != 6 || f.FailedShare != 0.3 {
		t.Errorf("got %+v", f)
	}
	if len(f.FailedIn) != 2 || !f.FailedIn[0].At.Equal(at(1000)) || f.FailedIn[0].Failed["unconnected"] != 4 || f.FailedIn[0].Failed["unconnected UF"] != 1 || f.FailedIn[1].Failed["unconnected"] != 1 {
		t.Errorf("got %+v", f.FailedIn)
	}
	if f.FailedBy["unconnected"] != 5 || f.FailedBy["unconnected UF"] != 1 {
		t.Errorf("got %v", f.FailedBy)
	}
	// In the second after 2000 it was there again at 2200.
	if e.WithEvidence != 3 || e.WithoutTwin != 1 {
		t.Errorf("got %+v", e)
	}
}

func TestASeriesIsOutOnlyWhileEachPodsRequestsFail(t *testing.T) {
	f, _ := fold(t, 0, 4000, stream("a", 4000, but("first", 1000, 3000, series.Cut)), stream("b", 4000, but("first", 2000, 2600, series.TimedOut)))
	if f.LongestOutageMillis != 600 || f.Cut != 10 {
		t.Errorf("got %+v", f)
	}
}

func TestAnOutageIsOfTheConnectionThatItsFirstRequestHad(t *testing.T) {
	for _, reused := range []bool{false, true} {
		told := stream("a", 2000, but("first", 1000, 1600, series.Cut))
		for _, line := range told.Lines[1:] {
			line.Record.Reused = reused == (line.Record.Due <= time.Second)
		}
		if f, _ := fold(t, 0, 2000, told); len(f.Outages) != 1 || f.Outages[0].Reused != reused {
			t.Errorf("the first failed over a reused connection: %t; got %+v", reused, f.Outages)
		}
	}
}

func TestAnOutageIsCutToTheTimeThatIsAskedFor(t *testing.T) {
	out := stream("a", 4000, but("first", 1000, 2200, series.Cut))
	for _, test := range []struct{ from, to, millis int }{{0, 1500, 500}, {1500, 4000, 700}, {1100, 1300, 200}, {2200, 4000, 0}, {0, 1000, 0}} {
		if f, _ := fold(t, test.from, test.to, out); f.OutageMillis != int64(test.millis) {
			t.Errorf("%+v: got %+v", test, f.Outages)
		}
	}
}

func TestAnOutageEndsWhereNothingIsAskedAnyMore(t *testing.T) {
	silent := stream("a", 4000, func(s series.Series, due int) series.Outcome {
		switch {
		case due >= 1000 && due < 1400:
			return series.Refused
		case due >= 1400 && due < 3000:
			return ""
		}
		return good(s, due)
	})
	f, _ := fold(t, 0, 4000, silent)
	if f.LongestOutageMillis != 400 || f.WithoutPod != 1 {
		t.Errorf("got %+v", f)
	}
	if f, _ := fold(t, 0, 4000, stream("a", 4000, but("first", 3600, 4000, series.Refused))); f.LongestOutageMillis != 400 {
		t.Errorf("at the end: got %+v", f)
	}
}

func TestWhatIsNotKnownEndsNoOutageAndFailsNothing(t *testing.T) {
	for _, unknown := range []series.Outcome{series.Unsent, series.Abandoned} {
		f, _ := fold(t, 0, 4000, stream("a", 4000, func(s series.Series, due int) series.Outcome {
			if due == 1200 {
				return unknown
			}
			return but("first", 1000, 1600, series.Cut)(s, due)
		}))
		if f.LongestOutageMillis != 600 || f.Failed != 2 || f.Asked != 20 || f.Sent != map[series.Outcome]int{series.Unsent: 19, series.Abandoned: 20}[unknown] {
			t.Errorf("%s: got %+v", unknown, f)
		}
	}
}

func TestALateRequestIsCounted(t *testing.T) {
	told := stream("a", 1000, good)
	for _, line := range told.Lines[1:] {
		if line.Record.Series == 0 && line.Record.Due > 0 {
			line.Record.Sent += 300 * time.Millisecond
		}
	}
	told.Lines[3].Record.Sent += 500 * time.Millisecond
	f, _ := fold(t, 0, 1000, told)
	if f.Late != 4 || f.WorstLateMillis != 800 || f.Asked != 5 || f.Sent != 5 || f.Answered != 5 {
		t.Errorf("got %+v", f)
	}
}

func TestANegativeSeriesThatGetsInIsTold(t *testing.T) {
	_, e := fold(t, 0, 2000, stream("a", 2000, good), stream("b", 2000, but("second", 500, 600, series.Answered)))
	want := []availability.Success{{ID: "b-1-2", At: at(500), Pod: "b"}}
	if !reflect.DeepEqual(e.Successes, want) || e.Answered != 1 || e.WithEvidence != 2 {
		t.Errorf("got %+v", e)
	}
}

func TestANegativeSeriesWhoseTwinFailsHasNoEvidence(t *testing.T) {
	_, e := fold(t, 0, 2000, stream("a", 2000, but("first", 0, 2000, series.TimedOut)))
	if e.WithEvidence != 0 || e.WithoutTwin != 2 {
		t.Errorf("got %+v", e)
	}
	// One that never reached the server shows nothing, though its twin did.
	if _, e := fold(t, 0, 2000, stream("a", 2000, but("second", 0, 1000, series.Unconnected))); e.WithEvidence != 1 || e.WithoutTwin != 0 {
		t.Errorf("got %+v", e)
	}
	// The twin of another pod is no evidence.
	halves := []availability.Stream{stream("a", 2000, but("first", 0, 2000, series.TimedOut)), stream("b", 2000, but("second", 0, 2000, series.Unsent))}
	if _, e := fold(t, 0, 2000, halves...); e.WithEvidence != 0 || e.WithoutTwin != 2 || e.SentShare != 0.5 {
		t.Errorf("got %+v", e)
	}
}

func TestEachStreamThatBreaksIsCountedOnce(t *testing.T) {
	watch := series.Series{Name: "watch", Protocol: series.Stream, Address: "a:1"}
	told := availability.Stream{Pod: "a", Lines: []series.Line{{Header: &series.Header{Started: started, Series: []series.Series{watch}}}}}
	for n, id := range []string{"one", "one", "two", "three"} {
		told.Lines = append(told.Lines, series.Line{Record: &series.Record{ID: id, Due: time.Duration(n) * 200 * time.Millisecond, Outcome: series.Cut}})
	}
	report, err := availability.Fold([]availability.Stream{told}, nil, at(0), at(1000))
	if err != nil || report.Series[0].StreamBreaks != 3 || report.Series[0].Cut != 0 || report.Series[0].Failed != 4 {
		t.Errorf("got %+v, %v", report, err)
	}
}

func TestAStreamThatIsNoneIsAnError(t *testing.T) {
	header := series.Line{Header: &series.Header{Started: started, Series: []series.Series{positive}}}
	for want, lines := range map[string][]series.Line{
		"does not begin with a header": {{Record: &series.Record{}}},
		"is of series 1, of 1":         {header, {Record: &series.Record{Series: 1}}},
		"is of series -1":              {header, {Record: &series.Record{Series: -1}}},
	} {
		if _, err := availability.Fold([]availability.Stream{{Pod: "a", Lines: lines}}, nil, at(0), at(1)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	if report, err := availability.Fold([]availability.Stream{{Pod: "a"}}, nil, at(0), at(1)); err != nil || len(report.Series) != 0 {
		t.Errorf("a run that did not begin: %+v, %v", report, err)
	}
}

func TestSharesOfNothingAreNumbers(t *testing.T) {
	f, e := fold(t, 8000, 9000, stream("a", 1000, good))
	if f.SentShare != 0 || math.IsNaN(f.FailedShare) || f.WithoutPod != 1 || e.WithEvidence != 0 || e.WithoutTwin != 0 {
		t.Errorf("got %+v, %+v", f, e)
	}
}
