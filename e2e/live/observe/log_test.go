package observe

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/e2e/pure/hop"
)

var server = mesh.Proxy{Namespace: "default", Pod: "product-service"}

type logged struct {
	id, from, to string
	connection   int
	flags        string
}

func logOf(lines ...logged) *Logs {
	logs := NewLogs(nil, false)
	for _, l := range lines {
		id, protocol := "null", "null"
		if l.id != "" {
			id, protocol = `"`+l.id+`"`, `"HTTP/1.1"`
		}
		logs.of(server).Line(time.Time{}, fmt.Appendf(nil, `{"start_time":"2026-11-24T01:49:07.915Z","hop_id":%s,"protocol":%s,"response_flags":"%s","connection_id":%d,
			"downstream_direct_remote_address":"%s","downstream_local_address":"%s"}`, id, protocol, l.flags, l.connection, l.from, l.to))
	}
	return logs
}

func TestALineIsFoundByItsIDThenByItsAddress(t *testing.T) {
	logs := logOf(
		logged{id: "r-1", from: "10.0.0.5:1000", to: "10.0.0.7:8080"},
		logged{from: "10.0.0.5:1002", to: "10.0.0.7:8080", flags: "NR"},
	)
	byID, _, _ := logs.ServerLine(server, 0, Attempt{ID: "r-1", From: netip.MustParseAddrPort("10.0.0.5:9"), Port: 8080}, nil)
	if byID.Conn.Source.Port() != 1000 || byID.Says != hop.Plaintext {
		t.Errorf("by id: %+v", byID)
	}
	byAddress, _, _ := logs.ServerLine(server, 0, Attempt{ID: "r-2", From: netip.MustParseAddrPort("10.0.0.5:1002"), Port: 8080}, nil)
	if byAddress.Symptom.Flags != "NR" || byAddress.Says != hop.Refused {
		t.Errorf("by address: %+v", byAddress)
	}
}

func TestAbsenceIsClaimedOnlyBehindTheWatermark(t *testing.T) {
	attempt := Attempt{ID: "r-9", From: netip.MustParseAddrPort("10.0.0.5:9"), Port: 8080}
	if seen, _, _ := logOf().ServerLine(server, 0, attempt, nil); seen.Says != hop.Absent || seen.Missing != "" {
		t.Errorf("behind the watermark: %+v", seen)
	}
	if seen, _, _ := logOf().ServerLine(server, 0, attempt, errors.New("no sentinel")); seen.Says != "" || seen.Missing != "no sentinel" {
		t.Errorf("without a watermark: %+v", seen)
	}
	ended := logOf()
	ended.of(server).end(errors.New("the pod is gone"))
	if seen, _, _ := ended.ServerLine(server, 0, attempt, nil); seen.Missing != "the pod is gone" {
		t.Errorf("after the end of the log: %+v", seen)
	}
}

func TestAbsenceIsNotClaimedWhereALineWasLost(t *testing.T) {
	logs := logOf()
	logs.of(server).Line(time.Time{}, []byte(`{"start_time":"2026-11-24T01:49:07.915Z","hop_id":2026-11-24T01:53:16Z	info	ads`))
	attempt := Attempt{ID: "r-1", Port: 8080}
	if seen, _, _ := logs.ServerLine(server, 0, attempt, nil); !strings.Contains(seen.Missing, "cannot be read") {
		t.Errorf("with a damaged line after the mark: %+v", seen)
	}
	if seen, _, _ := logs.ServerLine(server, logs.Mark(server), attempt, nil); seen.Says != hop.Absent {
		t.Errorf("with a damaged line before the mark: %+v", seen)
	}
}

func TestASentinelIsKnownByItsPortAlsoWhereItsSourceWasRewritten(t *testing.T) {
	logs := logOf(logged{from: "10.0.0.6:60033", to: "10.0.0.7:20123", flags: "NR"})
	if _, err := logs.Sentinel(context.Background(), server, 0, "s-1", 20123); err != nil {
		t.Error(err)
	}
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := logs.Sentinel(ended, server, logs.Mark(server), "s-1", 20123); err == nil {
		t.Error("a sentinel from before the mark was taken for one after it")
	}
}

func TestALineBeforeTheMarkIsNotFound(t *testing.T) {
	logs := logOf(logged{id: "r-1", from: "10.0.0.5:1000", to: "10.0.0.7:8080"})
	if seen, _, _ := logs.ServerLine(server, logs.Mark(server), Attempt{ID: "r-1", Port: 8080}, nil); seen.Says != hop.Absent {
		t.Errorf("got %+v", seen)
	}
}

