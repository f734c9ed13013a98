package mesh

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/yaml"

	"mtls.test/conformance/fixtures"
)

// objects reads the objects of a folder of the fixtures. A file that is no manifest has none.
func objects(t *testing.T, folder string) []*unstructured.Unstructured {
	t.Helper()
	var all []*unstructured.Unstructured
	err := fs.WalkDir(fixtures.FS, folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".yaml") {
			return err
		}
		content, err := fs.ReadFile(fixtures.FS, path)
		if err != nil {
			return err
		}
		for decoder := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(content), len(content)); ; {
			object := &unstructured.Unstructured{}
			err := decoder.Decode(&object.Object)
			if errors.Is(err, io.EOF) {
				return nil
			}
			if err != nil {
				return err
			}
			if object.GetKind() != "" {
				all = append(all, object)
			}
		}
	})
	if err != nil || len(all) == 0 {
		t.Fatalf("%s: %d objects, %v", folder, len(all), err)
	}
	return all
}

func TestEveryKindThatACaseAppliesHasAMarker(t *testing.T) {
	kinds := []Kind{"ServiceAccount", MeshSettings} // which steps make without a file
	for _, folder := range []string{"cases", "guide"} {
		for _, object := range objects(t, folder) {
			kinds = append(kinds, Kind(object.GetKind()))
		}
	}
	if err := withoutMarker(kinds); err != nil {
		t.Error(err)
	}
}

func TestOfEveryKindThatAMutantAppliesItIsKnownWhetherItHasAMarker(t *testing.T) {
	for _, object := range objects(t, "mutants") {
		kind := Kind(object.GetKind())
		_, marked := markers[kind]
		_, known := unmarked[kind]
		if !marked && !known && !slices.Contains(unread, kind) {
			t.Errorf("%s has no marker, and nothing says why", kind)
		}
	}
}

// A proxy whose Sidecar hides the marker is not sent the push that has it (istio/istio pilot/pkg/xds/proxy_dependencies.go), and
// no change settles.
func TestEverySidecarOfACaseListsTheMarker(t *testing.T) {
	for _, object := range objects(t, "cases") {
		if object.GetKind() != "Sidecar" {
			continue
		}
		egress, listed, err := unstructured.NestedSlice(object.Object, "spec", "egress")
		if err != nil {
			t.Fatal(err)
		}
		lists := func(listener any) bool {
			hosts, _, _ := unstructured.NestedStringSlice(listener.(map[string]any), "hosts")
			return slices.Contains(hosts, "marker/*") || slices.Contains(hosts, "*/*")
		}
		if listed && !slices.ContainsFunc(egress, lists) {
			t.Errorf("Sidecar %s/%s: add marker/* to the hosts of its egress", object.GetNamespace(), object.GetName())
		}
	}
}

func TestAKindWithoutAMarkerIsNamed(t *testing.T) {
	for kind, want := range map[Kind]string{"Secret": "Secret has no marker: istiod sends", "WasmPlugin": "WasmPlugin has no marker: add one"} {
		_, err := (&Mesh{}).Settle(t.Context(), []Kind{"PeerAuthentication", kind, "ServiceAccount"}, nil, 0)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "ServiceAccount") || strings.Contains(err.Error(), "PeerAuthentication") {
			t.Errorf("%s: got %v", kind, err)
		}
	}
	if err := withoutMarker([]Kind{"PeerAuthentication", "ServiceAccount"}); err != nil {
		t.Error(err)
	}
}

func TestEachMarkerIsAnObjectOfTheBaseWithANumber(t *testing.T) {
	base := objects(t, "base/marker")
	for _, kind := range (&Mesh{}).Kinds() {
		m := markers[kind]
		i := slices.IndexFunc(base, func(o *unstructured.Unstructured) bool {
			return o.GetAPIVersion() == m.apiVersion && o.GetKind() == string(kind) && o.GetNamespace() == "marker" && o.GetName() == m.object
		})
		if i < 0 {
			t.Errorf("fixtures/base/marker has no %s %s %s", m.apiVersion, kind, m.object)
			continue
		}
		if number, err := numberIn(base[i]); err != nil || number != firstNumber {
			t.Errorf("%s: got %d, %v", kind, number, err)
		}
		raised, err := withNumber(base[i], 30017)
		if err != nil {
			t.Errorf("%s: %v", kind, err)
			continue
		}
		if number, err := numberIn(raised); err != nil || number != 30017 {
			t.Errorf("%s, raised: got %d, %v", kind, number, err)
		}
		if number, _ := numberIn(base[i]); number != firstNumber {
			t.Errorf("%s: raising it changed the object to raise next", kind)
		}
	}
}

func TestEveryNumberFollowsAnotherAndNoneIsTheBeginningOfOne(t *testing.T) {
	for number, want := range map[int]int{0: firstNumber, firstNumber: firstNumber + 1, lastNumber - 1: lastNumber, lastNumber: firstNumber} {
		if got := after(number); got != want {
			t.Errorf("after %d: got %d, want %d", number, got, want)
		}
	}
	if _, err := numberIn(&unstructured.Unstructured{Object: map[string]any{"spec": map[string]any{"port": 8080}}}); err == nil {
		t.Error("a spec without a number is read")
	}
}

func TestTheSettingsAreMarkedBesideWhatTheyAre(t *testing.T) {
	m := &Mesh{}
	m.numbers.latest = map[Kind]int{MeshSettings: 30004}
	keys := map[string]any{"enableAutoMtls": false, "extensionProviders": []any{map[string]any{"name": "own"}}}
	marked, err := m.MarkSettings(t.Context(), keys)
	if err != nil {
		t.Fatal(err)
	}
	providers, _ := marked["extensionProviders"].([]any)
	if marked["enableAutoMtls"] != false || len(providers) != 2 || len(keys["extensionProviders"].([]any)) != 1 {
		t.Errorf("got %v of %v", marked, keys)
	}
	if number, _ := m.numbers.of(MeshSettings); number != 30005 {
		t.Errorf("the number is %d", number)
	}
	if marked, err = m.MarkSettings(t.Context(), nil); err != nil || len(marked) != 1 {
		t.Errorf("got %v, %v", marked, err)
	}
}
