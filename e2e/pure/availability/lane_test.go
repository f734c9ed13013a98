package availability_test

import (
	"reflect"
	"testing"

	"mtls.test/conformance/e2e/pure/availability"
	"mtls.test/conformance/fixtures/agent/series"
)

func TestRequestsAreCountedBySecondAndByConnection(t *testing.T) {
	reused := stream("a", 3000, but("first", 1000, 1400, series.Cut))
	for i := range reused.Lines {
		if record := reused.Lines[i].Record; record != nil {
			record.Reused = record.Due >= 2_000_000_000
		}
	}
	report, err := availability.Fold([]availability.Stream{reused, stream("b", 3000, good)}, nil, at(0), at(2500))
	if err != nil {
		t.Fatal(err)
	}
	want := []availability.Lane{
		{Answered: []int{10, 8, 3}, Failed: []int{0, 2, 0}},
		{Reused: true, Answered: []int{0, 0, 3}, Failed: []int{0, 0, 0}},
	}
	if !reflect.DeepEqual(report.Lanes, want) {
		t.Errorf("got %+v, want %+v", report.Lanes, want)
	}
}
