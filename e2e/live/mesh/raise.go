package mesh

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"sync"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"mtls.test/conformance/e2e/pure/fixture"
)

// numbers are those that the markers were given last.
type numbers struct {
	mu     sync.Mutex
	specs  map[Kind]*unstructured.Unstructured // the objects, as they are applied with another number
	latest map[Kind]int
}

func (n *numbers) now() map[Kind]int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return maps.Clone(n.latest)
}

func (n *numbers) of(kind Kind) (number int, known bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	number, known = n.latest[kind]
	return number, known
}

func (n *numbers) set(kind Kind, number int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.latest[kind] = number
}

// raise gives the markers of the kinds the next number, all at once, and returns the numbers. That of the mesh's settings is
// raised by whoever changes these.
func (m *Mesh) raise(ctx context.Context, kinds []Kind) (map[Kind]int, error) {
	raising, ctx := errgroup.WithContext(ctx)
	for _, kind := range kinds {
		if markers[kind].object == "" {
			continue
		}
		raising.Go(func() error {
			if err := m.raiseOne(ctx, kind); err != nil {
				return fmt.Errorf("raise the marker of %s: %w", kind, err)
			}
			return nil
		})
	}
	if err := raising.Wait(); err != nil {
		return nil, err
	}
	all := map[Kind]int{}
	for _, kind := range kinds {
		if _, marked := markers[kind]; !marked {
			continue
		}
		number, known := m.numbers.of(kind)
		if !known {
			return nil, fmt.Errorf("%s was changed without its marker", kind)
		}
		all[kind] = number
	}
	return all, nil
}

func (m *Mesh) raiseOne(ctx context.Context, kind Kind) error {
	object, err := m.markerObject(ctx, kind)
	if err != nil {
		return err
	}
	number, known := m.numbers.of(kind)
	if !known {
		if number, err = numberIn(object); err != nil {
			return err
		}
	}
	raised, err := withNumber(object, after(number))
	if err != nil {
		return err
	}
	if err := m.kube.Apply(ctx, raised); err != nil {
		return err
	}
	m.numbers.set(kind, after(number))
	return nil
}

// markerObject is a kind's marker as the cluster has it, without what the API server adds: it is asked for once.
func (m *Mesh) markerObject(ctx context.Context, kind Kind) (*unstructured.Unstructured, error) {
	m.numbers.mu.Lock()
	defer m.numbers.mu.Unlock()
	if object, known := m.numbers.specs[kind]; known {
		return object, nil
	}
	found, object := &unstructured.Unstructured{}, &unstructured.Unstructured{}
	for _, o := range []*unstructured.Unstructured{found, object} {
		o.SetAPIVersion(markers[kind].apiVersion)
		o.SetKind(string(kind))
		o.SetNamespace(m.place.In(fixture.MarkerNamespace))
		o.SetName(markers[kind].object)
	}
	if err := m.kube.Get(ctx, found.GetNamespace(), found.GetName(), found); err != nil {
		return nil, err
	}
	object.SetLabels(found.GetLabels())
	object.SetAnnotations(found.GetAnnotations())
	object.Object["spec"] = found.Object["spec"]
	m.numbers.specs[kind] = object
	return object, nil
}

// numberIn reads the number of a marker in its spec.
func numberIn(object *unstructured.Unstructured) (int, error) {
	spec, err := json.Marshal(object.Object["spec"])
	if err != nil {
		return 0, err
	}
	found := anyNumber.Find(spec)
	if found == nil {
		return 0, fmt.Errorf("its spec has no number from %d to %d (e2e-up applies it anew)", firstNumber, lastNumber)
	}
	return strconv.Atoi(string(found))
}

// withNumber is a marker with another number throughout its spec.
func withNumber(object *unstructured.Unstructured, number int) (*unstructured.Unstructured, error) {
	spec, err := json.Marshal(object.Object["spec"])
	if err != nil {
		return nil, err
	}
	var raised map[string]any
	if err := json.Unmarshal(anyNumber.ReplaceAll(spec, strconv.AppendInt(nil, int64(number), 10)), &raised); err != nil {
		return nil, err
	}
	other := object.DeepCopy()
	other.Object["spec"] = raised
	return other, nil
}

// settingsMarker is the name of the log provider that marks the mesh's settings, and begins the format of its log.
const settingsMarker = "mtls-conformance-marker"

var settingsNumber = regexp.MustCompile(settingsMarker + `-([3-5]\d{4})`)

// MarkSettings returns keys of the mesh's settings with the next number of their marker beside them. They are to be the
// settings before MeshSettings can settle.
func (m *Mesh) MarkSettings(ctx context.Context, keys map[string]any) (map[string]any, error) {
	number, known := m.numbers.of(MeshSettings)
	if !known {
		var err error
		if number, err = m.settingsNumber(ctx); err != nil {
			return nil, err
		}
	}
	number = after(number)
	m.numbers.set(MeshSettings, number)
	marked := maps.Clone(keys)
	if marked == nil {
		marked = map[string]any{}
	}
	own, _ := keys["extensionProviders"].([]any)
	format := map[string]any{"text": fmt.Sprintf("%s-%d\n", settingsMarker, number)}
	marked["extensionProviders"] = append(slices.Clone(own), map[string]any{
		"name": settingsMarker, "envoyFileAccessLog": map[string]any{"path": "/dev/null", "logFormat": format},
	})
	return marked, nil
}

// settingsNumber reads the number that the settings have now; 0 where they have none.
func (m *Mesh) settingsNumber(ctx context.Context) (int, error) {
	var settings corev1.ConfigMap
	if err := m.kube.Get(ctx, fixture.RootNamespace, fixture.SettingsName, &settings); err != nil {
		return 0, fmt.Errorf("mesh settings: %w", err)
	}
	for _, content := range settings.Data {
		if found := settingsNumber.FindStringSubmatch(content); found != nil {
			return strconv.Atoi(found[1])
		}
	}
	return 0, nil
}
