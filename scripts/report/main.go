// Command report reads stored report.json, as they are or packed as .json.zst.
//
//	report html FILE [--history FILE] [--redact]   renders one as report.html beside it, as the run did
//	report html FILE FILE...                       renders several as one page by versions, matrix.html beside the first
//	report json FILE [--redact]                    prints one with every value where it stands
//
// With --redact names, addresses and SANs have pseudonyms (package redact), and the page is report.redacted.html.
//
// Exit status: 0; 2 bad input.
package main

import (
	"bytes"
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
	"mtls.test/conformance/e2e/pure/redact"
	"mtls.test/conformance/e2e/pure/report"
	"mtls.test/conformance/fixtures"
)

const (
	exitInput = 2
	// redactedFile is the page without names, which never takes the place of the other one.
	redactedFile = "report.redacted.html"
)

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

// asked is what a page is asked to be.
type asked struct {
	past     string // file of a history
	to       string // file of the page; empty for the one beside the report
	redacted bool
}

func commands(out io.Writer) *cobra.Command {
	root := &cobra.Command{
		Use: "report", Short: "Read a stored report.json", Args: cobra.NoArgs,
		RunE:         func(c *cobra.Command, _ []string) error { return c.Help() },
		SilenceUsage: true, SilenceErrors: true, CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
	}
	var given asked
	html := &cobra.Command{
		Use: "html FILE...", Short: "render one as report.html beside it, or several as one matrix.html beside the first", Args: cobra.MinimumNArgs(1),
		RunE: func(_ *cobra.Command, files []string) error {
			switch {
			case len(files) == 1:
				return render(out, files[0], given)
			case given.past != "":
				return errors.New("--history: it is shown with one report, and several are given")
			case given.redacted:
				return errors.New("--redact: it is for one report, and several are given")
			}
			return renderMatrix(out, files, given.to)
		},
	}
	html.Flags().StringVar(&given.past, "history", "", "history.jsonl whose runs are shown with a report")
	html.Flags().StringVar(&given.to, "to", "", "file that the page goes to")
	var redacted bool
	expanded := &cobra.Command{
		Use: "json FILE", Short: "print it with every value where it stands", Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, arguments []string) error { return expand(out, arguments[0], redacted) },
	}
	const without = "with pseudonyms for names, addresses and SANs"
	html.Flags().BoolVar(&given.redacted, "redact", false, without+"; the page is "+redactedFile)
	expanded.Flags().BoolVar(&redacted, "redact", false, without)
	root.AddCommand(html, expanded)
	return root
}

func render(out io.Writer, file string, asked asked) error {
	r, err := read(file)
	if err != nil {
		return err
	}
	name := page.File
	if asked.redacted {
		name = redactedFile
	}
	to := cmp.Or(asked.to, filepath.Join(filepath.Dir(file), name))
	beside, err := page.ReadBeside(fixtures.FS, os.DirFS(filepath.Dir(file)))
	if err != nil {
		return err
	}
	if filepath.Dir(to) != filepath.Dir(file) {
		beside.Evidence = nil // it lies beside the report
	}
	if asked.past != "" {
		if beside.History, err = history.ReadFile(os.DirFS(filepath.Dir(asked.past)), filepath.Base(asked.past)); err != nil {
			return err
		}
	}
	if asked.redacted {
		r, beside.History = redact.Report(r, beside.History)
		beside.Redacted = true
		beside.Evidence = nil // files with names in them
	}
	return write(out, to, func(to io.Writer) error { return page.Write(to, r, beside) })
}

// write writes a page, and says where.
func write(out io.Writer, file string, page func(io.Writer) error) error {
	if err := artifact.Write(file, page); err != nil {
		return err
	}
	_, err := fmt.Fprintln(out, file)
	return err
}

func expand(out io.Writer, file string, redacted bool) error {
	content, err := unpacked(file)
	if err != nil {
		return err
	}
	if redacted {
		if content, err = withoutNames(content); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
	}
	expanded, err := report.Expand(content)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	_, err = out.Write(append(expanded, '\n'))
	return err
}

// withoutNames is a report.json with pseudonyms.
func withoutNames(content []byte) ([]byte, error) {
	r, err := report.Decode(content)
	if err != nil {
		return nil, err
	}
	r, _ = redact.Report(r, nil)
	var packed bytes.Buffer
	err = r.Encode(&packed)
	return packed.Bytes(), err
}
