package istioversion

import (
	"slices"
	"strings"
	"testing"
)

func points(t *testing.T, texts ...string) Points {
	t.Helper()
	all, err := ParsePoints(texts)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func version(t *testing.T, text string) Version {
	t.Helper()
	text, date, _ := strings.Cut(text, " ")
	v, err := Parse(text, date)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestAVersionHasAChangeFromThePointOfItsMinorOn(t *testing.T) {
	both := []string{"1.30.2 2026-06-20", "1.31"}
	skipping := []string{"1.29.3 2026-06-20", "1.31"}
	patches := []string{"1.30.2 2026-06-20", "1.31.1 2026-06-22"}
	for _, test := range []struct {
		points  []string
		version string
		want    bool
	}{
		{[]string{"1.31"}, "1.30.9", false},
		{[]string{"1.31"}, "1.31.0", true},
		{[]string{"1.31"}, "1.31.0-rc.0", true},
		{[]string{"1.31"}, "1.31.0-eed52ebb66ad", true},
		{[]string{"1.31"}, "1.31-dev", true},
		{[]string{"1.31"}, "1.32-alpha.eed52ebb66ad", true},
		{[]string{"1.31"}, "1.9.0", false},
		{both, "1.29.9", false},
		{both, "1.30.1", false},
		{both, "1.30.1-distroless", false},
		{both, "1.30.2", true},
		{both, "1.30.10", true},
		{both, "1.30.1-rc.0", false},
		{both, "1.30.3-rc.0", true},
		{both, "1.30.0-9739e10eb9d7 2026-06-19", false},
		{both, "1.30.0-9739e10eb9d7 2026-06-20", true},
		{both, "1.30.0-9739e10eb9d7 2026-08-26", true},
		{both, "1.31.0-eed52ebb66ad 2026-01-01", true},
		{both, "1.31.0", true},
		{both, "1.32-dev", true},
		{skipping, "1.28.9", false},
		{skipping, "1.29.3", true},
		{skipping, "1.30.9", false},
		{skipping, "1.31.0", true},
		{patches, "1.31.0", false},
		{patches, "1.31.1", true},
		{patches, "1.32.0", true},
		{[]string{"1.31.0 2026-07-01"}, "1.31.0", true},
		{[]string{"1.31.0 2026-07-01"}, "1.31.0-eed52ebb66ad 2026-06-30", false},
	} {
		if got, err := points(t, test.points...).Reached(version(t, test.version)); err != nil || got != test.want {
			t.Errorf("%s at %s: got %t, %v", test.version, test.points, got, err)
		}
	}
}

func TestWhatCannotBePlacedIsAnError(t *testing.T) {
	for _, test := range []struct{ version, want string }{
		{"1.30.0-9739e10eb9d7", "date is not known"},
		{"1.30-dev", "date is not known"},
		{"1.30.2-rc.0", "candidate of the very patch"},
	} {
		if got, err := points(t, "1.30.2 2026-06-20", "1.31").Reached(version(t, test.version)); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %t, %v; want %s", test.version, got, err, test.want)
		}
	}
	unknown, _ := Parse("latest", "")
	if got, err := points(t, "1.31").Reached(unknown); err == nil || !strings.Contains(err.Error(), `"latest" states no minor`) {
		t.Errorf("got %t, %v", got, err)
	}
}

func TestPointsWithoutSenseAreRefused(t *testing.T) {
	for _, test := range []struct {
		points []string
		want   string
	}{
		{[]string{""}, "want an Istio minor"},
		{[]string{"v1.31"}, "want an Istio minor"},
		{[]string{"1"}, "want an Istio minor"},
		{[]string{"1.31.1"}, "want an Istio minor"},
		{[]string{"1.31 2026-06-20"}, "want an Istio minor"},
		{[]string{"1.31.1 2026-06-31"}, "2026-06-31 is no date"},
		{[]string{"1.31.1 2026-6-1"}, "is no date"},
		{[]string{"1.31", "1.30.2 2026-06-20"}, "want the oldest minor first"},
		{[]string{"1.31.1 2026-06-20", "1.31.2 2026-06-21"}, "1.31 has two points"},
		{[]string{"1.31.1 2026-06-20", "1.31"}, "1.31 has two points"},
		{[]string{"1.30", "1.31"}, "so it is the last"},
	} {
		if got, err := ParsePoints(test.points); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %s, %v; want %s", test.points, got, err, test.want)
		}
	}
}

func TestAPointIsShownAsItIsRead(t *testing.T) {
	for _, text := range []string{"1.31", "1.30.2 2026-06-20", "1.31.0 2026-06-20"} {
		if got := points(t, text).String(); got != text {
			t.Errorf("got %s, want %s", got, text)
		}
	}
}

