package sabotage

import (
	"strings"
	"testing"
	"testing/fstest"
)

func TestAFileOfPartsIsReadWithItsNulls(t *testing.T) {
	files := fstest.MapFS{
		"m/two.yaml":      {Data: []byte("kind: Deployment\napiVersion: apps/v1\nmetadata: {name: a}\nspec: {replicas: 0}\n---\nkind: Webhooks\napiVersion: x/v1\nmetadata: {name: b}\nwebhooks: null\n")},
		"m/nameless.yaml": {Data: []byte("kind: Deployment\napiVersion: apps/v1\nspec: {}\n")},
		"m/broken.yaml":   {Data: []byte("kind: [")},
	}
	all, err := parts(files, "m/two.yaml")
	if err != nil || len(all) != 2 {
		t.Fatalf("%d parts, %v", len(all), err)
	}
	if value, there := all[1].Object["webhooks"]; !there || value != nil {
		t.Error("a null is lost: it is what removes")
	}
	if _, err := parts(files, "m/nameless.yaml"); err == nil || !strings.Contains(err.Error(), "m/nameless.yaml: a part needs") {
		t.Errorf("got %v", err)
	}
	for _, name := range []string{"m/broken.yaml", "m/none.yaml"} {
		if _, err := parts(files, name); err == nil {
			t.Errorf("%s is read", name)
		}
	}
}
