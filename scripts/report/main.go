// Command report reads a stored report.json.
//
//	report html FILE [--history FILE] [--redact]   renders it as report.html beside it, as the run did
//	report json FILE [--redact]                    prints it with every value where it stands
//
// With --redact names, addresses and SANs have pseudonyms (package redact), and the page is report.redacted.html.
//
// Exit status: 0; 2 bad input.
package main

import (
	"bytes"
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

const exitInput = 2

// redactedFile is a page without names, beside the one with them.
const redactedFile = "report.redacted.html"

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
	var redacted bool
	html := &cobra.Command{
		Use: "html FILE", Short: "render it as report.html beside it, with --redact as " + redactedFile, Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, arguments []string) error { return render(out, arguments[0], past, redacted) },
	}
	html.Flags().StringVar(&past, "history", "", "history.jsonl whose runs are shown too")
	expanded := &cobra.Command{
		Use: "json FILE", Short: "print it with every value where it stands", Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, arguments []string) error { return expand(out, arguments[0], redacted) },
	}
	for _, command := range []*cobra.Command{html, expanded} {
		command.Flags().BoolVar(&redacted, "redact", false, "with pseudonyms for names, addresses and SANs")
		root.AddCommand(command)
	}
	return root
}

func render(out io.Writer, file, past string, redacted bool) error {
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
	to := filepath.Join(folder, page.File)
	if redacted {
		to = filepath.Join(folder, redactedFile)
		r, beside.History = redact.Report(r, beside.History)
		beside.Redacted = true
		beside.Evidence = nil // files with names in them
	}
	if err := artifact.Write(to, func(to io.Writer) error { return page.Write(to, r, beside) }); err != nil {
		return err
	}
	_, err = fmt.Fprintln(out, to)
	return err
}

func read(file string) (report.Report, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return report.Report{}, err
	}
	r, err := report.Decode(content)
	if err != nil {
		return r, fmt.Errorf("%s: %w", file, err)
	}
	return r, nil
}

func expand(out io.Writer, file string, redacted bool) error {
	content, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if redacted {
		r, err := read(file)
		if err != nil {
			return err
		}
		r, _ = redact.Report(r, nil)
		var packed bytes.Buffer
		if err := r.Encode(&packed); err != nil {
			return err
		}
		content = packed.Bytes()
	}
	expanded, err := report.Expand(content)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	_, err = out.Write(append(expanded, '\n'))
	return err
}
