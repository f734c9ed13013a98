package main

import (
	"cmp"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"mtls.test/conformance/e2e/live/artifact"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/page"
	"mtls.test/conformance/e2e/pure/report"
	"mtls.test/conformance/fixtures"
)

// record is what a run learns on its way for the report.
type record struct {
	environment  report.Environment
	durations    report.Durations
	clusterBegan time.Time
	suiteEnd     string // how ginkgo ended where its exit status was not 0
	repeat       *report.Repeat
}

// reported works, and writes the report however the work ends. The error is the work's; without one, errNotGreen
// unless the report is PASS.
func (r *program) reported(ctx context.Context, work func(*record) error) error {
	told := &record{environment: report.Environment{Settings: r.settings.values, Lane: r.settings.values["LANE"]}}
	err := withCause(ctx, work(told))
	told.environment.Suite = cmp.Or(told.environment.Suite, r.commit(ctx))
	told.durations.TotalSeconds = cmp.Or(told.durations.TotalSeconds, time.Since(r.began).Seconds())
	folded, unwritten := r.conclude(told, err)
	if err := errors.Join(err, unwritten); err != nil {
		return err
	}
	if folded.Result != hop.Pass {
		return errNotGreen
	}
	return nil
}

// conclude folds what the run left in its artifacts into the report, writes it and prints its table.
func (r *program) conclude(told *record, failed error) (report.Report, error) {
	artifacts := os.DirFS(r.settings.artifacts)
	var causes []error
	if failed != nil {
		causes = append(causes, failed)
	}
	verdicts, err := report.ReadVerdicts(artifacts)
	if err != nil {
		causes = append(causes, err)
	}
	mutants, err := report.ReadMutants(artifacts)
	if err != nil {
		causes = append(causes, err)
	}
	faults, err := report.ReadFaults(artifacts)
	if err != nil {
		causes = append(causes, err)
	}
	came, err := report.ReadUpgrade(artifacts)
	if err != nil {
		causes = append(causes, err)
	}
	specs, suiteCause, err := report.ReadSpecs(artifacts)
	switch {
	case suiteCause != "":
		causes = append(causes, errors.New(suiteCause))
	case errors.Is(err, fs.ErrNotExist) && failed == nil:
		causes = append(causes, errors.New("the suite ended without a report: "+told.suiteEnd))
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		causes = append(causes, err)
	}
	run := report.Run{
		RunID: r.runID, Environment: told.environment, Durations: told.durations, Specs: specs, Verdicts: verdicts,
		Mutants: mutants, Faults: faults, Upgrade: came, Repeat: told.repeat,
	}
	if cause := errors.Join(causes...); cause != nil {
		run.Cause = cause.Error()
	}
	if first := firstRequest(verdicts); !told.clusterBegan.IsZero() && !first.IsZero() {
		run.Durations.FirstRequestSeconds = first.Sub(told.clusterBegan).Seconds()
	}
	folded := report.Fold(run)
	return folded, r.writeReport(folded)
}

// commit is that of the suite, as git knows it; empty where it knows none.
func (r *program) commit(ctx context.Context) string {
	command := exec.CommandContext(context.WithoutCancel(ctx), "git", "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*")
	command.Dir = r.root
	said, err := command.Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(said))
}

func (r *program) writeReport(folded report.Report) error {
	at := func(name string) string { return filepath.Join(r.settings.artifacts, name) }
	colour := report.None
	if colourful(os.Stdout) {
		colour = report.ANSI
	}
	beside, err := page.ReadBeside(fixtures.FS, os.DirFS(r.settings.artifacts))
	err = errors.Join(
		err,
		artifact.Write(at(report.File), folded.Encode),
		artifact.Write(at("junit.xml"), folded.WriteJUnit),
		artifact.Write(at("summary.md"), folded.WriteSummary),
		artifact.Write(at(page.File), func(to io.Writer) error { return page.Write(to, folded, beside) }),
		folded.WriteTable(os.Stdout, colour),
	)
	if os.Getenv("GITHUB_ACTIONS") == "true" {
		err = errors.Join(err, folded.WriteAnnotations(os.Stdout))
	}
	r.screen.step("report: %s", at(report.File))
	return err
}

// firstRequest is when the first check that passed was sent, by the runner's clock; zero where none did.
func firstRequest(verdicts map[string]report.Case) time.Time {
	var first time.Time
	for _, c := range verdicts {
		for _, check := range c.Checks {
			if check.Result != hop.Pass || check.SentAt.IsZero() {
				continue
			}
			if first.IsZero() || check.SentAt.Before(first) {
				first = check.SentAt
			}
		}
	}
	return first
}
