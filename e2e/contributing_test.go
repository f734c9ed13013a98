//go:build !e2e

package e2e_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// A path of this repository, as CONTRIBUTING writes it.
var path = regexp.MustCompile("`((?:e2e|fixtures|scripts)/[^`<>…*{} ]+)`")

func TestThePathsInContributingExist(t *testing.T) {
	content, err := os.ReadFile("../CONTRIBUTING.md")
	if err != nil {
		t.Fatal(err)
	}
	_, answers, found := strings.Cut(string(content), "\n## Where is it?\n")
	if !found {
		t.Fatal("CONTRIBUTING.md: no section \"Where is it?\"")
	}
	answers, _, _ = strings.Cut(answers, "\n## ")
	for _, row := range strings.Split(strings.TrimSpace(answers), "\n")[2:] {
		if !path.MatchString(row) {
			t.Errorf("CONTRIBUTING.md: no path answers %s", row)
		}
	}
	for _, match := range path.FindAllStringSubmatch(string(content), -1) {
		if _, err := os.Stat("../" + match[1]); err != nil {
			t.Errorf("CONTRIBUTING.md: %v", err)
		}
	}
}
