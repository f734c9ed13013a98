// Command report reads a stored report.json.
//
//	report html FILE [--history FILE]   renders it as report.html beside it, as the run did
//	report json FILE                    prints it with every value where it stands
//
// Exit status: 0; 2 bad input.
package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"mtls.test/conformance/e2e/live/artifact"
	"mtls.test/conformance/e2e/pure/history"
	"mtls.test/conformance/e2e/pure/page"
	"mtls.test/conformance/e2e/pure/report"
	"mtls.test/conformance/fixtures"
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
		Use: "report", Short: "Read a stored report.json", Args: cobra.NoArgs,
		RunE:         func(c *cobra.Command, _ []string) error { return c.Help() },
		SilenceUsage: true, SilenceErrors: true, CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
	}
	var past string
	html := &cobra.Command{
		Use: "html FILE", Short: "render it as report.html beside it", Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, arguments []string) error { return render(out, arguments[0], past) },
	}
	html.Flags().StringVar(&past, "history", "", "history.jsonl whose runs are shown too")
	root.AddCommand(html, &cobra.Command{
		Use: "json FILE", Short: "print it with every value where it stands", Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, arguments []string) error { return expand(out, arguments[0]) },
	})
	return root
}

func render(out io.Writer, file, past string) error {
	content, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	r, err := report.Decode(content)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	folder := filepath.Dir(file)
	beside, err := page.ReadBeside(fixtures.FS, os.DirFS(folder))
	if err != nil {
		return err
	}
	if past != "" {
		if beside.History, err = history.ReadFile(os.DirFS(filepath.Dir(past)), filepath.Base(past)); err != nil {
			return err
		}
	}
	to := filepath.Join(folder, page.File)
	if err := artifact.Write(to, func(to io.Writer) error { return page.Write(to, r, beside) }); err != nil {
		return err
	}
	_, err = fmt.Fprintln(out, to)
	return err
}

func expand(out io.Writer, file string) error {
	content, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	expanded, err := report.Expand(content)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	_, err = out.Write(append(expanded, '\n'))
	return err
}
