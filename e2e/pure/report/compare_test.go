package report_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"mtls.test/conformance/e2e/pure/report"
)

// told is a report.json of two cases; the values that name a run differ from one to the next.
func told(run int, change ...string) string {
	text := fmt.Sprintf(`{"schemaVersion": "4", "runID": "run-%[1]d", "cases": [
	{"id": "b", "result": "PASS", "reason": "2 checks agree", "findings": ["no stream"], "seconds": %[1]d.5, "checks": [
		{"from": "gateway", "to": "s:80", "step": 1, "id": "run-%[1]d-1", "result": "PASS", "settled": {"rule": "each proxy has it", "at": "2026-01-0%[1]dT00:00:00Z"},
		 "config": {"server": {"chains": [{"name": "x"}, {"name": "y", "sans": ["z"]}]}},
		 "observers": {"required": ["client", "wire"], "client": {"says": "mtls", "at": "2026-01-0%[1]dT00:00:00Z"}, "wire": {"says": "encrypted", "packets": {"closed": true}, "tls": {"sni": "q"}}}},
		{"from": "plain-client", "to": "s:80", "step": 1, "probe": {"certificate": "mesh", "alpn": ["istio"]}, "id": "run-%[1]d-2", "result": "PASS", "observers": {"required": ["probe"], "probe": {"says": "mtls"}}},
		{"from": "plain-client", "to": "s:80", "step": 1, "probe": {"certificate": "none"}, "id": "run-%[1]d-3", "result": "PASS", "observers": {"required": ["probe"], "wire": {"missing": "it was late"}}}
	]},
	{"id": "a", "result": "PASS", "reason": "refused", "checks": [], "rejections": [{"step": 0, "objects": ["PeerAuthentication default/p"], "result": "PASS", "reason": "refused"}],
	 "foreseen": [{"case": "b", "from": "gateway", "to": "s:80", "step": 1, "result": "PASS"}]}
	]}`, run)
	replacer := strings.NewReplacer(change...)
	return replacer.Replace(text)
}

func compared(t *testing.T, before, after string) report.Comparison {
	t.Helper()
	old, err := report.ReadComparable([]byte(before))
	if err != nil {
		t.Fatal(err)
	}
	young, err := report.ReadComparable([]byte(after))
	if err != nil {
		t.Fatal(err)
	}
	return report.CompareRuns(old, young)
}

func TestWhatBecameLessIsNamed(t *testing.T) {
	const first = " gateway -> s:80: "
	for name, test := range map[string]struct {
		change []string
		want   []string
	}{
		"nothing":                   {},
		"a newer minor":             {change: []string{`"schemaVersion": "4"`, `"schemaVersion": "4.3"`}},
		"another rule of settling":  {change: []string{"each proxy has it", "a marker is there"}},
		"no rule of settling":       {[]string{"each proxy has it", ""}, []string{"b 1" + first + "no rule says any more that the mesh had settled"}},
		"a silent observer":         {[]string{`"says": "encrypted"`, `"says": ""`}, []string{"b 1" + first + "observer wire says nothing any more"}},
		"an observer less required": {[]string{`["client", "wire"]`, `["wire"]`}, []string{"b 1" + first + "observer client is not required any more"}},
		"a field without its value": {[]string{`"sni": "q"`, `"sni": null`}, []string{"b 1" + first + "observers.wire.tls.sni has no value any more"}},
		"a list of others":          {change: []string{`["z"]`, `["v", "w"]`}},
		"a list without values":     {[]string{`["z"]`, `[]`}, []string{"b 1" + first + "config.server.chains[].sans[] has no value any more"}},
		"chance":                    {change: []string{`"closed": true`, `"closed": false`}},
		"what was missing is there": {change: []string{`{"missing": "it was late"}`, `{"says": "encrypted"}`}},
		"a finding that is gone":    {change: []string{`"findings": ["no stream"]`, `"findings": []`}},
		"a probe's keys in order":   {change: []string{`{"certificate": "mesh", "alpn": ["istio"]}`, `{"alpn":["istio"],  "certificate":"mesh"}`}},
		"another probe": {[]string{`"certificate": "none"`, `"certificate": "expired"`},
			[]string{`b 1 plain-client -> s:80, probe {"certificate":"none"}: the check is gone`}},
		"a verdict": {[]string{`"id": "run-2-1", "result": "PASS"`, `"id": "run-2-1", "result": "FAIL"`},
			[]string{"b 1" + first + "the verdict was PASS and is FAIL"}},
		"a case's verdict": {[]string{`"id": "b", "result": "PASS"`, `"id": "b", "result": "INCONCLUSIVE"`},
			[]string{"b - -: the verdict was PASS and is INCONCLUSIVE"}},
		"a case": {[]string{`"id": "b"`, `"id": "c"`}, []string{"b - -: the case is gone"}},
		"a refused policy's verdict": {[]string{`["PeerAuthentication default/p"], "result": "PASS"`, `["PeerAuthentication default/p"], "result": "FAIL"`},
			[]string{"a 0 refused: PeerAuthentication default/p: the verdict was PASS and is FAIL"}},
		"a refused policy": {[]string{"default/p", "default/q"}, []string{"a 0 refused: PeerAuthentication default/p: it is gone"}},
		"what is foreseen": {[]string{`"to": "s:80", "step": 1, "result": "PASS"`, `"to": "s:80", "step": 1, "result": "FAIL"`},
			[]string{"a 1 gateway -> s:80, case b: the verdict was PASS and is FAIL"}},
		"a field of a case": {[]string{`"seconds": 2.5, `, ``}, []string{"b - -: seconds has no value any more"}},
		"several, in order": {[]string{`"objects": ["PeerAuthentication default/p"], "result": "PASS"`, `"objects": ["PeerAuthentication default/p"], "result": "FAIL"`, `"sni": "q"`, `"sni": ""`},
			[]string{"a 0 refused: PeerAuthentication default/p: the verdict was PASS and is FAIL", "b 1" + first + "observers.wire.tls.sni has no value any more"}},
	} {
		t.Run(name, func(t *testing.T) {
			after := told(2, test.change...)
			if len(test.change) > 0 && after == told(2) {
				t.Fatal("nothing was changed")
			}
			got := compared(t, told(1), after)
			var losses []string
			for _, loss := range got.Losses {
				losses = append(losses, fmt.Sprintf("%s %s %s: %s", loss.Case, loss.Step, loss.Hop, loss.What))
			}
			if !slices.Equal(losses, test.want) || got.Green() != (len(test.want) == 0) {
				t.Errorf("got %q, want %q", losses, test.want)
			}
		})
	}
}

