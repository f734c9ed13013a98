// Command history keeps what runs came to, and says what is different from one to the next.
//
//	history lines REPORT FILE    the lines of a report, into a file of their own
//	history add HISTORY FILE…    adds lines to a history; what it has already changes nothing
//	history show HISTORY         a run, the last one unless it is named, beside those before, as Markdown
//	history grid HISTORY         cases by runs
//
// Exit status: 0; 1 where `show` has a run that is not green; 2 bad input.
package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"
)

// The exit statuses.
const (
	exitGreen    = 0
	exitNotGreen = 1
	exitInput    = 2
)

// errNotGreen is of a last run that is not green; it has said so.
var errNotGreen = errors.New("the last run is not green")

func main() { os.Exit(execute(os.Args[1:], os.Stdout, os.Stderr, os.Getenv)) }

func execute(arguments []string, out, problems io.Writer, environment func(string) string) int {
	command := commands(out, environment)
	command.SetArgs(arguments)
	command.SetOut(out)
	command.SetErr(problems)
	err := command.Execute()
	switch {
	case err == nil:
		return exitGreen
	case errors.Is(err, errNotGreen):
		return exitNotGreen
	}
	_, _ = fmt.Fprintln(problems, "error:", err)
	return exitInput
}

func commands(out io.Writer, environment func(string) string) *cobra.Command {
	root := &cobra.Command{
		Use: "history", Short: "What runs came to, one line for each case of each run", Args: cobra.NoArgs,
		RunE:         func(c *cobra.Command, _ []string) error { return c.Help() },
		SilenceUsage: true, SilenceErrors: true, CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
	}
	var part part
	lines := &cobra.Command{
		Use: "lines REPORT FILE", Short: "write the lines of a report.json into a file of their own", Args: cobra.ExactArgs(2),
		RunE: func(_ *cobra.Command, arguments []string) error {
			return writeLines(arguments[0], arguments[1], part.or(environment))
		},
	}
	lines.Flags().StringVar(&part.cell, "cell", "", "cell that the report is of, or its job; CELL when empty")
	lines.Flags().StringVar(&part.run, "run", "", "id that all cells of the run share; GITHUB_RUN_ID or the report's when empty")
	lines.Flags().IntVar(&part.attempt, "attempt", 0, "attempt at it, from 1 on; GITHUB_RUN_ATTEMPT or 1 when 0")
	add := &cobra.Command{
		Use: "add HISTORY FILE...", Short: "add lines to a history; what it has already changes nothing", Args: cobra.MinimumNArgs(2),
		RunE: func(_ *cobra.Command, arguments []string) error { return addLines(arguments[0], arguments[1:]) },
	}
	var cells []string
	var run, badge, jobs string
	show := &cobra.Command{
		Use: "show HISTORY", Short: "say what a run came to, beside those before, as Markdown", Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, arguments []string) error {
			return show(out, arguments[0], cmp.Or(run, environment("GITHUB_RUN_ID")), cells, jobs, badge)
		},
	}
	show.Flags().StringSliceVar(&cells, "cells", nil, "cells that were to run; those of the last ten runs when empty")
	show.Flags().StringVar(&run, "run", "", "id of the run; GITHUB_RUN_ID or the last one's when empty")
	show.Flags().StringVar(&jobs, "jobs", "success", "what the jobs of the cells came to, as GitHub says it: anything but success is red")
	show.Flags().StringVar(&badge, "badge", "", "file for the badge, as JSON")
	var all bool
	grid := &cobra.Command{
		Use: "grid HISTORY", Short: "cases by runs, the oldest run to the left", Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, arguments []string) error { return grid(out, arguments[0], all) },
	}
	grid.Flags().BoolVar(&all, "all", false, "also cases that were never red")
	root.AddCommand(lines, add, show, grid)
	return root
}
