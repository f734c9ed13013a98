package timeout

import (
	"errors"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write the table of CONTRIBUTING.md and the limits of the scripts anew")

const (
	contributing = "../../../CONTRIBUTING.md"
	library      = "../../../scripts/lib/timeout.sh"
)

func TestALimitHasTheNameOfItsVariableAndAReason(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "table.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, declared := range file.Decls {
		general, is := declared.(*ast.GenDecl)
		if !is || general.Tok != token.VAR {
			continue
		}
		for _, one := range general.Specs {
			spec := one.(*ast.ValueSpec)
			call, is := spec.Values[0].(*ast.CallExpr)
			if !is {
				continue
			}
			if named, err := strconv.Unquote(call.Args[0].(*ast.BasicLit).Value); err != nil || named != spec.Names[0].Name {
				t.Errorf("%s is named %s in the table (%v)", spec.Names[0].Name, named, err)
			}
		}
	}
	seen := map[string]bool{}
	for _, l := range All() {
		if seen[l.name] || l.reason == "" || strings.Contains(l.reason, "|") {
			t.Errorf("%s: it is there twice, or has no reason that a table can show: %q", l.name, l.reason)
		}
		seen[l.name] = true
	}
}

func TestContributingHasTheTableOfAllLimits(t *testing.T) {
	table := strings.Builder{}
	table.WriteString("| limit | at factor 1 | what it is for |\n|---|---|---|\n")
	for _, l := range All() {
		fmt.Fprintf(&table, "| `%s` | %s | %s |\n", l.name, withUnit(l.value), l.reason)
	}
	holds(t, contributing, "<!-- go test ./e2e/live/timeout -update writes this -->\n", table.String(), "<!-- to here -->\n")
}

func TestTheScriptsHaveTheirLimitsFromTheTable(t *testing.T) {
	assigned := strings.Builder{}
	assigned.WriteString("declare -A LIMIT=(\n")
	for _, l := range scripts {
		fmt.Fprintf(&assigned, "  [%s]=%d\n", l.name, l.value/time.Second)
	}
	assigned.WriteString(")\n")
	holds(t, library, "# go test ./e2e/live/timeout -update writes this from its table.\n", assigned.String(), "# to here\n")
}

// holds compares the part of a file between two lines with what it is to be, and writes it for -update.
func holds(t *testing.T, name, first, want, last string) {
	t.Helper()
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, found := strings.Cut(string(content), first)
	_, tail, ended := strings.Cut(rest, last)
	if !found || !ended {
		t.Fatalf("%s has no part between the lines %sand %s", name, first, last)
	}
	whole := head + first + want + last + tail
	if whole == string(content) {
		return
	}
	if !*update {
		t.Fatalf("%s does not have the limits as they are now: run go test ./e2e/live/timeout -update", name)
	}
	if err := os.WriteFile(name, []byte(whole), 0o644); err != nil {
		t.Fatal(err)
	}
}

// withUnit is a duration in its largest whole unit.
func withUnit(d time.Duration) string {
	for _, unit := range []struct {
		of   time.Duration
		name string
	}{{time.Hour, "h"}, {time.Minute, "min"}, {time.Second, "s"}} {
		if d%unit.of == 0 {
			return fmt.Sprintf("%d %s", d/unit.of, unit.name)
		}
	}
	return fmt.Sprintf("%d ms", d.Milliseconds())
}

func TestTheScriptsTakeTheSameFactorsAsTheCommands(t *testing.T) {
	answer := func(factor string) (string, error) {
		command := exec.CommandContext(t.Context(), "bash", "-euc", `. "$0" && echo "${LIMIT[Registry]} ${LIMIT[EngineStart]}"`, library)
		command.Env = append(os.Environ(), Variable+"="+factor)
		said, err := command.CombinedOutput()
		return strings.TrimSpace(string(said)), err
	}
	for factor, want := range map[string]string{"": "3 60", "1": "3 60", "2": "6 120", "1.5": "5 90", "0.01": "1 1", "100": "300 6000"} {
		if got, err := answer(factor); got != want || err != nil {
			t.Errorf("%s=%s: %s, %v; want %s", Variable, factor, got, err, want)
		}
	}
	for _, factor := range bad {
		got, err := answer(factor)
		var ended *exec.ExitError
		if !errors.As(err, &ended) || ended.ExitCode() != 2 || !strings.Contains(got, "such as 2 or 1.5") {
			t.Errorf("%s=%s: %s, %v; want exit status 2 and what is wanted", Variable, factor, got, err)
		}
	}
}
