package history

import (
	"bytes"
	"os"
	"reflect"
	"slices"
	"testing"

	"mtls.test/conformance/e2e/pure/hop"
)

const newest, older = "istio-1.31/kubernetes-1.36", "istio-1.30/kubernetes-1.35"

func thirty(t *testing.T) []Line {
	t.Helper()
	content, err := os.ReadFile("testdata/thirty.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	lines, err := Read(bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	return lines
}

// Whatever is wrong in thirty runs is found, and nothing else.
func TestThirtyRunsAreReadAsTheyWereWritten(t *testing.T) {
	m, ran := Look(thirty(t), "", nil)
	if !ran || m.Run != "n29" || m.Result != hop.Fail || m.Cells != 1 || m.Cases != 6 {
		t.Errorf("%+v", m)
	}
	want := Morning{
		Changed:    []Change{{What: "Istio", Before: "1.31.0", After: "1.31.1", Cells: []string{newest}}},
		Missing:    []string{older},
		GreenAgain: []Subject{{newest, "disable-under-strict"}},
		Flaky:      []Subject{{newest, "disable-under-strict"}, {newest, "mesh-strict"}, {newest, "permissive-then-strict"}},
	}
	if !reflect.DeepEqual(m.Changed, want.Changed) || !slices.Equal(m.Missing, want.Missing) || !slices.Equal(m.GreenAgain, want.GreenAgain) || !slices.Equal(m.Flaky, want.Flaky) {
		t.Errorf("%+v", m)
	}
	if len(m.Slower) != 1 || m.Slower[0].Subject != (Subject{newest, "gateway-mutual"}) {
		t.Errorf("slower: %+v", m.Slower)
	}
	type short struct{ id, first, green string }
	var red []short
	for _, failure := range m.Red {
		red = append(red, short{failure.Cases[0].Case, failure.FirstSeen, failure.LastGreen})
	}
	if !slices.Equal(red, []short{{"subset-port-level", "n29", "c0ffee12"}, {"mesh-strict", "n27", "c0ffee12"}}) {
		t.Errorf("red: %+v", red)
	}
	if line := m.Headline(); line != "RED: 2 failures of 6 cases in 1 cell, for 2 causes, and 1 did not run; another than in the run before: Istio (1.31.1, before 1.31.0)" {
		t.Error(line)
	}
}
