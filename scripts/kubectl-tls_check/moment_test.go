package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mtls.test/conformance/e2e/live/survey"
	"mtls.test/conformance/e2e/pure/tlscheck"
	"mtls.test/conformance/e2e/pure/tlsdiff"
)

// inspectReport runs the command over all services of a recorded report of fixtures/reports.
func inspectReport(report string, arguments ...string) (out, complaint string, code int) {
	return inspectSome(report, append(arguments, "--all")...)
}

// inspectSome is inspectReport over the services that the arguments name.
func inspectSome(report string, arguments ...string) (out, complaint string, code int) {
	folder := filepath.Join("..", "..", "fixtures", "reports", report)
	var printed, complained bytes.Buffer
	command := newCommand()
	command.SetOut(&printed)
	command.SetErr(&complained)
	command.SetArgs(append(arguments, "-f", filepath.Join(folder, "cluster.yaml"), "--dumps", filepath.Join(folder, "proxies")))
	err := command.Execute()
	return printed.String(), complained.String() + messageOf(err), codeOf(err)
}

func TestHopsAreKeptOnlyWhereTheyAreSavedOrCompared(t *testing.T) {
	host := tlscheck.Host{Host: "a", Rows: []tlscheck.Row{{Hops: []tlscheck.Hop{{Client: "b/c"}}}}}
	for name, row := range map[string]struct {
		moment moment
		kept   int
	}{"neither": {moment{}, 0}, "saved": {moment{file: "saved.json"}, 1}, "compared": {moment{before: &tlsdiff.Snapshot{}}, 1}} {
		row.moment.add(host, &survey.Survey{})
		if len(row.moment.hops) != row.kept {
			t.Errorf("%s: %d hops are kept, want %d", name, len(row.moment.hops), row.kept)
		}
	}
}

func TestNothingHasChangedSinceAMomentAgo(t *testing.T) {
	saved := filepath.Join(t.TempDir(), "saved.json")
	if out, complaint, code := inspectReport("U11strict", "--save", saved); code != tlscheck.ExitNotOK || !strings.Contains(out, "CONFLICT") {
		t.Fatalf("exit code %d: the table is printed as without --save\n%s%s", code, out, complaint)
	}
	if out, complaint, code := inspectReport("U11strict", "--before", saved); code != tlscheck.ExitOK || out != "No change: every hop is as it was.\n" {
		t.Errorf("exit code %d\n%s%s", code, out, complaint)
	}
}

func TestAServerThatTakesPlaintextNowIsToldAsWeaker(t *testing.T) {
	saved := filepath.Join(t.TempDir(), "saved.json")
	inspectReport("U11strict", "--save", saved)
	out, complaint, code := inspectReport("U11permissive", "--before", saved, "-o", "json")
	var list struct {
		Kind  string           `json:"kind"`
		Items []tlsdiff.Change `json:"items"`
	}
	if err := json.Unmarshal([]byte(out), &list); err != nil {
		t.Fatalf("%v\n%s%s", err, out, complaint)
	}
	weaker := 0
	for _, change := range list.Items {
		if change.Class == tlsdiff.Weaker && change.Field == tlsdiff.ServerPlaintext {
			weaker++
		}
	}
	if code != tlscheck.ExitNotOK || list.Kind != changesKind || weaker != 2 {
		t.Errorf("exit code %d, kind %s, %d ports take plaintext now: want 2\n%s", code, list.Kind, weaker, out)
	}
	inspectReport("U11permissive", "--save", saved)
	if out, complaint, code := inspectReport("U11strict", "--before", saved); code != tlscheck.ExitNotOK || !strings.Contains(out, "stronger") {
		t.Errorf("exit code %d: filter chains in another order are unexplained\n%s%s", code, out, complaint)
	}
}

func TestAFileThatIsNoMomentIsRefused(t *testing.T) {
	file := filepath.Join(t.TempDir(), "other.json")
	if err := os.WriteFile(file, []byte(`{"kind": "List"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		arguments []string
		says      string
	}{
		{[]string{"--before", file}, "--before " + file},
		{[]string{"--before", "/nowhere"}, "/nowhere"},
		{[]string{"--save", file, "--policies-only"}, "--policies-only asks no proxy"},
		{[]string{"--accept", "a-row"}, "--accept is of changes, which --before tells"},
	} {
		if _, complaint, code := inspectReport("U11strict", c.arguments...); code != tlscheck.ExitUsage || !strings.Contains(complaint, c.says) {
			t.Errorf("%v: exit code %d: %s", c.arguments, code, complaint)
		}
	}
}
