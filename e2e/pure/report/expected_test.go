package report_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/report"
	"mtls.test/conformance/e2e/pure/verdict"
)

func TestEveryFormTellsThatTheOracleExpects(t *testing.T) {
	its := run(map[string]hop.Result{"ours": hop.Pass, "theirs": hop.Pass})
	theirs := its.Verdicts["theirs"]
	theirs.ByIntent = "PeerAuthentication istio-system/theirs"
	theirs.Checks[0].ExpectedBy = verdict.ByOracle
	its.Verdicts["theirs"] = theirs
	folded := report.Fold(its)
	var table, summary bytes.Buffer
	for _, err := range []error{folded.WriteTable(&table, report.None), folded.WriteSummary(&summary)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	content, err := json.Marshal(folded)
	if err != nil {
		t.Fatal(err)
	}
	for form, row := range map[string]struct {
		text bytes.Buffer
		says string
	}{
		"table":       {table, "1 checks, 1 expected by the oracle"},
		"summary.md":  {summary, "1 of 2 checks are expected by the oracle, from the policies in force"},
		"report.json": {*bytes.NewBuffer(content), `"byIntent":"PeerAuthentication istio-system/theirs"`},
	} {
		if got := strings.Count(row.text.String(), row.says); got == 0 {
			t.Errorf("%s does not say %q:\n%s", form, row.says, row.text.String())
		}
	}
	if ours := report.Fold(run(map[string]hop.Result{"ours": hop.Pass})); ours.Summary.Expected() != "" {
		t.Errorf("without such a check: %q", ours.Summary.Expected())
	}
}
