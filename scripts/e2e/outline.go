package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/onsi/ginkgo/v2/types"

	"mtls.test/conformance/e2e/live/timeout"
	"mtls.test/conformance/e2e/pure/report"
)

// outline prints the tree of the suite by a dry run of the compiled suite. Ginkgo's own outline reads the source
// and so shows no spec that is made from data.
func (r *program) outline(ctx context.Context) (err error) {
	if err := r.checkCases(); err != nil {
		return badInput(err)
	}
	folder, err := os.MkdirTemp("", "mtls-outline-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	binary := filepath.Join(folder, "e2e.test")
	if err := r.compile(ctx, binary); err != nil {
		return err
	}
	if err := r.dryRun(ctx, binary, folder); err != nil {
		return err
	}
	content, err := os.ReadFile(filepath.Join(folder, report.GinkgoFile))
	if err != nil {
		return err
	}
	var reports []types.Report
	if err := json.Unmarshal(content, &reports); err != nil {
		return fmt.Errorf("reading the dry run: %w", err)
	}
	if writeOutline(os.Stdout, reports) == 0 {
		return badInput(errors.New("no case is selected: look at FOCUS and LABELS"))
	}
	return nil
}

// dryRun writes into a folder what Ginkgo reports of the specs that FOCUS and LABELS select, without a run of them.
func (r *program) dryRun(ctx context.Context, binary, folder string) error {
	dryRun := exec.CommandContext(context.WithoutCancel(ctx), binary, "--ginkgo.dry-run", "--ginkgo.json-report="+filepath.Join(folder, report.GinkgoFile),
		"--ginkgo.focus="+r.settings.values["FOCUS"], "--ginkgo.label-filter="+r.settings.values["LABELS"])
	dryRun.Env = append(os.Environ(), "MUTANTS="+r.settings.values["MUTANTS"])
	var said bytes.Buffer
	dryRun.Stdout, dryRun.Stderr = &said, &said
	if err := r.children.run(ctx, dryRun, timeout.ScriptGrace.Duration()); err != nil {
		return fmt.Errorf("dry run of the suite: %w\n%s", err, &said)
	}
	return nil
}

// writeOutline prints each selected spec under its containers, with its labels, and returns how many there are.
func writeOutline(to io.Writer, reports []types.Report) int {
	count := 0
	var above []string
	for _, suite := range reports {
		for _, spec := range suite.SpecReports {
			if spec.LeafNodeType != types.NodeTypeIt || spec.State.Is(types.SpecStateSkipped) {
				continue
			}
			containers := spec.ContainerHierarchyTexts
			for depth, text := range containers {
				if depth >= len(above) || !slices.Equal(above[:depth+1], containers[:depth+1]) {
					_, _ = fmt.Fprintf(to, "%s%s\n", strings.Repeat("  ", depth), text)
				}
			}
			above = containers
			labels := ""
			if all := spec.Labels(); len(all) > 0 {
				labels = " [" + strings.Join(all, ", ") + "]"
			}
			_, _ = fmt.Fprintf(to, "%s%s%s\n", strings.Repeat("  ", len(containers)), spec.LeafNodeText, labels)
			count++
		}
	}
	_, _ = fmt.Fprintf(to, "%d cases\n", count)
	return count
}
