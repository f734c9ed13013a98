package cluster

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const manifest = `{"lane":"source","profile":"vanilla","kubernetes":"v1.36.3","nodeImage":"node:1","nodeImageID":"sha256:a","cni":"ptp",
"istio":{"version":"1.30.0-9739e10eb9d7","commit":"9739e10eb9d7","date":"2026-08-26","hub":"h","tag":"t"},"istioctl":"/istioctl"}`

func TestReadImages(t *testing.T) {
	for _, test := range []struct{ name, content, want string }{
		{"a whole manifest is read", manifest, ""},
		{"one without a node image is refused", strings.Replace(manifest, "node:1", "", 1), "nodeImage is empty"},
		{"one with an unknown network is refused", strings.Replace(manifest, "ptp", "calico", 1), `cni "calico"`},
		{"an Istio without a minor is refused", strings.Replace(manifest, "1.30.0-9739e10eb9d7", "v0.0.0-20260826214018-9739e10eb9d7", 1), "istio.version: istio \"v0.0.0-20260826214018-9739e10eb9d7\": no minor"},
		{"a date that is none is refused", strings.Replace(manifest, "2026-08-26", "yesterday", 1), "the date of its commit is \"yesterday\""},
		{"one that is cut off is refused", manifest[:20], "images.json"},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "images.json")
			if err := os.WriteFile(path, []byte(test.content), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := ReadImages(path)
			if (err != nil) != (test.want != "") || (err != nil && !strings.Contains(err.Error(), test.want)) {
				t.Errorf("ReadImages: %v, want %q", err, test.want)
			}
		})
	}
}
