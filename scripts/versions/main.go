// Command versions keeps the table of versions, README.md beside it:
//
//	versions record REPORT   writes what a report.json says into its row, and keeps the report
//	versions check REPORT    compares a report.json with its row
//
// Exit status: 0 when it is done or they agree, 1 when they disagree, 2 on bad input.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
)

// The exit statuses.
const (
	exitDone      = 0
	exitDisagrees = 1
	exitInput     = 2
)

// folder holds the table and the reports, from the root of the repository.
const folder = "scripts/versions"

func main() { os.Exit(run(os.Args[1:], folder, os.Stdout, os.Stderr)) }

func run(arguments []string, folder string, out, problems io.Writer) int {
	said, err := work(arguments, folder)
	var disagreement disagreementError
	switch {
	case errors.As(err, &disagreement):
		fmt.Fprintln(problems, "error:", err)
		return exitDisagrees
	case err != nil:
		fmt.Fprintln(problems, "error:", err)
		return exitInput
	}
	fmt.Fprintln(out, said)
	return exitDone
}

func work(arguments []string, folder string) (string, error) {
	if len(arguments) != 2 {
		return "", errors.New("give a command and a file: versions record|check REPORT")
	}
	content, err := os.ReadFile(arguments[1])
	if err != nil {
		return "", err
	}
	ran, err := readReport(content)
	if err != nil {
		return "", fmt.Errorf("%s: %w", arguments[1], err)
	}
	kept := store(folder)
	switch arguments[0] {
	case "record":
		return kept.record(ran, content)
	case "check":
		return kept.check(ran)
	}
	return "", fmt.Errorf("%s: no such command: want record or check", arguments[0])
}
