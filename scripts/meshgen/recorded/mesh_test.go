package recorded

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"mtls.test/conformance/e2e/live/survey"
	"mtls.test/conformance/e2e/live/tlscheck/inspect"
	"mtls.test/conformance/e2e/pure/tlscheck"
)

// checked is what tls-check tells of a mesh: the hops of each status, and the differences that it finds.
type checked struct {
	hops    map[tlscheck.Status]int
	found   map[Difference]int
	strange []string // hops of MISMATCH or UNKNOWN where no difference was planted
}

func check(t *testing.T, m *Mesh) checked {
	t.Helper()
	told := checked{hops: map[tlscheck.Status]int{}, found: map[Difference]int{}}
	inspectAll(t, written(t, m), func(host tlscheck.Host) error {
		for _, row := range host.Rows {
			for _, h := range row.Hops {
				told.add(m, host.Host, h)
			}
		}
		return nil
	})
	return told
}

// onDisk is a mesh in its files.
type onDisk struct {
	objects []byte
	dumps   map[string]string // by workload
}

func written(t testing.TB, m *Mesh) onDisk {
	t.Helper()
	folder := t.TempDir()
	files, err := m.Write(folder, "../../../e2e/pure/envoy/testdata")
	if err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(filepath.Join(folder, ObjectsFile))
	if err != nil {
		t.Fatal(err)
	}
	return onDisk{content, files}
}

func inspectAll(t testing.TB, mesh onDisk, emit func(tlscheck.Host) error) {
	t.Helper()
	s, err := survey.Read(mesh.objects)
	if err != nil {
		t.Fatal(err)
	}
	inspector := inspect.Inspector{Survey: s, Recorded: mesh.dumps}
	if err := inspector.Inspect(context.Background(), inspect.Request{Hosts: s.Snapshot.Hosts()}, emit); err != nil {
		t.Fatal(err)
	}
}

// BenchmarkInspectEveryService is tls-check --all on recorded proxies, without its output. What it takes grows with services
// times proxies: CONTRIBUTING.md says how to measure the whole command on a mesh of the size that counts.
func BenchmarkInspectEveryService(b *testing.B) {
	m, err := New(Size{Services: 20, Proxies: 50, Configurations: 5, Differences: len(kinds)}, 1)
	if err != nil {
		b.Fatal(err)
	}
	mesh := written(b, m)
	b.ReportAllocs()
	for b.Loop() {
		hops := 0
		inspectAll(b, mesh, func(host tlscheck.Host) error {
			for _, row := range host.Rows {
				hops += len(row.Hops)
			}
			return nil
		})
		b.ReportMetric(float64(hops), "hops")
	}
}

func (c *checked) add(m *Mesh, host string, h tlscheck.Hop) {
	c.hops[h.Status]++
	if h.Status != tlscheck.Mismatch && h.Status != tlscheck.Unknown {
		return
	}
	if d, planted := m.Of(host, h.Port, h.Client, h.Endpoint); planted && h.Status == tlscheck.Mismatch {
		c.found[d]++
		return
	}
	c.strange = append(c.strange, h.Client+" to "+host+": "+h.Reason)
}

func TestEachPlantedDifferenceIsFoundAndNothingElse(t *testing.T) {
	m, err := New(Size{Services: 20, Proxies: 30, Configurations: 5, Differences: len(kinds)}, 1)
	if err != nil {
		t.Fatal(err)
	}
	told := check(t, m)
	for _, strange := range told.strange[:min(len(told.strange), 10)] {
		t.Error(strange)
	}
	for _, d := range m.Differences {
		if told.found[d] == 0 {
			t.Errorf("not found: %+v", d)
		}
	}
	for _, status := range []tlscheck.Status{tlscheck.OK, tlscheck.Plaintext, tlscheck.Conflict, tlscheck.Mismatch} {
		if told.hops[status] == 0 {
			t.Errorf("no hop is %s: %v", status, told.hops)
		}
	}
}

func TestAMeshWithoutDifferencesAgrees(t *testing.T) {
	m, err := New(Size{Services: 9, Proxies: 15, Configurations: 5}, 1)
	if err != nil {
		t.Fatal(err)
	}
	if told := check(t, m); len(told.strange) > 0 || told.hops[tlscheck.OK] == 0 {
		t.Errorf("%v: %v", told.hops, told.strange)
	}
}

func TestASizeThatCannotBe(t *testing.T) {
	for name, size := range map[string]Size{
		"nothing": {}, "fewer proxies than services": {Services: 2, Proxies: 1, Configurations: 1},
		"more configurations than services": {Services: 1, Proxies: 1, Configurations: 2}, "more differences than services": {Services: 1, Proxies: 1, Configurations: 1, Differences: 2},
		"no second workload for a difference": {Services: 1, Proxies: 1, Configurations: 1, Differences: 1},
	} {
		if _, err := New(size, 1); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