func TestARewrittenPortIsJoinedOnlyWhereNetfilterHadToRewriteIt(t *testing.T) {
	attempt := Attempt{ID: "r-2", From: netip.MustParseAddrPort("10.0.0.5:1000"), Port: 8080}
	refused := logged{from: "10.0.0.5:60033", to: "10.0.0.7:8080", flags: "NR"}
	earlier := logged{id: "r-1", from: "10.0.0.5:1000", to: "10.0.0.7:50051"}
	for name, test := range map[string]struct {
		logs *Logs
		says hop.Outcome // empty: not told
	}{
		"the port was in use towards another":       {logOf(earlier, refused), hop.Refused},
		"the port was not in use":                   {logOf(refused), hop.Absent},
		"two lines could be it":                     {logOf(earlier, refused, logged{from: "10.0.0.5:60035", to: "10.0.0.7:8080", flags: "NR"}), ""},
		"the line is of another pod":                {logOf(earlier, logged{from: "10.0.0.6:60033", to: "10.0.0.7:8080", flags: "NR"}), hop.Absent},
		"the line is of another port of the server": {logOf(earlier, logged{from: "10.0.0.5:60033", to: "10.0.0.7:9", flags: "NR"}), hop.Absent},
	} {
		if seen, _, _ := test.logs.ServerLine(server, 0, attempt, nil); seen.Says != test.says {
			t.Errorf("%s: %s, want %s", name, seen.Says, test.says)
		}
	}
}

func TestARequestOnAnOldConnectionIsToldByItsConnection(t *testing.T) {
	logs := logOf(
		logged{id: "r-1", from: "10.0.0.5:1000", to: "10.0.0.7:8080", connection: 7},
		logged{id: "r-2", from: "10.0.0.5:1000", to: "10.0.0.7:8080", connection: 7},
		logged{id: "r-3", from: "10.0.0.5:1000", to: "10.0.0.7:8080", connection: 8},
	)
	for id, want := range map[string]string{"r-1": "r-2", "r-2": "r-1", "r-3": ""} {
		_, line, _ := logs.ServerLine(server, 0, Attempt{ID: id, Port: 8080}, nil)
		if got := logs.OtherOn(server, line); got != want {
			t.Errorf("%s: shares its connection with %q, want %q", id, got, want)
		}
	}
}

func TestARequestSharesNoConnectionWithItself(t *testing.T) {
	for name, connection := range map[string]int{"two lines of it on one connection": 7, "lines that name no connection": 0} {
		logs := logOf(
			logged{id: "r-1", from: "10.0.0.5:1000", to: "10.0.0.7:8080", connection: connection},
			logged{id: "r-1", from: "10.0.0.5:1000", to: "10.0.0.7:8080", connection: connection},
		)
		_, line, _ := logs.ServerLine(server, 0, Attempt{ID: "r-1", Port: 8080}, nil)
		if got := logs.OtherOn(server, line); got != "" {
			t.Errorf("%s: it is shared with %q", name, got)
		}
	}
}

func TestASentinelTellsWhetherAFilterChainTookIt(t *testing.T) {
	for more, unmatched := range map[string]bool{`,"response_code_details":"filter_chain_not_found"`: true, `,"bytes_sent":7`: false} {
		logs := logOf()
		proxied(logs, "10.0.0.6:60033", more)
		if got, err := logs.Sentinel(t.Context(), server, 0, "s-1", 8080); err != nil || got != unmatched {
			t.Errorf("%s: unmatched is %t, %v", more, got, err)
		}
	}
}

func TestARequestsClientLineIsTheOneWithItsID(t *testing.T) {
	socket := hop.FiveTuple{Source: netip.MustParseAddrPort("10.0.0.5:1000"), Destination: netip.MustParseAddrPort("10.0.0.7:8080")}
	logs := logOf(
		logged{id: "r-1", from: "10.0.0.5:1000", to: "10.0.0.7:8080", connection: 7},
		logged{id: "r-2", from: "10.0.0.5:1000", to: "10.0.0.7:8080", connection: 7},
	)
	if seen, raw, err := logs.ClientLine(t.Context(), server, 0, "r-1", socket); err != nil || seen.ID != "r-1" || !strings.Contains(raw, `"hop_id":"r-1"`) {
		t.Errorf("%+v by %s, %v", seen, raw, err)
	}
	synctest.Test(t, func(t *testing.T) {
		logs := logOf(logged{id: "r-2", from: "10.0.0.5:1000", to: "10.0.0.7:8080", connection: 7})
		seen, raw, err := logs.ClientLine(t.Context(), server, 0, "r-1", socket)
		if !errors.Is(err, ErrNoLine) || seen.Source != hop.Client || seen.Missing != err.Error() || seen.Says != "" || raw != "" {
			t.Errorf("another's line on its connection: %+v by %s, %v", seen, raw, err)
		}
	})
}

func TestFindWaitsForALineAndSaysWhyThereIsNone(t *testing.T) {
	logs := logOf()
	go logs.of(server).Line(time.Time{}, []byte(`{"start_time":"2026-11-24T01:49:07.915Z","hop_id":"r-1","response_flags":null,"downstream_local_address":"10.0.0.7:8080"}`))
	if line, _, err := logs.Find(context.Background(), server, 0, 10*time.Second, ByID("r-1")); err != nil || line.HopID != "r-1" {
		t.Errorf("got %+v, %v", line, err)
	}
	if _, _, err := logs.Find(context.Background(), server, 0, time.Millisecond, ByID("r-2")); err == nil || !strings.Contains(err.Error(), "within 1ms") {
		t.Errorf("got %v", err)
	}
	logs.of(server).Line(time.Time{}, []byte(`{"start_time":`))
	if _, _, err := logs.Find(context.Background(), server, 0, time.Millisecond, ByID("r-2")); err == nil || !strings.Contains(err.Error(), "cannot be read") {
		t.Errorf("got %v", err)
	}
}
