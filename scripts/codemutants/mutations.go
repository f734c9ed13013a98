package main

import (
	"context"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// mutations has the mutation tool make its mistakes in a part, and makes those that the tool cannot: in the expression of a
// case and in the constants and variables of a package, for which Go's coverage has no block, so that the tool takes them for
// not reached.
func mutations(ctx context.Context, p part) (tally, error) {
	folder := p.folder
	excluded, err := p.excluded()
	if err != nil {
		return tally{}, err
	}
	// The tool copies the module for each of its workers: without what runs leave in it.
	copied, err := os.MkdirTemp("", "codemutants-")
	if err != nil {
		return tally{}, err
	}
	defer func() { _ = os.RemoveAll(copied) }()
	script := `git ls-files -z --cached --others --exclude-standard | xargs -0 cp --parents --no-dereference --target-directory="$0"`
	if output, err := exec.CommandContext(ctx, "bash", "-c", script, copied).CombinedOutput(); err != nil {
		return tally{}, fmt.Errorf("copying the module: %w\n%s", err, output)
	}
	report, err := os.CreateTemp("", "codemutants-*.json")
	if err != nil {
		return tally{}, err
	}
	defer func() { _ = os.Remove(report.Name()) }()
	if err := report.Close(); err != nil {
		return tally{}, err
	}
	arguments := []string{"tool", "-modfile=scripts/tools/gremlins/go.mod", "gremlins", "unleash", "--silent", "--output", report.Name()}
	for _, pattern := range excluded {
		arguments = append(arguments, "--exclude-files", pattern)
	}
	command := exec.CommandContext(ctx, "go", append(arguments, "./"+folder)...)
	command.Env = append(os.Environ(), "GOFLAGS="+fast)
	command.Dir = copied
	command.Stderr = os.Stderr
	fmt.Fprintf(os.Stderr, "mutations of %s\n", folder)
	if err := command.Run(); err != nil {
		return tally{}, fmt.Errorf("gremlins of %s: %w", folder, err)
	}
	content, err := os.ReadFile(report.Name())
	if err != nil {
		return tally{}, err
	}
	sum, cases, err := read(content, folder, os.ReadFile)
	if err != nil {
		return tally{}, err
	}
	own, _, err := try(ctx, "cases and constants of "+folder, cases)
	sum.add(own)
	return sum, err
}

// mutation is one of the tool's.
type mutation struct {
	Line   int    `json:"line"`
	Column int    `json:"column"`
	Type   string `json:"type"`
	Status string `json:"status"`
}

// read reads the mutation tool's report. What no test reaches is not noticed; what coverage has no block for is left to be
// tried.
func read(content []byte, folder string, source func(string) ([]byte, error)) (sum tally, cases []mistake, err error) {
	var told struct {
		Files []struct {
			Name      string     `json:"file_name"`
			Mutations []mutation `json:"mutations"`
		} `json:"files"`
	}
	if err := json.Unmarshal(content, &told); err != nil {
		return tally{}, nil, fmt.Errorf("gremlins' report of %s: %w", folder, err)
	}
	for _, file := range told.Files {
		name := filepath.Join(folder, filepath.Base(file.Name))
		code, err := source(name)
		if err != nil {
			return tally{}, nil, err
		}
		lines := strings.SplitAfter(string(code), "\n")
		counted, err := functions(name, code)
		if err != nil {
			return tally{}, nil, err
		}
		for _, m := range file.Mutations {
			at := fmt.Sprintf("%s:%d:%d %s", name, m.Line, m.Column, m.Type)
			switch m.Status {
			case "NOT VIABLE":
				continue
			case "KILLED":
				sum.noticed++
			case "TIMED OUT":
				sum.noticed++
				sum.ranOn++
			case "NOT COVERED":
				if m.Line <= len(lines) && (strings.HasPrefix(strings.TrimSpace(lines[m.Line-1]), "case ") || !counted(m.Line)) {
					changed, err := m.in(lines)
					if err != nil {
						return tally{}, nil, fmt.Errorf("%s: %w", at, err)
					}
					cases = append(cases, mistake{name, changed, at + ", lived"})
					continue
				}
				sum.survivors = append(sum.survivors, at+", no test reaches it")
			default:
				sum.survivors = append(sum.survivors, at+", "+strings.ToLower(m.Status))
			}
			sum.all++
		}
	}
	if sum.all == 0 {
		return tally{}, nil, fmt.Errorf("gremlins made no mistake in %s", folder)
	}
	return sum, cases, nil
}

// functions tells of a line of a file whether it is in a function.
func functions(name string, code []byte) (func(line int) bool, error) {
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, name, code, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	return func(line int) bool {
		return slices.ContainsFunc(file.Decls, func(declared ast.Decl) bool {
			_, is := declared.(*ast.FuncDecl)
			return is && set.Position(declared.Pos()).Line <= line && line <= set.Position(declared.End()).Line
		})
	}, nil
}

// operators are what the tool's mutations make of an operator (https://gremlins.dev/latest/usage/mutations/).
var operators = map[string]map[string]string{
	"ARITHMETIC_BASE":       {"+": "-", "-": "+", "*": "/", "/": "*", "%": "*"},
	"CONDITIONALS_BOUNDARY": {">=": ">", ">": ">=", "<=": "<", "<": "<="},
	"CONDITIONALS_NEGATION": {"==": "!=", "!=": "==", ">=": "<", "<": ">=", ">": "<=", "<=": ">"},
	"INVERT_NEGATIVES":      {"-": "+"},
}

// in makes the mutation in a file's lines.
func (m mutation) in(lines []string) (string, error) {
	line := lines[m.Line-1]
	if m.Column < 1 || m.Column > len(line) {
		return "", fmt.Errorf("the line has %d columns", len(line))
	}
	before, after := line[:m.Column-1], line[m.Column-1:]
	is := "" // the longest: what begins with <= begins with < too
	for operator := range operators[m.Type] {
		if strings.HasPrefix(after, operator) && len(operator) > len(is) {
			is = operator
		}
	}
	if is == "" {
		return "", fmt.Errorf("%q begins with no operator of it", strings.TrimSpace(after))
	}
	mutated := before + operators[m.Type][is] + strings.TrimPrefix(after, is)
	return strings.Join(lines[:m.Line-1], "") + mutated + strings.Join(lines[m.Line:], ""), nil
}
