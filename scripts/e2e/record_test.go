package main

import (
	"os"
	"path/filepath"
	"testing"
)

func TestARecordingTakesThePlaceOfTheOneBefore(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "1.99")
	for _, files := range []map[string][]byte{{"a/old": []byte("x"), "b": []byte("x")}, {"a/new": []byte("y"), "b": []byte("y")}} {
		if err := replace(folder, files); err != nil {
			t.Fatal(err)
		}
	}
	if content, err := os.ReadFile(filepath.Join(folder, "b")); err != nil || string(content) != "y" {
		t.Errorf("got %q, %v", content, err)
	}
	if _, err := os.Stat(filepath.Join(folder, "a", "old")); !os.IsNotExist(err) {
		t.Errorf("what is recorded no more is still there: %v", err)
	}
}
