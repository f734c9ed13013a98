// Command report reads stored report.json, as they are or packed as .json.zst.
//
//	report html FILE [--history FILE]   renders one as report.html beside it, as the run did
//	report html FILE FILE...            renders several as one page by versions, matrix.html beside the first
//	report json FILE                    prints one with every value where it stands
//
// Exit status: 0; 2 bad input.
package main

import (
	"cmp"
	"errors"
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
		Use: "report", Short: "Read stored report.json", Args: cobra.NoArgs,
		RunE:         func(c *cobra.Command, _ []string) error { return c.Help() },
		SilenceUsage: true, SilenceErrors: true, CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
	}
	var past, to string
	html := &cobra.Command{
		Use: "html FILE...", Short: "render one as report.html beside it, or several as one matrix.html beside the first", Args: cobra.MinimumNArgs(1),
		RunE: func(_ *cobra.Command, files []string) error {
			if len(files) == 1 {
				return render(out, files[0], past, to)
			}
			if past != "" {
				return errors.New("--history: it is shown with one report, and several are given")
			}
			return renderMatrix(out, files, to)
		},
	}
	html.Flags().StringVar(&past, "history", "", "history.jsonl whose runs are shown with a report")
	html.Flags().StringVar(&to, "to", "", "file that the page goes to")
	root.AddCommand(html, &cobra.Command{
		Use: "json FILE", Short: "print it with every value where it stands", Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, arguments []string) error { return expand(out, arguments[0]) },
	})
	return root
}

func render(out io.Writer, file, past, to string) error {
	r, err := read(file)
	if err != nil {
		return err
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
	return write(out, cmp.Or(to, filepath.Join(folder, page.File)), func(to io.Writer) error { return page.Write(to, r, beside) })
}

// write writes a page, and says where.
func write(out io.Writer, file string, page func(io.Writer) error) error {
	if err := artifact.Write(file, page); err != nil {
		return err
	}
	_, err := fmt.Fprintln(out, file)
	return err
}

func expand(out io.Writer, file string) error {
	content, err := unpacked(file)
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
