package redact

import (
	"bytes"
	"flag"
	"go/ast"
	"go/parser"
	gotoken "go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write words.txt anew")

// speaking are the folders whose sentences a report can have, and silent the packages below e2e/pure that say nothing in one: they look at
// what is in reports, or at something else.
var (
	speaking = []string{"../../../e2e", "../../../fixtures/agent", "../../../scripts/e2e"}
	silent   = []string{"browser", "clusterpage", "document", "history", "matrix", "page", "recording", "redact", "replay", "shard"}
)

var (
	verbs = regexp.MustCompile(`%[-+# 0]*(\[\d+\])?[\d.*]*[a-zA-Z%]`)
	// plain is a word that is nothing else: without digits, hyphens, dots. Longer ones are no words.
	plain = regexp.MustCompile(`[\p{L}\p{N}_-]+`)
	short = regexp.MustCompile(`^[a-z]{2,24}$`)
)

// speaks tells whether what a file says can be in a report. The tables of the oracle's sources quote documents.
func speaks(path string, content []byte) bool {
	if strings.HasPrefix(filepath.Base(path), "source_") {
		return false
	}
	return filepath.Ext(path) == ".go" && (!strings.HasSuffix(path, "_test.go") || bytes.HasPrefix(content, []byte("//go:build e2e\n")))
}

// sentencesOf are the string literals with a space, of which texts are made.
func sentencesOf(t *testing.T) []string {
	t.Helper()
	var all []string
	for _, folder := range speaking {
		err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case entry.IsDir() && slices.Contains([]string{"pure", "live"}, filepath.Base(filepath.Dir(path))) && slices.Contains(silent, entry.Name()):
				return fs.SkipDir
			case entry.IsDir():
				return nil
			}
			content, err := os.ReadFile(path)
			if err != nil || !speaks(path, content) {
				return err
			}
			file, err := parser.ParseFile(gotoken.NewFileSet(), path, content, parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			ast.Inspect(file, func(node ast.Node) bool {
				if literal, is := node.(*ast.BasicLit); is && literal.Kind == gotoken.STRING {
					if text, err := strconv.Unquote(literal.Value); err == nil && strings.Contains(text, " ") {
						all = append(all, text)
					}
				}
				return true
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return all
}

func TestTheWordsAreThoseOfTheSuitesSentences(t *testing.T) {
	found := map[string]bool{}
	for _, sentence := range sentencesOf(t) {
		for _, word := range plain.FindAllString(verbs.ReplaceAllString(sentence, " "), -1) {
			for _, part := range strings.Split(strings.ToLower(word), "_") {
				if short.MatchString(part) {
					found[part] = true
				}
			}
		}
	}
	want := strings.Join(slices.Sorted(maps.Keys(found)), "\n") + "\n"
	if *update {
		if err := os.WriteFile("words.txt", []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	for word := range found {
		if !words(wordsFile)[word] {
			t.Errorf("%q is new: go test ./e2e/pure/redact -update, so that a sentence with it can be read where names are taken out", word)
		}
	}
	if !t.Failed() && wordsFile != want {
		t.Error("words.txt has words that no sentence has: go test ./e2e/pure/redact -update")
	}
}

func TestTheTermsAreSortedAndNoneIsAWord(t *testing.T) {
	terms := strings.Split(strings.TrimSuffix(termsFile, "\n"), "\n")
	if !slices.IsSorted(terms) || len(slices.Compact(slices.Clone(terms))) != len(terms) {
		t.Error("terms.txt is not sorted, or has a term twice: LC_ALL=C sort -u")
	}
	for _, term := range terms {
		if words(wordsFile)[term] || term != strings.ToLower(term) {
			t.Errorf("%q is in words.txt already, or not in lower case", term)
		}
	}
}
