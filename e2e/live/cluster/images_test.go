package cluster

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const manifest = `{"lane":"source","profile":"vanilla","kubernetes":"v1.36.3","nodeImage":"node:1","nodeImageID":"sha256:a","cni":"ptp",
"istio":{"version":"v0.0.0-1","hub":"h","tag":"t"},"istioctl":"/istioctl"}`

func TestReadImages(t *testing.T) {
	for _, test := range []struct{ name, content, want string }{
		{"a whole manifest is read", manifest, ""},
		{"one without a node image is refused", strings.Replace(manifest, "node:1", "", 1), "nodeImage is empty"},
		{"one with an unknown network is refused", strings.Replace(manifest, "ptp", "calico", 1), `cni "calico"`},
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
