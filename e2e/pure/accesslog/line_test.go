package accesslog

import (
	"bufio"
	"errors"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// The lines under testdata are real ones that Envoy 1.39 wrote, and that no case of the suite brings about; what cases do is
// recorded under e2e/pure/recording for every Istio minor. The handshake-* ones are told of in cause_test.go. The others are of an
// Istio 1.31 mesh (eed52ebb66ad) on 2026-11-24, by hand: workloads in namespaces of their own, an application that was down, and
// probes with suites that the mesh does not offer.
func lines(t testing.TB, file string) []string {
	t.Helper()
	f, err := os.Open("testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	var all []string
	for scanner := bufio.NewScanner(f); scanner.Scan(); {
		all = append(all, scanner.Text())
	}
	return all
}

// lineWith returns the only line that holds a text.
func lineWith(t *testing.T, file, text string) Line {
	t.Helper()
	var found []Line
	for _, raw := range lines(t, file) {
		if strings.Contains(raw, text) {
			line, err := Parse([]byte(raw))
			if err != nil {
				t.Fatal(err)
			}
			found = append(found, line)
		}
	}
	if len(found) != 1 {
		t.Fatalf("%s: %d lines hold %q, want one", file, len(found), text)
	}
	return found[0]
}

func TestEveryFieldOfAServersLineIsRead(t *testing.T) {
	want := Line{
		Kind:                          Request,
		StartTime:                     time.Date(2026, 11, 24, 1, 36, 20, 731e6, time.UTC),
		HopID:                         "permissive-gateway-http-0",
		RequestID:                     "4d26e05d-4479-4ecf-979d-67d5ef81a6a8",
		Protocol:                      "HTTP/1.1",
		Method:                        "GET",
		Authority:                     "172.18.0.2:30080",
		Path:                          "/products/1",
		Duration:                      time.Millisecond,
		ResponseCode:                  200,
		ResponseCodeDetails:           "via_upstream",
		FilterChainName:               "0.0.0.0_8080",
		RequestedServerName:           "outbound_.8080_._.product-service.default.svc.cluster.local",
		DownstreamDirectRemoteAddress: netip.MustParseAddrPort("10.244.0.10:36258"),
		DownstreamRemoteAddress:       netip.MustParseAddrPort("10.244.0.1:0"),
		DownstreamLocalAddress:        netip.MustParseAddrPort("10.244.0.16:8080"),
		DownstreamTLSVersion:          "TLSv1.3",
		DownstreamTLSCipher:           "TLS_AES_128_GCM_SHA256",
		DownstreamPeerURISAN:          "spiffe://cluster.local/ns/istio-system/sa/istio-ingressgateway-service-account",
		UpstreamCluster:               "inbound|8080||",
		UpstreamRequestAttemptCount:   1,
		UpstreamHost:                  netip.MustParseAddrPort("10.244.0.16:8080"),
		UpstreamRemoteAddress:         netip.MustParseAddrPort("10.244.0.16:8080"),
	}
	got := lineWith(t, "server.jsonl", `"hop_id":"permissive-gateway-http-0"`)
	perRun := cmpopts.IgnoreFields(Line{}, "ConnectionID", "UpstreamConnectionID", "UpstreamLocalAddress", "DownstreamPeerSerial", "StartTime", "Duration")
	if diff := cmp.Diff(want, got, perRun, cmpopts.EquateComparable(netip.AddrPort{}), cmpopts.IgnoreUnexported(Line{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got.ConnectionID == 0 || got.StartTime.Year() != 2026 || len(got.DownstreamPeerSerial) != 32 || !got.UpstreamLocalAddress.IsValid() {
		t.Errorf("got %+v", got)
	}
}

// minimal holds the keys by which a line is recognized, and more.
func minimal(more string) string {
	return `{"start_time":"2026-01-02T03:04:05.678Z","response_flags":"-","downstream_local_address":null` + more + `}`
}

func TestUnsetIsTheZeroValueHoweverItIsWritten(t *testing.T) {
	for name, unset := range map[string]string{
		"null":   `,"hop_id":null,"response_code":null,"upstream_host":null`,
		"a dash": `,"hop_id":"-","response_code":"-","upstream_host":"-"`,
		"absent": ``,
	} {
		t.Run(name, func(t *testing.T) {
			line, err := Parse([]byte(minimal(unset)))
			if err != nil {
				t.Fatal(err)
			}
			if line.HopID != "" || line.ResponseCode != 0 || line.UpstreamHost.IsValid() || line.ResponseFlags != nil {
				t.Errorf("got %+v", line)
			}
		})
	}
}

func TestNumbersMayBeText(t *testing.T) {
	line, err := Parse([]byte(minimal(`,"response_code":"503","duration":"12","hop_id":7`)))
	if err != nil || line.ResponseCode != 503 || line.Duration != 12*time.Millisecond || line.HopID != "7" {
		t.Errorf("got %+v, %v", line, err)
	}
}

func TestAnAddressThatIsNoIPAndPortIsInvalid(t *testing.T) {
	for in, valid := range map[string]bool{
		"10.0.0.1:80":                    true,
		"[fd00::1]:80":                   true,
		"/var/run/app.sock":              false,
		"envoy://connect_originate/10.0": false,
		"10.0.0.1":                       false,
	} {
		line, err := Parse([]byte(minimal(`,"upstream_host":"` + in + `"`)))
		if err != nil || line.UpstreamHost.IsValid() != valid {
			t.Errorf("%s: got %v, %v", in, line.UpstreamHost, err)
		}
	}
}

func TestALineOfAnotherKindIsToldApart(t *testing.T) {
	for name, in := range map[string]string{
		"empty":             "",
		"envoy":             "2026-11-24T01:27:51.130513Z\tinfo\tEnvoy proxy is ready",
		"pilot-agent, JSON": `{"level":"info","time":"2026-11-24T01:27:51Z","msg":"ready"}`,
		"binary":            "\x16\x03\x01\x00",
		"a list":            `["start_time"]`,
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := Parse([]byte(in)); !errors.Is(err, ErrNotAccessLog) {
				t.Errorf("got %v, want ErrNotAccessLog", err)
			}
		})
	}
}

func TestADamagedLineIsAnErrorAndNotOfAnotherKind(t *testing.T) {
	whole := lines(t, "client.jsonl")[0]
	for name, in := range map[string]string{
		"cut short":    whole[:len(whole)/2],
		"two in one":   whole + whole,
		"binary in it": "{\x00\x01",
		"a bad time":   strings.Replace(minimal(""), "2026-01-02T", "yesterday ", 1),
		"a bad number": minimal(`,"response_code":"many"`),
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := Parse([]byte(in)); err == nil || errors.Is(err, ErrNotAccessLog) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(lines(f, "client.jsonl")[0]))
	f.Add([]byte(minimal(`,"response_flags":"UF,URX","response_code":503`)))
	f.Add([]byte("{\x00"))
	f.Fuzz(func(t *testing.T, in []byte) {
		line, err := Parse(in)
		if err != nil {
			return
		}
		for _, observation := range []struct{ says, missing string }{
			{string(line.Client("x").Says), line.Client("x").Missing},
			{string(line.Server("x").Says), line.Server("x").Missing},
		} {
			if (observation.says == "") == (observation.missing == "") {
				t.Errorf("says %q, missing %q: want exactly one", observation.says, observation.missing)
			}
		}
	})
}

// What Envoy answered before it knew a protocol has details, which no connection of TCP has.
func TestKinds(t *testing.T) {
	for more, want := range map[string]Kind{
		``: Proxied,
		`,"response_code_details":"http1.codec_error"`:      Request,
		`,"protocol":"HTTP/1.1"`:                            Request,
		`,"response_code_details":"filter_chain_not_found"`: Listener,
		`,"log":"listener"`:                                 Listener,
	} {
		line, err := Parse([]byte(minimal(more)))
		if err != nil || line.Kind != want {
			t.Errorf("%s: %s %v, want %s", more, line.Kind, err, want)
		}
	}
}
