package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"mtls.test/conformance/e2e/pure/fixture"
)

func TestEachRowAgreesWithItsReport(t *testing.T) {
	if err := store(".").verify(); err != nil {
		t.Error(err)
	}
}

// marker is the file by which a lane knows a version.
var marker = map[string]string{"source": "go.mod", "pull": "Dockerfile"}

func TestTheTableOffersWhatTheLanesHave(t *testing.T) {
	offered, err := store(".").read()
	if err != nil {
		t.Fatal(err)
	}
	named := map[string]bool{}
	for _, r := range offered.rows {
		for component, version := range map[string]string{"istio": r.istio, "kubernetes": r.kubernetes} {
			named[filepath.Join("..", "images", component, version, marker[r.lane])] = true
		}
	}
	var there []string
	for _, component := range []string{"istio", "kubernetes"} {
		for _, file := range marker {
			found, err := filepath.Glob(filepath.Join("..", "images", component, "*", file))
			if err != nil {
				t.Fatal(err)
			}
			there = append(there, found...)
		}
	}
	for _, file := range there {
		if !named[file] {
			t.Errorf("%s: no row of the table offers it", file)
		}
	}
	for file := range named {
		if !slices.Contains(there, file) {
			t.Errorf("the table offers %s, which is not there", file)
		}
	}
}

