package main

import (
	"os"
	"path/filepath"
	"testing"
)

func TestOnlyFoldersOfOursAreEmptied(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "a", "b")
	r := &program{settings: settings{artifacts: folder}}
	if err := r.clearArtifacts(); err != nil {
		t.Fatalf("a new folder: %v", err)
	}
	stale := filepath.Join(folder, "report.json")
	if err := os.WriteFile(stale, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := r.clearArtifacts(); err != nil {
		t.Fatalf("a folder of an earlier run: %v", err)
	}
	if _, err := os.Stat(stale); err == nil {
		t.Error("the earlier run's report is still there")
	}
	foreign := filepath.Join(t.TempDir(), "precious")
	if err := os.WriteFile(foreign, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	r.settings.artifacts = filepath.Dir(foreign)
	if err := r.clearArtifacts(); err == nil {
		t.Error("a folder of somebody else's was taken")
	}
	if _, err := os.Stat(foreign); err != nil {
		t.Error(err)
	}
}
