package runner

import (
	"net/netip"
	"testing"

	"mtls.test/conformance/e2e/pure/accesslog"
	"mtls.test/conformance/e2e/pure/hop"
)

func TestALineIsRecordedThatTheObservationWasReadFrom(t *testing.T) {
	const clients = `{"start_time":"2026-01-02T03:04:05.678Z","response_flags":"-","hop_id":"one","protocol":"HTTP/1.1","downstream_local_address":"10.0.0.9:80","downstream_direct_remote_address":"10.0.0.1:9","upstream_local_address":"10.0.0.1:1","upstream_host":"10.0.0.2:80"}`
	const servers = `{"start_time":"2026-01-02T03:04:05.678Z","response_flags":"-","hop_id":"one","protocol":"HTTP/1.1","downstream_local_address":"10.0.0.2:80","downstream_direct_remote_address":"10.0.0.1:1","upstream_local_address":"127.0.0.6:1","upstream_host":"10.0.0.2:80"}`
	const others = `{"start_time":"2026-01-02T03:04:05.678Z","response_flags":"-","hop_id":"two","protocol":"HTTP/1.1","downstream_local_address":"10.0.0.2:80","downstream_direct_remote_address":"10.0.0.1:1","upstream_local_address":"127.0.0.6:2","upstream_host":"10.0.0.2:80"}`
	observed := func(text string, read func(accesslog.Line, string) hop.Observation) *hop.Observation {
		line, err := accesslog.Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		seen := read(line, "a pod")
		return &seen
	}
	gone := observed(servers, accesslog.Line.Server)
	gone.Conn.Source = netip.MustParseAddrPort("10.0.0.1:7")
	for name, test := range map[string]struct {
		seen  *hop.Observation
		read  func(accesslog.Line, string) hop.Observation
		want  string
		fails bool
	}{
		"the client's":               {observed(clients, accesslog.Line.Client), accesslog.Line.Client, clients + "\n", false},
		"the server's":               {observed(servers, accesslog.Line.Server), accesslog.Line.Server, servers + "\n", false},
		"nothing was observed":       {nil, accesslog.Line.Server, "", false},
		"it was observed to be none": {&hop.Observation{Source: hop.Server, Says: hop.Absent}, accesslog.Line.Server, "", false},
		"it is not there":            {gone, accesslog.Line.Server, "", true},
	} {
		t.Run(name, func(t *testing.T) {
			c := &CaseRun{Evidence: Evidence{Lines: []string{"damaged", clients, servers, servers, others}}}
			got, err := c.line(test.seen, test.read)
			if string(got) != test.want || (err != nil) != test.fails {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
}