func TestMoreIsNoLoss(t *testing.T) {
	got := compared(t, told(1), told(2, `"sni": "q"`, `"sni": "q", "group": "X25519"`, `["probe"], "probe"`, `["probe", "wire"], "probe"`,
		`"checks": []`, `"checks": [{"from": "client", "to": "s:80", "step": 0, "result": "PASS"}]`))
	if want := (report.Comparison{Before: 3, After: 4, Equal: 3, More: 2, Added: 1}); !got.Green() || fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	var table bytes.Buffer
	if err := got.Write(&table); err != nil || table.String() != "3 checks before, 4 after: 3 the same or more (2 more), 1 new; 0 losses\n" {
		t.Errorf("%v: %s", err, &table)
	}
}

func TestTheTableBeginsWithACount(t *testing.T) {
	var table bytes.Buffer
	if err := compared(t, told(1), told(2, `"sni": "q"`, `"sni": ""`)).Write(&table); err != nil {
		t.Fatal(err)
	}
	want := "3 checks before, 3 after: 2 the same or more (0 more), 0 new; 1 losses\n\n" +
		"CASE  STEP  HOP              WHAT\nb     1     gateway -> s:80  observers.wire.tls.sni has no value any more\n"
	if table.String() != want {
		t.Errorf("got\n%s\nwant\n%s", table.String(), want)
	}
}

func TestTwoChecksOfOnePlaceAreTwo(t *testing.T) {
	twice := func(second string) string {
		return `{"schemaVersion": "4.1", "cases": [{"id": "a", "result": "PASS", "checks": [
			{"from": "x", "to": "s:80", "step": 1, "result": "PASS"}, {"from": "x", "to": "s:80", "step": 1, "result": "` + second + `"}]}]}`
	}
	if got := compared(t, twice("PASS"), twice("FAIL")); len(got.Losses) != 1 || got.Equal != 1 {
		t.Errorf("%+v", got)
	}
}

func TestWhatIsNoReportIsRefused(t *testing.T) {
	for content, want := range map[string]string{
		"":                       "not a report.json",
		"[]":                     "not a report.json",
		"{}":                     "it has no schemaVersion",
		`{"schemaVersion": "3"}`: "its schemaVersion is 3, and only 4.x, 5.x can be compared",
		`{"schemaVersion": "4", "cases": [{"id": "a", "checks": [{"step": "one"}]}]}`: "case a",
		`{"schemaVersion": "4", "cases": [7]}`:                                        "a case cannot be read",
	} {
		if _, err := report.ReadComparable([]byte(content)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", content, err, want)
		}
	}
}
