// Command reportdiff compares two report.json check by check: reportdiff OLD NEW.
//
// Exit status: 0 when the newer has the same or more; 1 when something became less or a verdict changed; 2 bad input.
package main

import (
	"fmt"
	"io"
	"os"

	"mtls.test/conformance/e2e/pure/report"
)

// The exit statuses.
const (
	exitGreen = 0
	exitLess  = 1
	exitInput = 2
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

func run(files []string, out, problems io.Writer) int {
	if len(files) != 2 {
		fmt.Fprintln(problems, "error: give two files: reportdiff OLD NEW")
		return exitInput
	}
	before, err := read(files[0])
	if err != nil {
		fmt.Fprintln(problems, "error:", err)
		return exitInput
	}
	after, err := read(files[1])
	if err != nil {
		fmt.Fprintln(problems, "error:", err)
		return exitInput
	}
	comparison := report.CompareRuns(before, after)
	if err := comparison.Write(out); err != nil {
		fmt.Fprintln(problems, "error:", err)
		return exitInput
	}
	if !comparison.Green() {
		return exitLess
	}
	return exitGreen
}

func read(file string) (report.Comparable, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return report.Comparable{}, err
	}
	compared, err := report.ReadComparable(content)
	if err != nil {
		return report.Comparable{}, fmt.Errorf("%s: %w", file, err)
	}
	return compared, nil
}
