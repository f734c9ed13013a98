package recording_test

import (
	"encoding/json"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/recording"
	"mtls.test/conformance/fixtures"
)

// maxSize bounds the recording of a minor, in bytes: a person reviews it.
const maxSize = 1_000_000

func TestEveryMinorHasEverySituationAndNoSecret(t *testing.T) {
	folder := os.DirFS("testdata")
	minors, err := recording.Load(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, minor := range minors {
		size := 0
		err := fs.WalkDir(folder, minor.Name, func(name string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			content, err := fs.ReadFile(folder, name)
			size += len(content)
			for _, secret := range recording.Secrets(name, content) {
				t.Error(secret)
			}
			return err
		})
		if err != nil || size > maxSize {
			t.Errorf("%s: %d bytes, want at most %d; %v", minor.Name, size, maxSize, err)
		}
		if origin := minor.Provenance; origin.Istio == "" || origin.Envoy == "" || origin.Kubernetes == "" || origin.Profile == "" || origin.Date == "" || origin.Command == "" {
			t.Errorf("%s: provenance %+v", minor.Name, origin)
		}
	}
}

// What the unit tests hold the raw data to is what the case says today, and not what was seen when it was recorded.
func TestARecordedExpectationIsItsCases(t *testing.T) {
	world, err := fixture.LoadWorld(fixtures.FS)
	if err != nil {
		t.Fatal(err)
	}
	cases, err := fixture.Load(fixtures.FS, world)
	if err != nil {
		t.Fatal(err)
	}
	minors, err := recording.Load(os.DirFS("testdata"))
	if err != nil {
		t.Fatal(err)
	}
	for _, minor := range minors {
		for _, situation := range minor.Situations {
			i := slices.IndexFunc(cases, func(c fixture.Case) bool { return c.ID == situation.Case })
			if i < 0 || situation.Step >= len(cases[i].Steps) {
				t.Errorf("%s: there is no step %d of case %s: record it again", minor.Name, situation.Step, situation.Case)
				continue
			}
			for _, attempt := range situation.Attempts {
				if !slices.ContainsFunc(cases[i].Steps[situation.Step].Expect, func(e fixture.Expect) bool { return expects(e, attempt, minor.Provenance.Profile) }) {
					t.Errorf("%s: case %s does not expect this of %s: record it again", minor.Name, situation.Case, attempt.Name)
				}
			}
		}
	}
}

// expects reports whether an expectation is the attempt's.
func expects(e fixture.Expect, a recording.Attempt, profile string) bool {
	same := e.Want == a.Want && e.Cause == a.Cause && e.Subset == a.Subset && e.As == a.As && cmp.Equal(e.Probe, a.Probe) && cmp.Equal(e.Wire, a.Wire)
	identity := (e.Identity.Client == "" || e.Identity.Client == a.Identity.Client) && (e.Identity.Server == "" || e.Identity.Server == a.Identity.Server)
	return same && identity && (e.Profile == "" || e.Profile == profile) && slices.Contains(e.Hops(), a.Hop)
}

// whole is a recording in which every situation has the same two attempts.
func whole(t *testing.T) fstest.MapFS {
	t.Helper()
	minor := recording.Minor{Name: "1.99", Provenance: recording.Provenance{Istio: "1.99.0"}}
	to := hop.ServicePort{Service: "server", Port: 80}
	for _, id := range recording.Cases {
		err := minor.Add(recording.Situation{
			Case: id, Proxies: map[string][]byte{"client": []byte(`{}`), "server": []byte(`{}`)},
			Certificates: map[string][]byte{"client": []byte(`{"configs": [{"name": "default", "version_info": "` + id + `", "secret": {"a": 1}}]}`)},
			Attempts: []recording.Attempt{
				{Name: "00", Hop: hop.Hop{From: "client", To: to}, Want: hop.MTLS, Client: "client", Server: "server", ClientLine: []byte("{}\n"), ServerLine: []byte("{}\n"), Pcap: []byte("x")},
				{Name: "01", Hop: hop.Hop{From: "client", To: to}, Want: hop.Refused, Cause: hop.NoEndpoint, Client: "client", Server: "server", ClientLine: []byte("{}\n")},
			},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	files, err := minor.Files()
	if err != nil {
		t.Fatal(err)
	}
	folder := fstest.MapFS{}
	for name, content := range files {
		folder[path.Join(minor.Name, name)] = &fstest.MapFile{Data: content}
	}
	return folder
}

func TestWhatIsWrittenIsLoaded(t *testing.T) {
	folder := whole(t)
	minors, err := recording.Load(folder)
	if err != nil || len(minors) != 1 || minors[0].Name != "1.99" || len(minors[0].Situations) != len(recording.Cases) {
		t.Fatalf("got %+v, %v", minors, err)
	}
	again, err := minors[0].Files()
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range again {
		if diff := cmp.Diff(string(folder["1.99/"+name].Data), string(content)); diff != "" {
			t.Errorf("%s (-written +written again):\n%s", name, diff)
		}
	}
	if len(again) != len(folder) {
		t.Errorf("%d files become %d", len(folder), len(again))
	}
}

func TestWhatLacksIsRefusedWithItsName(t *testing.T) {
	last := recording.Cases[len(recording.Cases)-1]
	for name, test := range map[string]struct{ without, want string }{
		"no minor":                         {"", "no minor of Istio is recorded"},
		"no situation":                     {"1.99/" + last + "/", last + "/situation.json"},
		"no line of the client's proxy":    {"1.99/" + last + "/01.client.log", last + "/01 lacks the line of the client's proxy"},
		"no line of the server's proxy":    {"1.99/" + last + "/00.server.log", last + "/00 lacks the line of the server's proxy"},
		"no packets":                       {"1.99/" + last + "/00.pcap", last + "/00 lacks packets"},
		"no configuration of server's end": {"1.99/" + last + "/proxies/server.json", last + "/00 lacks the configuration of server"},
	} {
		t.Run(name, func(t *testing.T) {
			folder := whole(t)
			maps.DeleteFunc(folder, func(name string, _ *fstest.MapFile) bool { return strings.HasPrefix(name, test.without) })
			_, err := recording.Load(folder)
			if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), "make record") {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

func TestASecretThatIsRenewedWhileRecordingIsRefused(t *testing.T) {
	held := func(name, content string) recording.Situation {
		return recording.Situation{Case: "a", Certificates: map[string][]byte{"client": []byte(`{"configs": [{"name": "` + name + `", "secret": {"chain": "` + content + `"}}]}`)}}
	}
	var minor recording.Minor
	for _, situation := range []recording.Situation{held("default", "first"), held("ROOTCA", "root"), held("default", "first")} {
		if err := minor.Add(situation); err != nil {
			t.Fatal(err)
		}
	}
	if err := minor.Add(held("default", "second")); err == nil || !strings.Contains(err.Error(), `"default" was renewed`) {
		t.Errorf("got %v", err)
	}
	if got := string(minor.Certificates["client"]); strings.Count(got, `"name"`) != 2 || strings.Contains(got, "second") {
		t.Errorf("got %s", got)
	}
}

func TestACutDumpHasNoKeyNoLogAndThePortsAskedFor(t *testing.T) {
	listeners := `{"configs": [{"name": "virtualInbound", "active_state": {"listener": {"access_log": [{"name": "big"}], "filter_chains": [
		{"name": "http", "filter_chain_match": {"destination_port": 8080}, "filters": [{"typed_config": {"access_log": [], "n": 1.50, "http_filters": [{"name": "envoy.filters.http.router"}, {"name": "new"}]}}]},
		{"name": "other", "filter_chain_match": {"destination_port": 9000}},
		{"name": "any", "filter_chain_match": {"transport_protocol": "tls"}}]}}}]}`
	secrets := `{"configs": [{"name": "default", "secret": {"tls_certificate": {"private_key": {"inline_bytes": "a key"}, "certificate_chain": "a certificate"},
		"session_ticket_keys": {"keys": ["a ticket's"]}, "generic_secret": {"secret": "a token"}}}]}`
	got, err := recording.Cut([][]byte{[]byte(listeners), []byte(secrets), []byte(`{}`)}, []uint16{8080})
	if err != nil {
		t.Fatal(err)
	}
	var kept any
	if err := json.Unmarshal(got, &kept); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"configs": []any{
		map[string]any{"name": "virtualInbound", "active_state": map[string]any{"listener": map[string]any{"filter_chains": []any{
			map[string]any{"name": "http", "filter_chain_match": map[string]any{"destination_port": 8080.0}, "filters": []any{map[string]any{"typed_config": map[string]any{"n": 1.5, "http_filters": []any{map[string]any{"name": "new"}}}}}},
			map[string]any{"name": "any", "filter_chain_match": map[string]any{"transport_protocol": "tls"}},
		}}}},
		map[string]any{"name": "default", "secret": map[string]any{"tls_certificate": map[string]any{"certificate_chain": "a certificate"}}},
	}}
	if diff := cmp.Diff(want, kept); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if _, err := recording.Cut([][]byte{[]byte("FieldMask x could not be applied")}, nil); err == nil {
		t.Error("what is no dump is taken for one")
	}
}

func TestASecretIsKnownByItsLooks(t *testing.T) {
	for name, test := range map[string]struct {
		content string
		secret  bool
	}{
		"a key in PEM":         {"x\n-----BEGIN EC PRIVATE KEY-----\n", true},
		"a key in JSON":        {`"-----BEGIN PRIVATE KEY-----\nMIIE"`, true},
		"a key in base64":      {`"LS0tLS1CRUdJTiBSU0EgUFJJVkFURSBLRVktLS0tLQo="`, true},
		"a token":              {`eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJrdWJlIn0.c2lnbmF0dXJl`, true},
		"a header":             {"GET / HTTP/1.1\r\nAuthorization: Bearer x", true},
		"a redacted key":       {`"private_key": {}`, true},
		"ticket keys":          {`"session_ticket_keys": {"keys": []}`, true},
		"a certificate":        {"-----BEGIN CERTIFICATE-----\nMIIE", false},
		"a policy's name":      {`"name": "authorization-policy"`, false},
		"an access log line":   {`{"authority":"product-service:8080","path":"/token"}`, false},
		"a digest of XFCC":     {"Hash=079b43dc9ac2e20de4733c52e88dc5f4d6711f2a843846cee9d660f12c5dcaca", false},
		"a certificate base64": {`"LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCk1JSUQ="`, false},
	} {
		if got := recording.Secrets(name, []byte(test.content)); (len(got) > 0) != test.secret {
			t.Errorf("%s: got %q", name, got)
		}
	}
}
