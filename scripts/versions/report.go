package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/report"
)

// reportJSON is the part of a report.json that a row rests on. Later versions of its schema keep these fields.
type reportJSON struct {
	RunID       string `json:"runID"`
	Result      string `json:"result"`
	Reason      string `json:"reason"`
	Environment struct {
		Lane       string            `json:"lane"`
		Istio      string            `json:"istio"`
		Kubernetes string            `json:"kubernetes"`
		Envoy      string            `json:"envoy"`
		Profile    string            `json:"profile"`
		Settings   map[string]string `json:"settings"`
	} `json:"environment"`
	Summary struct {
		Pass         int `json:"pass"`
		Fail         int `json:"fail"`
		Mismatch     int `json:"mismatch"`
		Inconclusive int `json:"inconclusive"`
		Skipped      int `json:"skipped"`
	} `json:"summary"`
	Kills *struct {
		Killed   int `json:"killed"`
		Survived int `json:"survived"`
		Invalid  int `json:"invalid"`
		Red      int `json:"red"`
	} `json:"kills"`
}

// digestLength is how much of a report's sha256 stands in the table, in hexadecimal digits.
const digestLength = 16

// readReport makes a row of a report. The report of a run that played but a part is refused: it says nothing of the whole.
func readReport(content []byte) (row, error) {
	expanded, err := report.Expand(content)
	if err != nil {
		return row{}, err
	}
	var r reportJSON
	if err := json.Unmarshal(expanded, &r); err != nil {
		return row{}, err
	}
	e := r.Environment
	called, known := fixture.WholeRuns[e.Settings["LABELS"]]
	if !known {
		return row{}, fmt.Errorf("LABELS=%s: want the report of make e2e, e2e-full or e2e-mutants", e.Settings["LABELS"])
	}
	for name, want := range map[string]string{"FOCUS": "", "MUTANTS": "", "GINKGO_ARGS": "", "SHARD": "", "CLUSTER": "own"} {
		if e.Settings[name] != want {
			return row{}, fmt.Errorf("%s=%s: want the report of a whole run on a cluster of its own", name, e.Settings[name])
		}
	}
	if e.Lane == "pull" && (e.Profile != fixture.ProfileDefault || e.Settings["REGISTRY"] != "") {
		return row{}, fmt.Errorf("profile %s of REGISTRY=%s in lane pull: rows of it are of Docker Hub's images alone", e.Profile, e.Settings["REGISTRY"])
	}
	date, err := time.Parse("20060102", strings.SplitN(r.RunID, "-", 2)[0])
	if err != nil {
		return row{}, fmt.Errorf("runID %q begins with no date", r.RunID)
	}
	sum := sha256.Sum256(content)
	whole := kind(called)
	told := row{
		cell: cell{lane: e.Lane, istio: e.Istio, kubernetes: e.Kubernetes}, kind: whole, result: r.result(whole),
		date: date.Format(time.DateOnly), envoy: e.Envoy, profile: e.Profile, digest: hex.EncodeToString(sum[:])[:digestLength],
	}
	if told.green() != (r.Result == "PASS") {
		return row{}, fmt.Errorf("its result is %s, and it counts %s: %s", r.Result, told.result, r.Reason)
	}
	if told.result == "" {
		return row{}, errors.New("it has no result: the run ended before its first spec did")
	}
	return told, nil
}

// result counts by result, and leaves out what there was none of.
func (r reportJSON) result(of kind) string {
	type count struct {
		n    int
		word string
	}
	counts := []count{{r.Summary.Pass, "PASS"}, {r.Summary.Fail, "FAIL"}, {r.Summary.Mismatch, "MISMATCH"}, {r.Summary.Inconclusive, "INCONCLUSIVE"}, {r.Summary.Skipped, "SKIPPED"}}
	if of == mutants {
		if r.Kills == nil {
			return ""
		}
		counts = []count{{r.Kills.Killed, "KILLED"}, {r.Kills.Survived, "SURVIVED"}, {r.Kills.Invalid, "INVALID"}, {r.Kills.Red, "RED"}}
	}
	var words []string
	for _, c := range counts {
		if c.n > 0 {
			words = append(words, fmt.Sprintf("%d %s", c.n, c.word))
		}
	}
	return strings.Join(words, ", ")
}

// green says whether nothing in the row's result is red.
func (r row) green() bool {
	_, word, _ := strings.Cut(r.result, " ")
	return word == "PASS" || word == "KILLED"
}
