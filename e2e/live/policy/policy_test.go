package policy

import (
	"testing"
	"testing/fstest"

	"mtls.test/conformance/e2e/live/kube"
)

// An object without the run's label would be left in the mesh by a run that was killed.
func TestEveryObjectBearsTheRun(t *testing.T) {
	files := fstest.MapFS{"a.yaml": {Data: []byte(`
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: bare, namespace: default}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: labelled, namespace: default, labels: {own: label}}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: known, namespace: default}
`)}}
	objects, err := New(nil, files, "run-1").Decode(t.Context(), "a.yaml")
	if err != nil || len(objects) != 3 {
		t.Fatalf("%d objects, %v", len(objects), err)
	}
	for _, object := range objects {
		if object.GetLabels()[RunLabel] != "run-1" {
			t.Errorf("%s bears %v", kube.Name(object), object.GetLabels())
		}
	}
	if objects[1].GetLabels()["own"] != "label" {
		t.Error("a label of its own is lost")
	}
}
