package verdict_test

import (
	"strings"
	"testing"

	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/verdict"
)

func TestABinaryStatesTheInstalledVersion(t *testing.T) {
	const own, pseudo = "1.30.0-9739e10eb9d7", "v0.0.0-20260826214018-9739e10eb9d7"
	for name, test := range map[string]struct {
		stated            verdict.Stated
		installed, reason string
		result            hop.Result
	}{
		"the same":             {verdict.Stated{Version: own}, own, "it states " + own, hop.Pass},
		"another":              {verdict.Stated{Version: "1.30.3"}, own, "it states 1.30.3, and " + own + " is installed", hop.Fail},
		"nothing":              {verdict.Stated{}, own, "no minor", hop.Fail},
		"the same, no minor":   {verdict.Stated{Version: pseudo}, pseudo, "no minor", hop.Fail},
		"what was not to tell": {verdict.Stated{Missing: "it did not answer"}, own, "it did not answer", hop.Inconclusive},
	} {
		stated := test.stated
		stated.Judge(test.installed)
		if stated.Result != test.result || !strings.Contains(stated.Reason, test.reason) {
			t.Errorf("%s: got %s, %s", name, stated.Result, stated.Reason)
		}
	}
}
