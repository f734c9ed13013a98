package availability_test

import (
	"reflect"
	"testing"
	"time"

	"mtls.test/conformance/e2e/pure/availability"
	"mtls.test/conformance/fixtures/agent/series"
)

// paused is a stream that pauses from a second after the start, and tells of it by these lines.
func paused(gaps ...series.Gap) availability.Stream {
	told := stream("a", 4000, func(s series.Series, due int) series.Outcome {
		if due >= 1000 && due < 3000 {
			return ""
		}
		return good(s, due)
	})
	for _, gap := range gaps {
		told.Lines = append(told.Lines, series.Line{Gap: &gap})
	}
	return told
}

func TestAPauseIsAGapAndNotAnAbsence(t *testing.T) {
	whole := []series.Gap{{From: time.Second, Why: series.Paused}, {From: time.Second, To: 3 * time.Second, Why: series.Paused}}
	f, e := fold(t, 0, 4000, paused(whole...))
	want := []availability.Gap{{Pod: "a", From: at(1000), To: at(3000), Why: series.Paused}}
	if !reflect.DeepEqual(f.Gaps, want) || f.Seconds != 2 || f.WithoutPod != 0 || f.SentShare != 1 || e.WithEvidence != 2 {
		t.Errorf("got %+v, %+v", f, e)
	}
	if f, _ := fold(t, 2000, 4000, paused(whole...)); len(f.Gaps) != 1 || !f.Gaps[0].From.Equal(at(2000)) {
		t.Errorf("got %+v", f.Gaps)
	}
	if f, _ := fold(t, 3000, 4000, paused(whole...)); len(f.Gaps) != 0 || f.Seconds != 1 {
		t.Errorf("got %+v", f)
	}
}

func TestAPauseThatGoesOnLastsUntilTheEndOfTheTime(t *testing.T) {
	if f, _ := fold(t, 0, 3000, paused(series.Gap{From: time.Second, Why: series.Paused})); len(f.Gaps) != 1 || !f.Gaps[0].To.Equal(at(3000)) || f.Seconds != 1 {
		t.Errorf("got %+v", f)
	}
}

func TestWithoutAPodASecondIsWithoutEvidence(t *testing.T) {
	f, e := fold(t, 0, 4000, paused())
	if f.Seconds != 4 || f.WithoutPod != 2 || e.WithEvidence != 2 || e.WithoutTwin != 0 {
		t.Errorf("got %+v, %+v", f, e)
	}
}

func TestAPodThatIsTerminatedTellsWhen(t *testing.T) {
	told := stream("a", 1000, good)
	told.Lines = append(told.Lines, series.Line{End: &series.End{Reason: series.Terminated, At: time.Second, Due: 10, Sent: 10}})
	told.Ended = at(1100)
	f, _ := fold(t, 0, 4000, told)
	if want := []availability.Gap{{Pod: "a", From: at(1000), Why: availability.Terminated}}; !reflect.DeepEqual(f.Gaps, want) || f.Lost != 0 || f.WithoutPod != 3 {
		t.Errorf("got %+v", f)
	}
}

func TestRecordsOfAStreamThatWasLostAreAskedAndNotSent(t *testing.T) {
	told := stream("a", 1000, good)
	told.Ended = at(2000)
	f, e := fold(t, 0, 4000, told)
	if want := []availability.Gap{{Pod: "a", From: at(1000), To: at(2000), Why: availability.Lost}}; !reflect.DeepEqual(f.Gaps, want) || f.Lost != 5 || f.Asked != 10 || f.SentShare != 0.5 || e.Lost != 5 {
		t.Errorf("got %+v, %+v", f, e)
	}
	told.Lines = append(told.Lines, series.Line{Gap: &series.Gap{From: 1200 * time.Millisecond, Why: series.Paused}})
	if f, _ := fold(t, 0, 4000, told); f.Lost != 1 || f.Seconds != 3 {
		t.Errorf("lost in a pause: got %+v", f)
	}
	told.Ended = time.Time{}
	if f, _ := fold(t, 0, 1000, told); f.Lost != 0 {
		t.Errorf("a stream that goes on: got %+v", f)
	}
}
