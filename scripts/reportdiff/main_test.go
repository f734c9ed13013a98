package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestTheExitStatus(t *testing.T) {
	folder := t.TempDir()
	write := func(name, content string) string {
		file := filepath.Join(folder, name)
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	green := write("green.json", `{"schemaVersion": "4.1", "cases": [{"id": "a", "result": "PASS"}]}`)
	red := write("red.json", `{"schemaVersion": "4.1", "cases": [{"id": "a", "result": "FAIL"}]}`)
	none := write("none.json", `no report`)
	for name, test := range map[string]struct {
		files         []string
		want          int
		out, problems string
	}{
		"the same":      {[]string{green, green}, 0, "0 losses", ""},
		"a verdict":     {[]string{green, red}, 1, "the verdict was PASS and is FAIL", ""},
		"no report":     {[]string{green, none}, 2, "", "none.json: not a report.json"},
		"no such file":  {[]string{filepath.Join(folder, "absent.json"), red}, 2, "", "absent.json"},
		"one file":      {[]string{green}, 2, "", "give two files"},
		"without files": {nil, 2, "", "give two files"},
	} {
		var out, problems bytes.Buffer
		if got := run(test.files, &out, &problems); got != test.want || !strings.Contains(out.String(), test.out) || !strings.Contains(problems.String(), test.problems) {
			t.Errorf("%s: status %d, want %d: %s%s", name, got, test.want, &out, &problems)
		}
	}
}
