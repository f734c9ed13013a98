package main

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"mtls.test/conformance/e2e/pure/shard"
)

func TestAShardRunsItsSpecsAndNoOthers(t *testing.T) {
	focus := regexp.MustCompile(focusOn([]shard.Spec{{Text: "suite A hop a: with (a) mark?"}, {Text: "suite A hop b: title"}}))
	for text, want := range map[string]bool{
		"suite A hop a: with (a) mark?": true, "suite A hop b: title": true,
		"suite A hop a: with a mark": false, "suite A hop b: title and more": false, "suite A hop ab: title": false, "A hop b: title": false,
	} {
		if focus.MatchString(text) != want {
			t.Errorf("%s: want %v", text, want)
		}
	}
}

func TestTheSettingsOfAShardAreRead(t *testing.T) {
	root := t.TempDir()
	writeFiles(t, root, map[string]string{
		"history.jsonl": `{"run":"r","cell":"c","case":"a","attempt":1,"began":"2026-11-01T00:00:00Z","verdict":"PASS","seconds":7,"on":{}}`,
		"broken.jsonl":  "{}",
	})
	s, err := readSettings(from(map[string]string{"SHARD": "2/3", "HISTORY": "history.jsonl"}), root)
	if err != nil || s.shard != (shard.Number{Index: 2, Of: 3}) || s.seconds["a"] != 7 {
		t.Errorf("%+v, %v", s.shard, err)
	}
	for _, given := range []map[string]string{{"SHARD": "2"}, {"SHARD": "2/3", "HISTORY": "none.jsonl"}, {"SHARD": "2/3", "HISTORY": "broken.jsonl"}, {"SHARD": "2/3", "REPEAT": "2"}} {
		if _, err := readSettings(from(given), root); err == nil {
			t.Errorf("%v was taken", given)
		}
	}
}

// A history says how long cases take; without, all take the same.
func TestAHistoryThatIsNotGivenIsNotRead(t *testing.T) {
	root := t.TempDir()
	if s, err := readSettings(from(map[string]string{"SHARD": "1/2"}), root); err != nil || len(s.seconds) > 0 {
		t.Errorf("%v, %v", s.seconds, err)
	}
}

// writeFiles writes files into a folder.
func writeFiles(t *testing.T, folder string, files map[string]string) {
	t.Helper()
	for name, content := range files {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAnUpgradeHasNoShards(t *testing.T) {
	chosen, err := readSettings(from(map[string]string{"SHARD": "1/2"}), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	r := program{command: upgradeCommand, settings: chosen}
	if err := r.upgrade(t.Context()); exitCode(err) != 2 {
		t.Error(err)
	}
}
