package kube

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// logSource is a log of which each stream is given. A stream ends where its text does, and an error stands for a stream
// that does not open. After the last one the pod is gone.
type logSource struct {
	streams []any // string or error
	since   []time.Time
}

func (s *logSource) Open(_ context.Context, since time.Time) (io.ReadCloser, error) {
	s.since = append(s.since, since)
	if len(s.streams) == 0 {
		return nil, fmt.Errorf("%w: not found", ErrLogGone)
	}
	next := s.streams[0]
	s.streams = s.streams[1:]
	if err, failed := next.(error); failed {
		return nil, err
	}
	return io.NopCloser(strings.NewReader(next.(string))), nil
}

// events writes down what a reader is told, a line by its content.
type events struct{ all []string }

func (e *events) Line(_ time.Time, line []byte) { e.all = append(e.all, string(line)) }
func (e *events) Lost(_ time.Time, why error)   { e.all = append(e.all, "LOST "+why.Error()) }
func (e *events) Interrupted(error)             { e.all = append(e.all, "INTERRUPTED") }
func (e *events) Reopened(from time.Time, _ time.Time) {
	e.all = append(e.all, "REOPENED "+from.Format("05.000"))
}
func (e *events) Resumed() { e.all = append(e.all, "RESUMED") }

// at is a line of a stream, written at a second of a minute.
func at(second, content string) string { return "2026-11-24T01:49:" + second + "Z " + content + "\n" }

func followed(t *testing.T, streams ...any) ([]string, *logSource) {
	t.Helper()
	source, told := &logSource{streams: streams}, &events{}
	synctest.Test(t, func(t *testing.T) {
		err := follow(t.Context(), source, time.Date(2026, 11, 24, 1, 46, 0, 0, time.UTC), func() {}, told)
		if !errors.Is(err, ErrLogGone) {
			t.Errorf("follow = %v", err)
		}
	})
	return told.all, source
}

func TestALogIsFollowedOverTheEndsOfItsStreams(t *testing.T) {
	long := strings.Repeat("x", maxLine+1)
	for name, test := range map[string]struct {
		streams []any
		want    []string
	}{
		"the stream ends once": {
			[]any{at("01.1", "a")},
			[]string{"a", "INTERRUPTED"},
		},
		"it goes on without a loss, and nothing comes twice": {
			[]any{at("01.1", "a") + at("02.1", "b"), at("01.1", "a") + at("02.1", "b") + at("03.1", "c")},
			[]string{"a", "b", "INTERRUPTED", "REOPENED 02.100", "RESUMED", "c", "INTERRUPTED"},
		},
		"two lines that are alike come twice": {
			[]any{at("02.1", "a") + at("02.1", "a"), at("02.1", "a") + at("02.1", "a") + at("02.1", "a")},
			[]string{"a", "a", "INTERRUPTED", "REOPENED 02.100", "RESUMED", "a", "INTERRUPTED"},
		},
		"the last line is not in the newest file: lines may be missing": {
			[]any{at("01.1", "a"), at("03.1", "c")},
			[]string{"a", "INTERRUPTED", "REOPENED 01.100", "c", "INTERRUPTED"},
		},
		"the container restarted and has logged nothing yet": {
			[]any{at("01.1", "a"), at("01.1", "a"), "", at("09.1", "started")},
			[]string{"a", "INTERRUPTED", "REOPENED 01.100", "RESUMED", "INTERRUPTED", "REOPENED 01.100", "INTERRUPTED", "REOPENED 01.100", "started", "INTERRUPTED"},
		},
		"the kubelet is away for some time": {
			[]any{at("01.1", "a"), errors.New("connection refused"), errors.New("pod does not exist"), at("01.1", "a") + at("02.1", "b")},
			[]string{"a", "INTERRUPTED", "INTERRUPTED", "INTERRUPTED", "REOPENED 01.100", "RESUMED", "b", "INTERRUPTED"},
		},
		"the stream ends within a line, which comes whole from the next": {
			[]any{at("01.1", "a") + "2026-11-24T01:49:02Z hal", at("01.1", "a") + at("02", "half")},
			[]string{"a", "INTERRUPTED", "REOPENED 01.100", "RESUMED", "half", "INTERRUPTED"},
		},
		"an overlong line is lost alone, also when it comes again": {
			[]any{at("01.1", "a") + at("02.1", long) + at("03.1", "b"), at("02.1", long) + at("03.1", "b")},
			[]string{"a", "LOST a line of 2026-11-24T01:49:02.1Z is longer than 1048576 bytes", "b", "INTERRUPTED", "REOPENED 03.100", "RESUMED", "INTERRUPTED"},
		},
		"the kubelet's own words are a loss": {
			[]any{at("01.1", "a") + "failed to create fsnotify watcher: too many open files\n"},
			[]string{"a", "LOST the kubelet wrote into the log stream: failed to create fsnotify watcher: too many open files", "INTERRUPTED"},
		},
	} {
		if got, _ := followed(t, test.streams...); !slices.Equal(got, test.want) {
			t.Errorf("%s:\n got %.300q\nwant %q", name, got, test.want)
		}
	}
}

func TestAReopenedStreamBeginsBeforeTheLastLine(t *testing.T) {
	_, source := followed(t, at("07.9", "a"), at("07.9", "a"))
	for i, want := range []string{"01:46:00", "01:49:06", "01:49:06"} {
		if got := source.since[i].Format(time.TimeOnly); got != want {
			t.Errorf("stream %d begins at %s, want %s", i, got, want)
		}
	}
}

func TestALineOfTheLongestLengthIsWhole(t *testing.T) {
	line := strings.Repeat("x", maxLine-len("2026-11-24T01:49:01Z "))
	if got, _ := followed(t, at("01", line)); len(got) != 2 || got[0] != line {
		t.Errorf("got %d events, %.80q", len(got), got)
	}
}

func TestFollowingEndsWithItsContextAndBeginsWithAnOpenLog(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	opened := func() { cancel() }
	if err := follow(ctx, &logSource{streams: []any{at("01", "a"), at("01", "a")}}, time.Time{}, opened, &events{}); err != nil {
		t.Errorf("after its context: %v", err)
	}
	failed := errors.New("forbidden")
	if err := follow(t.Context(), &logSource{streams: []any{failed}}, time.Time{}, func() { t.Error("it is not open") }, &events{}); !errors.Is(err, failed) {
		t.Errorf("of a log that does not open: %v", err)
	}
}

func TestAKubeletThatIsAwayIsNotAskedWithoutAPause(t *testing.T) {
	source := &logSource{streams: []any{at("01", "a")}}
	for range 1000 {
		source.streams = append(source.streams, errors.New("connection refused"))
	}
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := follow(ctx, source, time.Time{}, func() {}, &events{}); err != nil {
			t.Error(err)
		}
	})
	if tries := len(source.since); tries < 10 || tries > 40 {
		t.Errorf("it was tried %d times in a minute", tries)
	}
}
