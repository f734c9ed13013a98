package observe

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"mtls.test/conformance/e2e/pure/hop"
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// line adds a line that was written some time after noon.
func line(logs *Logs, after time.Duration, id, from string, port, connection int, more string) {
	logs.of(server).Line(noon.Add(after), fmt.Appendf(nil, `{"start_time":"2026-11-24T01:49:07.915Z","hop_id":"%s","protocol":"HTTP/1.1","response_flags":"-",
		"response_code":200,"connection_id":%d,"downstream_direct_remote_address":"%s","downstream_local_address":"10.0.0.7:%d"%s}`, id, connection, from, port, more))
}

// end adds the listener's line, which is written when a connection ends.
func end(logs *Logs, after time.Duration, from string, port, connection int) {
	line(logs, after, "-", from, port, connection, `,"log":"listener"`)
}

const later = time.Hour // long enough for lines to be forgotten

func TestWhatIsForgottenChangesNoAnswer(t *testing.T) {
	logs := logOf()
	line(logs, 0, "r-1", "10.0.0.5:1000", 8080, 7, "")
	line(logs, later, "r-2", "10.0.0.5:1000", 8080, 7, "")
	if kept := len(logs.of(server).history.entries); kept != 1 {
		t.Fatalf("%d lines are kept: the test shows nothing", kept)
	}
	_, second, _ := logs.ServerLine(server, 1, Attempt{ID: "r-2", Port: 8080}, nil)
	if other := logs.OtherOn(server, second); other != "r-1" {
		t.Errorf("the connection of r-2 is shared with %q, want r-1, of which no line is kept", other)
	}
	listened(logs, "10.0.0.5:1000", `,"connection_id":7,"hop_id":null`)
	attempt := Attempt{ID: "r-3", From: netip.MustParseAddrPort("10.0.0.5:1000"), Port: 8080}
	if seen, _, _ := logs.ServerLine(server, 2, attempt, nil); seen.Says != hop.Absent {
		t.Errorf("the connection of a request of which no line is kept is taken for another's: %+v", seen)
	}
}

func TestOfForgottenLinesNothingIsClaimed(t *testing.T) {
	logs := logOf()
	mark := logs.Mark(server)
	line(logs, 0, "r-1", "10.0.0.5:1000", 8080, 7, "")
	line(logs, later, "r-2", "10.0.0.5:1002", 8080, 8, "")
	if seen, _, _ := logs.ServerLine(server, mark, Attempt{ID: "r-1", Port: 8080}, nil); !strings.Contains(seen.Missing, "not kept") {
		t.Errorf("a line that was forgotten is %q, missing %q", seen.Says, seen.Missing)
	}
	refused := Attempt{ID: "r-9", Port: 8080, Client: netip.MustParseAddr("10.0.0.5")}
	if seen, _, _ := logs.ServerLine(server, mark, refused, nil); !strings.Contains(seen.Missing, "not kept") {
		t.Errorf("that there is one connection only is claimed of forgotten lines: %+v", seen)
	}
	if err := logs.Gap(server, logs.Mark(server)); err != nil {
		t.Errorf("a mark of now: %v", err)
	}
}

func TestAPortIsRewrittenForAsLongAsConntrackKnowsTheOther(t *testing.T) {
	const from, other = "10.0.0.5:1000", "10.0.0.9:1"
	attempt := Attempt{ID: "r-2", From: netip.MustParseAddrPort(from), Port: 8080}
	for name, test := range map[string]struct {
		add  func(*Logs)
		want bool
	}{
		"it ended two minutes ago":          {func(l *Logs) { end(l, 0, from, 50051, 4); line(l, 2*time.Minute, "r-9", other, 8080, 5, "") }, true},
		"it ended an hour ago":              {func(l *Logs) { end(l, 0, from, 50051, 4); line(l, later, "r-9", other, 8080, 5, "") }, false},
		"it ended four minutes ago":         {func(l *Logs) { end(l, 0, from, 50051, 4); line(l, 4*time.Minute, "r-9", other, 8080, 5, "") }, false},
		"it is open, and was used long ago": {func(l *Logs) { line(l, 0, "r-1", from, 50051, 4, ""); line(l, later, "r-9", other, 8080, 5, "") }, true},
		"it was used an hour ago and ended since": {func(l *Logs) {
			line(l, 0, "r-1", from, 50051, 4, "")
			end(l, time.Minute, from, 50051, 4)
			line(l, later, "r-9", other, 8080, 5, "")
		}, false},
		"its addresses were used again, and that ended": {func(l *Logs) {
			line(l, 0, "r-1", from, 50051, 4, "")
			end(l, time.Minute, from, 50051, 5)
			line(l, later, "r-9", other, 8080, 6, "")
		}, false},
		"it goes to the same port": {func(l *Logs) { line(l, 0, "r-1", from, 8080, 4, "") }, false},
	} {
		logs := logOf()
		test.add(logs)
		if got := logs.Rewrites(server, attempt); got != test.want {
			t.Errorf("%s: rewritten is %t, want %t", name, got, test.want)
		}
	}
}

