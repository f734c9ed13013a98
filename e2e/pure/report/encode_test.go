package report_test

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/report"
	"mtls.test/conformance/e2e/pure/verdict"
)

// long is a report in which facts repeat.
func long() report.Report {
	check := func(result hop.Result) verdict.Check {
		return verdict.Check{Hop: hop.Hop{From: "client", To: hop.ServicePort{Service: "product-service", Port: 8080}}, Result: result, Reason: "the same reason for every check, as it is for hundreds of them", ClientKind: "sidecar"}
	}
	r := report.Report{SchemaVersion: report.SchemaVersion, Result: hop.Fail, Reason: "<b>&amp;  \"quoted\"", Environment: report.Environment{Settings: map[string]string{"FOCUS": "$"}}}
	for _, id := range []string{"a", "b", "c"} {
		r.Cases = append(r.Cases, report.Case{Case: verdict.Case{ID: id, Result: hop.Pass, Checks: []verdict.Check{check(hop.Pass), check(hop.Fail), check(hop.Pass)}}})
	}
	return r
}

func encoded(t *testing.T, r report.Report) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := r.Encode(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestAReportIsReadAsItWasWritten(t *testing.T) {
	want := long()
	content := encoded(t, want)
	got, err := report.Decode(content)
	if err != nil || !reflect.DeepEqual(jsonOf(t, got), jsonOf(t, want)) {
		t.Errorf("%v\n%s\nis read as\n%s", err, content, jsonOf(t, got))
	}
	if again := encoded(t, got); !bytes.Equal(again, content) {
		t.Error("the same report is written otherwise")
	}
	if !json.Valid(content) || strings.Count(string(content), "the same reason") != 1 {
		t.Errorf("%s", content)
	}
	if plain := jsonOf(t, want); len(content) > len(plain)/2 {
		t.Errorf("%d bytes of %d", len(content), len(plain))
	}
}

func TestAReportOfAnEarlierSchemaIsRead(t *testing.T) {
	want := long()
	want.SchemaVersion = "4.7"
	if got, err := report.Decode([]byte(jsonOf(t, want))); err != nil || jsonOf(t, got) != jsonOf(t, want) {
		t.Errorf("%v, %+v", err, got)
	}
}

func TestAReportThatIsNoneIsRefused(t *testing.T) {
	bomb := `{"values": [` + strings.Repeat(" ", 10)
	for i := range 40 {
		bomb += `[` + strings.TrimSuffix(strings.Repeat(`{"$":`+string(jsonNumber(i+1))+`},`, 10), ",") + `],`
	}
	bomb += `"` + strings.Repeat("x", 1000) + `"], "cases": {"$": 0}}`
	for content, why := range map[string]string{
		"":                                      "not a report.json",
		`{"values": [], "cases": {"$": 0}}`:     "it refers to value 0 of 0",
		`{"values": ["x"], "cases": {"$": -1}}`: "it refers to value -1 of 1",
		`{"values": [[{"$": 0}]], "cases": [{"$": 0}]}`: "value 0 is in itself",
		bomb: "it is too long",
	} {
		if _, err := report.Expand([]byte(content)); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%.80s: %v, want %s", content, err, why)
		}
	}
}

func jsonNumber(n int) []byte {
	text, _ := json.Marshal(n)
	return text
}

func jsonOf(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
