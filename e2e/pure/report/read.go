package report

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"
)

// File is the name of the report under the artifacts folder.
const File = "report.json"

// Names of the files under the artifacts folder that a fold reads.
const (
	GinkgoFile  = "ginkgo.json"
	VerdictFile = "verdict.json"
	CasesDir    = "cases"

	// DiagnosticsDir holds, by case, what was gathered of those that are not green.
	DiagnosticsDir = "diag"
)

// ReadVerdicts reads cases/*/verdict.json of an artifacts folder. A verdict that cannot be read is an error beside
// the others' verdicts.
func ReadVerdicts(artifacts fs.FS) (map[string]Case, error) {
	all, err := readAll[Case](artifacts, path.Join(CasesDir, "*", VerdictFile))
	verdicts := map[string]Case{}
	for _, c := range all {
		verdicts[c.ID] = c
	}
	return verdicts, err
}

// readAll reads the files of a pattern, in the order of their names. One that cannot be read is an error beside the others.
func readAll[T any](artifacts fs.FS, pattern string) ([]T, error) {
	files, err := fs.Glob(artifacts, pattern)
	if err != nil {
		return nil, err
	}
	var all []T
	var unread []error
	for _, file := range files {
		content, err := fs.ReadFile(artifacts, file)
		if err != nil {
			unread = append(unread, err)
			continue
		}
		var one T
		if err := json.Unmarshal(content, &one); err != nil {
			unread = append(unread, fmt.Errorf("%s: %w", file, err))
			continue
		}
		all = append(all, one)
	}
	return all, errors.Join(unread...)
}

// SpecText is the text of the spec of a case, as Ginkgo shows it and FOCUS matches it.
func SpecText(id, title string) string { return id + ": " + title }

// Kind is what a spec is about.
type Kind string

// The kinds of spec.
const (
	OfCase   Kind = ""
	OfMutant Kind = "mutant"
	OfSuite  Kind = "suite" // itself: faults, kills, secrets
	OfStage  Kind = "stage" // of an upgrade
)

// specOf reads the text of a spec.
func specOf(text string) (kind Kind, id, title string) {
	if mutant, is := strings.CutPrefix(text, mutantPrefix); is {
		id, title, _ = strings.Cut(mutant, ": ")
		return OfMutant, id, title
	}
	if stage, is := strings.CutPrefix(text, stagePrefix); is {
		return OfStage, text, stage
	}
	id, title, found := strings.Cut(text, ": ")
	if !found {
		return OfSuite, text, text
	}
	return OfCase, id, title
}

// ginkgoReport is the part of Ginkgo's JSON report that a fold needs.
type ginkgoReport struct {
	SuiteDescription           string
	SpecialSuiteFailureReasons []string
	SpecReports                []struct {
		ContainerHierarchyTexts []string
		LeafNodeType            string
		LeafNodeText            string
		State                   string
		RunTime                 time.Duration
		Failure                 struct{ Message string }
	}
}

// ReadSpecs reads Ginkgo's JSON report: the spec of each case that was selected, and why the suite itself failed,
// if it did (a set-up node, a time-out, an interrupt).
func ReadSpecs(artifacts fs.FS) (specs []Spec, cause string, err error) {
	content, err := fs.ReadFile(artifacts, GinkgoFile)
	if err != nil {
		return nil, "", err
	}
	var suites []ginkgoReport
	if err := json.Unmarshal(content, &suites); err != nil {
		return nil, "", fmt.Errorf("%s: %w", GinkgoFile, err)
	}
	var causes []string
	for _, suite := range suites {
		causes = append(causes, suite.SpecialSuiteFailureReasons...)
		for _, spec := range suite.SpecReports {
			if spec.LeafNodeType != "It" {
				if spec.State != "passed" && spec.State != "skipped" {
					causes = append(causes, fmt.Sprintf("%s %s: %s", spec.LeafNodeType, spec.State, firstLine(spec.Failure.Message)))
				}
				continue
			}
			kind, id, title := specOf(spec.LeafNodeText)
			if spec.State == "skipped" && spec.Failure.Message == "" {
				continue
			}
			specs = append(specs, Spec{
				Text: strings.Join(slices.Concat([]string{suite.SuiteDescription}, spec.ContainerHierarchyTexts, []string{spec.LeafNodeText}), " "),
				ID:   id, Kind: kind, Title: title, State: spec.State, Message: firstLine(spec.Failure.Message), Seconds: spec.RunTime.Seconds(),
			})
		}
	}
	return specs, strings.Join(causes, "; "), nil
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}
