// Command cells says which cells a workflow has, and runs one.
//
//	cells list WORKFLOW [--lane LANE] [--from MINOR --to MINOR]   as JSON
//	cells run CELL
//
// Exit status: 0; 2 bad input; that of make where it runs a cell.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"

	"github.com/spf13/cobra"
)

const exitInput = 2

func main() { os.Exit(execute(os.Args[1:], os.Stdout, os.Stderr)) }

func execute(arguments []string, out, problems io.Writer) int {
	command := commands(out)
	command.SetArgs(arguments)
	command.SetOut(out)
	command.SetErr(problems)
	if err := command.Execute(); err != nil {
		_, _ = fmt.Fprintln(problems, "error:", err)
		return exitInput
	}
	return 0
}

func commands(out io.Writer) *cobra.Command {
	root := &cobra.Command{
		Use: "cells", Short: "The cells of the workflows that run the suite", Args: cobra.NoArgs,
		RunE:         func(c *cobra.Command, _ []string) error { return c.Help() },
		SilenceUsage: true, SilenceErrors: true, CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
	}
	var lane, from, to string
	list := &cobra.Command{
		Use: "list WORKFLOW", Short: "print the cells of a workflow as JSON", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, arguments []string) error {
			offered, err := versions(c.Context(), lane)
			if err != nil {
				return err
			}
			cells, err := plan(jobs(), arguments[0], offered, from, to)
			if err != nil {
				return err
			}
			return json.NewEncoder(out).Encode(cells)
		},
	}
	list.Flags().StringVar(&lane, "lane", "pull", "lane whose versions it takes: pull or source")
	list.Flags().StringVar(&from, "from", "", "minor of Istio that upgrades begin with; the one before the newest when empty")
	list.Flags().StringVar(&to, "to", "", "minor of Istio that upgrades end with; the newest when empty")
	run := &cobra.Command{
		Use: "run CELL", Short: "run a cell by make", Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, arguments []string) error {
			words, err := words(jobs(), arguments[0])
			if err != nil {
				return err
			}
			program, err := exec.LookPath("make")
			if err != nil {
				return err
			}
			// In the place of this process, so that signals reach it.
			return syscall.Exec(program, append([]string{"make"}, words...), os.Environ())
		},
	}
	root.AddCommand(list, run)
	return root
}

// pair is a row of the table of versions.
type pair struct {
	Istio      string `json:"istio"`
	Kubernetes string `json:"kubernetes"`
}

// versions are the pairs of a lane, the newest first.
func versions(ctx context.Context, lane string) ([]pair, error) {
	command := exec.CommandContext(ctx, "scripts/images.sh", "--matrix", lane)
	said, err := command.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return nil, fmt.Errorf("the versions of lane %s: %s", lane, exit.Stderr)
	}
	if err != nil {
		return nil, err
	}
	var pairs []pair
	if err := json.Unmarshal(said, &pairs); err != nil {
		return nil, fmt.Errorf("the versions of lane %s: %w", lane, err)
	}
	return pairs, nil
}