func TestTheMakefileSelectsWholeRunsByTheFiltersOfTheirKinds(t *testing.T) {
	makefile, err := os.ReadFile(filepath.Join("..", "..", "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	for target, want := range map[string]string{"e2e-full": fixture.FullLabels, "e2e-mutants": fixture.MutantLabels} {
		found := regexp.MustCompile(`(?m)^` + target + `: export LABELS \?= (.*)$`).FindSubmatch(makefile)
		if found == nil || string(found[1]) != want {
			t.Errorf("%s selects %q, want %q", target, found, want)
		}
	}
}

const small = `# Versions

| Lane | Istio | Kubernetes | Run | Result | Date | Envoy | Profile | Report |
|---|---|---|---|---|---|---|---|---|
| source | 1.31.0-eed52ebb66ad | v1.36.3 | cases | never run |  |  |  |  |
| source | 1.31.0-eed52ebb66ad | v1.36.3 | mutants | never run |  |  |  |  |

- Below.
`

// aStore is a store with the small table.
func aStore(t *testing.T) store {
	t.Helper()
	s := store(t.TempDir())
	if err := os.WriteFile(s.file(), []byte(small), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(string(s), reports), 0o700); err != nil {
		t.Fatal(err)
	}
	return s
}

// aReport is a file with the report of a whole run, changed as the test wants it.
func aReport(t *testing.T, change func(*reportJSON)) string {
	t.Helper()
	r := reportJSON{RunID: "20261128-211712-DSE7WP", Result: "PASS"}
	r.Environment.Lane, r.Environment.Istio, r.Environment.Kubernetes = "source", "1.31.0-eed52ebb66ad", "v1.36.3"
	r.Environment.Envoy, r.Environment.Profile = "1.39.3", "vanilla"
	r.Environment.Settings = map[string]string{"LABELS": fixture.QuickLabels, "CLUSTER": "own"}
	r.Summary.Pass = 219
	if change != nil {
		change(&r)
	}
	content, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "report.json")
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// command runs versions, and returns its exit status and all that it says.
func command(s store, arguments ...string) (int, string) {
	var said bytes.Buffer
	status := run(arguments, string(s), &said, &said)
	return status, said.String()
}

func TestARecordedRunStandsInItsRowAndAgrees(t *testing.T) {
	s := aStore(t)
	if status, said := command(s, "record", aReport(t, nil)); status != exitDone {
		t.Fatal(said)
	}
	written, err := os.ReadFile(s.file())
	if err != nil {
		t.Fatal(err)
	}
	row := regexp.MustCompile(`(?m)^\| source \| 1\.31\.0-eed52ebb66ad \| v1\.36\.3    \| cases   \| 219 PASS  \| 2026-11-28 \| 1\.39\.3 \| vanilla \| \[[0-9a-f]{16}\]\(reports/source-1\.31\.0-eed52ebb66ad-v1\.36\.3-cases\.json\.zst\) \|$`)
	if !row.Match(written) {
		t.Errorf("the table is\n%s", written)
	}
	if !strings.HasPrefix(string(written), "# Versions\n\n|") || !strings.HasSuffix(string(written), "|\n\n- Below.\n") {
		t.Errorf("what is around the rows changed:\n%s", written)
	}
	if err := s.verify(); err != nil {
		t.Error(err)
	}
}

func TestARowThatWasChangedByHandDisagrees(t *testing.T) {
	for _, change := range []struct{ from, to string }{
		{"219 PASS", "220 PASS"}, {"2026-11-28", "2026-11-29"}, {"1.39.3", "1.39.4"}, {"vanilla", "default"}, {"| cases ", "| full "},
	} {
		s := aStore(t)
		if status, said := command(s, "record", aReport(t, nil)); status != exitDone {
			t.Fatal(said)
		}
		rewrite(t, s.file(), change.from, change.to)
		if err := s.verify(); err == nil {
			t.Errorf("%s for %s: it went unnoticed", change.to, change.from)
		}
	}
}

func TestAReportThatWasChangedDisagrees(t *testing.T) {
	s := aStore(t)
	if status, said := command(s, "record", aReport(t, nil)); status != exitDone {
		t.Fatal(said)
	}
	table, err := s.read()
	if err != nil {
		t.Fatal(err)
	}
	other, err := os.ReadFile(aReport(t, func(r *reportJSON) { r.RunID += "x" }))
	if err != nil {
		t.Fatal(err)
	}
	var packed bytes.Buffer
	if err := compress(&packed, other); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(string(s), reports, table.rows[0].file()), packed.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.verify(); err == nil {
		t.Error("another report with the same counts went unnoticed")
	}
}

func TestAReportWithoutARowIsFound(t *testing.T) {
	s := aStore(t)
	if err := os.WriteFile(filepath.Join(string(s), reports, "left.json.zst"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.verify(); err == nil || !strings.Contains(err.Error(), "left.json.zst: no row rests on it") {
		t.Errorf("got %v", err)
	}
}

func TestMutantsHaveARowOfTheirOwn(t *testing.T) {
	s := aStore(t)
	file := aReport(t, func(r *reportJSON) {
		r.Environment.Settings["LABELS"] = fixture.MutantLabels
		r.Result = "INCONCLUSIVE"
		if err := json.Unmarshal([]byte(`{"killed": 51, "survived": 1}`), &r.Kills); err != nil {
			t.Fatal(err)
		}
	})
	if status, said := command(s, "record", file); status != exitDone || !strings.Contains(said, "mutants: 51 KILLED, 1 SURVIVED") {
		t.Errorf("exit %d: %s", status, said)
	}
}

func TestAPartOfARunIsRefused(t *testing.T) {
	for name, want := range map[string]string{"FOCUS": "mesh-strict", "LABELS": "guide", "MUTANTS": "/mine", "CLUSTER": "existing"} {
		status, said := command(aStore(t), "record", aReport(t, func(r *reportJSON) { r.Environment.Settings[name] = want }))
		if status != exitInput || !strings.Contains(said, fmt.Sprintf("%s=%s", name, want)) {
			t.Errorf("exit %d: %s", status, said)
		}
	}
}

func TestImagesThatAreNotIstiosOwnHaveNoRowInLanePull(t *testing.T) {
	status, said := command(aStore(t), "record", aReport(t, func(r *reportJSON) {
		r.Environment.Lane, r.Environment.Settings["REGISTRY"] = "pull", "127.0.0.1:5000"
	}))
	if status != exitInput || !strings.Contains(said, "profile vanilla of REGISTRY=127.0.0.1:5000 in lane pull") {
		t.Errorf("exit %d: %s", status, said)
	}
}

func TestAnInterruptedRunIsRefusedThoughWhatItPlayedIsGreen(t *testing.T) {
	for _, does := range []string{"record", "check"} {
		status, said := command(aStore(t), does, aReport(t, func(r *reportJSON) { r.Result, r.Reason = "INCONCLUSIVE", "interrupted" }))
		if status != exitInput || !strings.Contains(said, "its result is INCONCLUSIVE, and it counts 219 PASS: interrupted") {
			t.Errorf("%s: exit %d: %s", does, status, said)
		}
	}
}

func TestARunWithoutARowIsRefused(t *testing.T) {
	for _, does := range []string{"record", "check"} {
		status, said := command(aStore(t), does, aReport(t, func(r *reportJSON) { r.Environment.Kubernetes = "v1.99.0" }))
		if status != exitInput || !strings.Contains(said, "no row for lane source, Istio 1.31.0-eed52ebb66ad, Kubernetes v1.99.0, cases") {
			t.Errorf("%s: exit %d: %s", does, status, said)
		}
	}
}

func TestANewRunIsComparedWithItsRow(t *testing.T) {
	grown := func(r *reportJSON) { r.Summary.Pass = 230 }
	red := func(r *reportJSON) { r.Summary.Mismatch, r.Result = 1, "MISMATCH" }
	proxy := func(r *reportJSON) { r.Environment.Envoy = "1.40.0" }
	for _, c := range []struct {
		name          string
		recorded, new func(*reportJSON)
		status        int
		says          string
	}{
		{"the same", nil, nil, exitDone, "219 PASS, as the row says"},
		{"more cases", nil, grown, exitDone, "230 PASS, as the row says"},
		{"red now", nil, red, exitDisagrees, "says 219 PASS, the report 219 PASS, 1 MISMATCH"},
		{"green now", red, nil, exitDisagrees, "says 219 PASS, 1 MISMATCH, the report 219 PASS"},
		{"another Envoy", nil, proxy, exitDisagrees, "Envoy: the row says 1.39.3, the report 1.40.0"},
	} {
		s := aStore(t)
		if status, said := command(s, "record", aReport(t, c.recorded)); status != exitDone {
			t.Fatal(said)
		}
		if status, said := command(s, "check", aReport(t, c.new)); status != c.status || !strings.Contains(said, c.says) {
			t.Errorf("%s: exit %d: %s", c.name, status, said)
		}
	}
	if status, said := command(aStore(t), "check", aReport(t, nil)); status != exitDone || !strings.Contains(said, neverRun) {
		t.Errorf("never run: exit %d: %s", status, said)
	}
}

func TestAMalformedTableIsRefusedByLine(t *testing.T) {
	for _, change := range []struct{ from, to, says string }{
		{"| mutants |", "| fuzz |", `README.md: line 6: run "fuzz"`},
		{"| mutants |", "| cases |", "line 6: lane source, Istio 1.31.0-eed52ebb66ad, Kubernetes v1.36.3, cases: it has a row already"},
		{"| cases | never run |  |", "| cases | never run |", "line 5: it has 8 columns, want 9"},
		{"| cases | never run |  |", "| cases | 219 PASS | 2026-11-28 |", "line 5: a row has a result with all that belongs to it"},
		{"| Envoy |", "| Proxy |", "no line has the columns"},
	} {
		s := aStore(t)
		rewrite(t, s.file(), change.from, change.to)
		if status, said := command(s, "check", aReport(t, nil)); status != exitInput || !strings.Contains(said, change.says) {
			t.Errorf("%s: exit %d: %s", change.to, status, said)
		}
	}
}

func rewrite(t *testing.T, file, from, to string) {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(strings.Replace(string(content), from, to, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
}
