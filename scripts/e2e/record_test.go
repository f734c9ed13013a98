package main

import (
	"archive/zip"
	"os"
	"path/filepath"
	"testing"
)

func TestTheMinorOfAReleaseIsInItsName(t *testing.T) {
	for version, want := range map[string]string{"1.30.3": "1.30", "v1.31.0": "1.31", "1.31-alpha.x": "1.31", "2.0.0": "2.0", "1.31": "1.31"} {
		if got, err := minorOf(t.Context(), version); err != nil || got != want {
			t.Errorf("%s: got %q, %v; want %q", version, got, err, want)
		}
	}
}

// A version of a commit names no minor, as pseudo-versions of modules do not (https://go.dev/ref/mod#pseudo-versions).
func TestTheMinorOfACommitIsInItsSource(t *testing.T) {
	const version = "v0.0.0-20260102030405-0123456789ab"
	proxy, module := t.TempDir(), "istio.io/istio@"+version
	folder := filepath.Join(proxy, "istio.io", "istio", "@v")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	for suffix, content := range map[string]string{".info": `{"Version": "` + version + `"}`, ".mod": "module istio.io/istio\n"} {
		if err := os.WriteFile(filepath.Join(folder, version+suffix), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	file, err := os.Create(filepath.Join(folder, version+".zip"))
	if err != nil {
		t.Fatal(err)
	}
	archive := zip.NewWriter(file)
	for name, content := range map[string]string{"go.mod": "module istio.io/istio\n", "VERSION": "1.99\n"} {
		writer, err := archive.Create(module + "/" + name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := writer.Write([]byte(content)); err != nil {
			t.Fatal(err)
		}
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	t.Setenv("GOPROXY", "file://"+proxy)
	t.Setenv("GONOSUMDB", "*")
	t.Setenv("GOMODCACHE", t.TempDir())
	t.Setenv("GOFLAGS", "-modcacherw") // so that the folder can be deleted
	if got, err := minorOf(t.Context(), version); err != nil || got != "1.99" {
		t.Errorf("got %q, %v", got, err)
	}
	if got, err := minorOf(t.Context(), "v0.0.0-20270102030405-0123456789ab"); err == nil {
		t.Errorf("of a source that is nowhere: got %q", got)
	}
}

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
