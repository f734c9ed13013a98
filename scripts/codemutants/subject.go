package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// subject is a part of the suite's own code that has a rate of its own.
type subject struct {
	name  string
	parts []part // none for the patches
}

// part is a package in which the mutation tool makes its mistakes, under the package's own tests.
type part struct {
	folder string
	files  []string // those that are mutated; none for all
}

// subjects are measured in this order.
var subjects = []subject{
	{name: "patches"},
	{name: "oracle", parts: []part{{folder: "e2e/pure/oracle"}}},
	{name: "verdict", parts: []part{{folder: "e2e/pure/verdict"}}},
	{name: "join", parts: []part{{folder: "e2e/pure/join"}, {folder: "e2e/live/runner/attempt", files: []string{"watermark.go"}}}},
	{name: "observe", parts: []part{{folder: "e2e/live/observe"}}},
	{name: "sweeper", parts: []part{{folder: "fixtures/agent/sweeper"}, {folder: "fixtures/agent/lease"}}},
	{name: "lock", parts: []part{{folder: "e2e/live/existing", files: []string{"lock.go"}}}},
	{name: "tls-check", parts: []part{{folder: "e2e/pure/tlscheck"}, {folder: "e2e/live/tlscheck/inspect", files: []string{"probed.go"}}}},
}

// chosen are the subjects of the names; all for none.
func chosen(names []string) ([]subject, error) {
	if len(names) == 0 {
		return subjects, nil
	}
	var known []string
	var all []subject
	for _, s := range subjects {
		known = append(known, s.name)
		if slices.Contains(names, s.name) {
			all = append(all, s)
		}
	}
	for _, name := range names {
		if !slices.Contains(known, name) {
			return nil, fmt.Errorf("no subject is named %q: use %s", name, strings.Join(known, ", "))
		}
	}
	return all, nil
}

// excluded are patterns of the mutation tool for the files that it leaves as they are. A file that is named and not there is
// an error: its mistakes would be missed without notice.
func (p part) excluded() ([]string, error) {
	if len(p.files) == 0 {
		return nil, nil
	}
	for _, file := range p.files {
		if _, err := os.Stat(filepath.Join(p.folder, file)); err != nil {
			return nil, err
		}
	}
	present, err := filepath.Glob(filepath.Join(p.folder, "*.go"))
	if err != nil {
		return nil, err
	}
	var patterns []string
	for _, path := range present {
		if name := filepath.Base(path); !slices.Contains(p.files, name) {
			patterns = append(patterns, "(^|/)"+regexp.QuoteMeta(name)+"$")
		}
	}
	return patterns, nil
}
