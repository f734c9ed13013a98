package main

import (
	"cmp"
	"errors"
	"io"
	"net/url"
	"os"
	"path/filepath"

	"mtls.test/conformance/e2e/pure/matrix"
	"mtls.test/conformance/e2e/pure/page"
	"mtls.test/conformance/e2e/pure/report"
)

func renderMatrix(out io.Writer, files []string, to string) error {
	to = cmp.Or(to, filepath.Join(filepath.Dir(files[0]), matrix.File))
	var runs []matrix.Run
	var wrong []error
	for _, file := range files {
		run, err := readRun(file, filepath.Dir(to))
		if err != nil {
			wrong = append(wrong, err)
			continue
		}
		runs = append(runs, run)
	}
	if err := errors.Join(wrong...); err != nil {
		return err
	}
	m, err := matrix.Of(runs)
	if err != nil {
		return err
	}
	return write(out, to, m.Write)
}

// readRun reads a report for a matrix in a folder. The page of a run is the one beside a file that has the report's own name: one beside a
// copy under another name can be of any.
func readRun(file, folder string) (matrix.Run, error) {
	r, err := read(file)
	if err != nil {
		return matrix.Run{}, err
	}
	run := matrix.Run{File: file, Report: r}
	if run.Place, err = relative(folder, file); err != nil {
		return matrix.Run{}, err
	}
	beside := filepath.Join(filepath.Dir(run.Place), page.File)
	if _, err := os.Stat(filepath.Join(folder, beside)); err == nil && filepath.Base(file) == report.File {
		run.Page = (&url.URL{Path: filepath.ToSlash(beside)}).String()
	}
	return run, nil
}

// relative is the path of a file from a folder.
func relative(folder, file string) (string, error) {
	from, err := filepath.Abs(folder)
	if err != nil {
		return "", err
	}
	to, err := filepath.Abs(file)
	if err != nil {
		return "", err
	}
	return filepath.Rel(from, to)
}