func TestALongLogTakesNoMoreMemoryThanAShortOne(t *testing.T) {
	logs := logOf()
	for i := range 3 * 3600 {
		from := fmt.Sprintf("10.0.0.5:%d", 1024+i%5000)
		line(logs, time.Duration(i)*time.Second, fmt.Sprint("r-", i), from, 8080, i+1, "")
		end(logs, time.Duration(i)*time.Second, from, 8080, i+1)
	}
	logs.of(server).Lost(noon, errors.New("x"))
	line(logs, 4*time.Hour, "r-x", "10.0.0.5:9", 8080, 1<<30, "")
	h := logs.of(server).history
	if len(h.entries) != 1 || len(h.byID) != 1 || len(h.byRemote) != 1 || len(h.connections) != 1 || len(h.damaged) != 0 {
		t.Errorf("kept are %d lines by %d ids and %d addresses, %d connections and %d gaps, want one of each and no gap",
			len(h.entries), len(h.byID), len(h.byRemote), len(h.connections), len(h.damaged))
	}
}

func TestLinesThatMayBeMissingForbidAbsenceForTheMarksThatTheGapTouches(t *testing.T) {
	attempt := Attempt{ID: "r-9", From: netip.MustParseAddrPort("10.0.0.5:9"), Port: 8080}
	absent := func(logs *Logs, after Mark) string {
		seen, _, _ := logs.ServerLine(server, after, attempt, nil)
		if seen.Says == hop.Absent {
			return "absent"
		}
		return seen.Missing
	}
	logs := logOf()
	log := logs.of(server)
	line(logs, 0, "r-1", "10.0.0.5:1000", 8080, 7, "")
	before := logs.Mark(server)
	log.Interrupted(errors.New("EOF"))
	within := logs.Mark(server)
	for name, mark := range map[string]Mark{"before": before, "within": within} {
		if got := absent(logs, mark); got != "the log of default/product-service is not read for now: EOF" {
			t.Errorf("while the stream is not open, %s: %s", name, got)
		}
	}
	log.Reopened(noon, noon.Add(3*time.Second))
	after := logs.Mark(server)
	line(logs, 4*time.Second, "r-2", "10.0.0.5:1001", 8080, 8, "")
	for name, mark := range map[string]Mark{"before": before, "within": within} {
		if got := absent(logs, mark); got != "lines of the log of default/product-service between 12:00:00.000 and 12:00:03.000 may be missing: EOF" {
			t.Errorf("a mark %s the gap: %s", name, got)
		}
	}
	if got := absent(logs, after); got != "absent" {
		t.Errorf("a mark after the gap: %s", got)
	}
	log.Interrupted(errors.New("EOF again"))
	log.Reopened(noon, noon)
	log.Resumed()
	if got := absent(logs, after); got != "absent" {
		t.Errorf("a mark before a stream that went on without a loss: %s", got)
	}
	if got := absent(logs, before); got == "absent" {
		t.Error("that a later stream lost nothing mends the gap before it")
	}
}

func TestAnOverlongLineForbidsAbsenceForMarksBeforeIt(t *testing.T) {
	logs := logOf()
	before := logs.Mark(server)
	logs.of(server).Lost(noon, errors.New("a line is too long"))
	if logs.Gap(server, before) == nil || logs.Gap(server, logs.Mark(server)) != nil {
		t.Errorf("before: %v, after: %v", logs.Gap(server, before), logs.Gap(server, logs.Mark(server)))
	}
}

// BenchmarkLookups asks of a log that holds the lines of ten minutes at two hundred requests a second what each check asks.
func BenchmarkLookups(b *testing.B) {
	logs := logOf()
	const lines = 120_000
	for i := range lines {
		line(logs, time.Duration(i)*5*time.Millisecond, fmt.Sprint("r-", i), fmt.Sprintf("10.0.%d.5:%d", i/50_000, 1024+i%50_000), 8080, i+1, "")
	}
	last := fmt.Sprint("r-", lines-1)
	attempt := Attempt{ID: last, From: netip.MustParseAddrPort("10.0.2.5:9"), Port: 8080}
	mark := logs.Mark(server) - 20
	for b.Loop() {
		_, found, _ := logs.ServerLine(server, mark, attempt, nil)
		if other := logs.OtherOn(server, found); found.HopID != last || other != "" {
			b.Fatalf("found %q, with another %q", found.HopID, other)
		}
		logs.ServerLine(server, mark, Attempt{ID: "r-x", From: attempt.From, Port: 8080}, nil)
	}
}
