package tlsdiff

import (
	"strings"
	"testing"
	"testing/fstest"

	"mtls.test/conformance/fixtures"
)

func rowsOf(t *testing.T, content string) (Expected, error) {
	t.Helper()
	return LoadExpected(fstest.MapFS{ExpectedFile: {Data: []byte(content)}})
}

const sound = `- id: one
  since: ["1.31"]
  where: subset
  class: weaker
  changes:
  - {field: "client: socket", before: tls, after: raw_buffer}
  - {field: outcome, before: mtls}
  reason: a reason
  source: https://example.com
`

func TestTheRowsOfTheFixturesAreSound(t *testing.T) {
	all, err := LoadExpected(fixtures.FS)
	if err != nil || len(all) < 4 {
		t.Fatalf("%d rows, %v", len(all), err)
	}
	for _, row := range all {
		if !strings.HasPrefix(row.Source, "https://github.com/istio/istio/pull/") {
			t.Errorf("row %s: source %s is no pull request", row.ID, row.Source)
		}
	}
}

func TestAValueIsAWordOrAListOrAny(t *testing.T) {
	all, err := rowsOf(t, strings.Replace(sound, "before: mtls", "after: []", 1))
	if err != nil {
		t.Fatal(err)
	}
	socket, outcome := all[0].Changes[0], all[0].Changes[1]
	if len(socket.Before) != 1 || socket.Before[0] != "tls" || outcome.Before != nil || outcome.After == nil || len(outcome.After) != 0 {
		t.Errorf("%+v", all[0].Changes)
	}
}

func TestRowsThatDoNotParseAreRefusedByFileAndLine(t *testing.T) {
	for name, c := range map[string]struct{ old, new, says string }{
		"a field of rows that is none":    {"where:", "were:", "upgrade/expected.yaml: yaml: unmarshal errors:\n  line 3: field were not found"},
		"a field of changes that is none": {"before: tls", "was: tls", "line 6: field was not found"},
		"a field of hops that is none":    {"client: socket", "client: sockets", `expected.yaml:1: row "one": field "client: sockets" is none`},
		"since what does not parse":       {`"1.31"`, `"1.31.2"`, `expected.yaml:1: row "one": since "1.31.2": want an Istio minor`},
		"since nothing":                   {`["1.31"]`, "[]", "since names no version"},
		"no place":                        {"subset", "everywhere", `where "everywhere": want subset or gateway`},
		"no class":                        {"class: weaker", "class: better", `class "better": want weaker, stronger or any`},
		"another class than the changes":  {"class: weaker", "class: stronger", `class is stronger, and field "client: socket" becomes weaker`},
		"no reason":                       {"a reason", `""`, "reason is missing"},
		"no source":                       {"https://example.com", `""`, "source is missing"},
		"an id with a comma":              {"id: one", `id: "one,two"`, "an id has no comma"},
		"two ends":                        {"field: outcome", `field: "server: plaintext"`, "of the server, and others are of the client"},
		"no end":                          {"client: socket", "outcome", "changes do not begin with a field of client or server"},
	} {
		if _, err := rowsOf(t, strings.Replace(sound, c.old, c.new, 1)); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want %s", name, err, c.says)
		}
	}
	_, err := rowsOf(t, sound+sound)
	if err == nil || !strings.Contains(err.Error(), `expected.yaml:10: row "one": another row has the same id`) {
		t.Errorf("two rows of one id: %v", err)
	}
}