func span(t *testing.T, since, until string) Span {
	t.Helper()
	parts := func(text string) Points {
		if text == "" {
			return nil
		}
		return points(t, strings.Split(text, ", ")...)
	}
	s, err := NewSpan(parts(since), parts(until))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

const backported = "1.30.2 2026-06-20, 1.31"

func TestASpanHoldsFromSinceAndBeforeUntil(t *testing.T) {
	for _, test := range []struct {
		since, until, version string
		want                  bool
	}{
		{"", "", "1.30.0", true},
		{"", "1.31", "1.30.9", true},
		{"", "1.31", "1.31.0", false},
		{"", backported, "1.30.1", true},
		{"", backported, "1.30.2", false},
		{"", "1.29.3 2026-06-20, 1.31", "1.30.0", true}, // it was not brought there
		{"1.30", backported, "1.29.9", false},
		{"1.30", backported, "1.30.1", true},
		{"1.30", backported, "1.30.2", false},
		{backported, "1.31", "1.30.1", false},
		{backported, "1.31", "1.30.2", true},
		{backported, "1.31", "1.31.0", false},
		{backported, "1.31", "1.31.0-eed52ebb66ad", false},
	} {
		if got, err := span(t, test.since, test.until).Holds(version(t, test.version)); err != nil || got != test.want {
			t.Errorf("since %s until %s, %s: got %t, %v", test.since, test.until, test.version, got, err)
		}
	}
	unknown, _ := Parse("latest", "")
	if got, err := (Span{}).Holds(unknown); err != nil || !got {
		t.Errorf("without points, of a version that is not known: got %t, %v", got, err)
	}
	for _, s := range []Span{span(t, backported, ""), span(t, "", backported), span(t, "1.30", backported)} {
		if got, err := s.Holds(version(t, "1.30.0-9739e10eb9d7")); err == nil || !strings.Contains(err.Error(), s.String()) {
			t.Errorf("%s: got %t, %v", s, got, err)
		}
	}
	// The other end tells, whatever this one does.
	for _, s := range []Span{span(t, "1.31", "1.32.1 2026-10-01"), span(t, "1.28.2 2026-01-01", "1.29")} {
		if got, err := s.Holds(version(t, "1.30.0-9739e10eb9d7")); err != nil || got {
			t.Errorf("%s: got %t, %v", s, got, err)
		}
	}
}

func TestASpanBeginsBeforeItEnds(t *testing.T) {
	for _, test := range []struct{ since, until string }{
		{"1.31", "1.31"}, {"1.31", "1.30"}, {"1.31", backported}, {"1.30.2 2026-06-20", "1.30.2 2026-06-20"},
		{"1.30.3 2026-06-20", "1.30.2 2026-06-19"}, {"1.30.2 2026-06-20", "1.30.3 2026-06-19"},
	} {
		since, until := points(t, test.since), points(t, strings.Split(test.until, ", ")...)
		if s, err := NewSpan(since, until); err == nil || !strings.Contains(err.Error(), "is not before") {
			t.Errorf("%s: got %v", s, err)
		}
	}
}

func TestSpansOverlapWhereAVersionIsInBoth(t *testing.T) {
	for _, test := range []struct {
		a, b [2]string
		want bool
	}{
		{[2]string{}, [2]string{}, true},
		{[2]string{}, [2]string{"1.31", ""}, true},
		{[2]string{"1.31", ""}, [2]string{"", "1.31"}, false},
		{[2]string{backported, ""}, [2]string{"", backported}, false},
		{[2]string{backported, ""}, [2]string{"", "1.31"}, true},
		{[2]string{"1.31", ""}, [2]string{"", backported}, false},
		{[2]string{"1.30", "1.31"}, [2]string{"1.31", "1.32"}, false},
		{[2]string{"1.30", "1.31"}, [2]string{"1.29", "1.30.2 2026-06-20"}, true},
		{[2]string{"1.29", "1.30"}, [2]string{"1.31", ""}, false},
	} {
		a, b := span(t, test.a[0], test.a[1]), span(t, test.b[0], test.b[1])
		if a.Overlaps(b) != test.want || b.Overlaps(a) != test.want {
			t.Errorf("%s and %s: overlap %t, %t; want %t", a, b, a.Overlaps(b), b.Overlaps(a), test.want)
		}
	}
}

func TestSamplesAreOnEverySideOfThePoints(t *testing.T) {
	for _, test := range []struct {
		since, until string
		want         []string
	}{
		{"", "", nil},
		{"1.31", "", []string{"1.31.0", "1.32.0"}},
		{"", "1.31", []string{"1.30.0"}},
		{"", backported, []string{"1.29.0", "1.29.1", "1.29.2", "1.30.0", "1.30.1"}},
	} {
		var got []string
		for _, v := range span(t, test.since, test.until).Samples() {
			got = append(got, v.String())
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("since %s until %s: got %s, want %s", test.since, test.until, got, test.want)
		}
	}
}
