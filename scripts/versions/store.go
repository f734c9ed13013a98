package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/klauspost/compress/zstd"

	"mtls.test/conformance/e2e/live/artifact"
)

// reports is the folder of the reports beside the table.
const reports = "reports"

// disagreementError is what a row and a report do not agree on.
type disagreementError struct{ error }

// store is the folder of the table and its reports.
type store string

func (s store) file() string { return filepath.Join(string(s), "README.md") }

func (s store) read() (table, error) {
	content, err := os.ReadFile(s.file())
	if err != nil {
		return table{}, err
	}
	t, err := parse(string(content))
	if err != nil {
		return t, fmt.Errorf("%s: %w", s.file(), err)
	}
	return t, nil
}

// find returns the table, and in it the row of a run.
func (s store) find(ran row) (table, *row, error) {
	t, err := s.read()
	if err != nil {
		return t, nil, err
	}
	found, err := t.find(ran)
	return t, found, err
}

// record writes a run into its row, and keeps its report in place of the one before.
func (s store) record(ran row, report []byte) (string, error) {
	t, found, err := s.find(ran)
	if err != nil {
		return "", err
	}
	*found = ran
	if err := artifact.Write(filepath.Join(string(s), reports, ran.file()), func(to io.Writer) error { return compress(to, report) }); err != nil {
		return "", err
	}
	return fmt.Sprintf("recorded: %s, %s: %s", ran.cell, ran.kind, ran.result), artifact.WriteText(s.file(), t.String())
}

// check compares a run with its row: another Envoy, another profile, or red where the row is green and the other way about.
// The number of cases may differ, for the catalogue grows.
func (s store) check(ran row) (string, error) {
	_, found, err := s.find(ran)
	if err != nil {
		return "", err
	}
	where := fmt.Sprintf("%s, %s", ran.cell, ran.kind)
	if !found.ran() {
		return where + ": " + neverRun + ", and now " + ran.result + ": make versions-record REPORT=… writes it down", nil
	}
	var wrong []error
	for _, field := range []struct{ name, row, report string }{{"Envoy", found.envoy, ran.envoy}, {"profile", found.profile, ran.profile}} {
		if field.row != field.report {
			wrong = append(wrong, fmt.Errorf("%s: the row says %s, the report %s", field.name, field.row, field.report))
		}
	}
	if found.green() != ran.green() {
		wrong = append(wrong, fmt.Errorf("result: the row of %s says %s, the report %s", found.date, found.result, ran.result))
	}
	if err := errors.Join(wrong...); err != nil {
		return "", disagreementError{fmt.Errorf("%s: %w", where, err)}
	}
	return where + ": " + ran.result + ", as the row says", nil
}

// verify compares each row with the report that it rests on, and finds reports that no row names.
func (s store) verify() error {
	t, err := s.read()
	if err != nil {
		return err
	}
	var wrong []error
	named := map[string]bool{}
	for _, r := range t.rows {
		if r.ran() {
			named[r.file()] = true
			wrong = append(wrong, s.verifyRow(r))
		}
	}
	kept, err := os.ReadDir(filepath.Join(string(s), reports))
	wrong = append(wrong, err)
	for _, entry := range kept {
		if !named[entry.Name()] {
			wrong = append(wrong, fmt.Errorf("%s/%s: no row rests on it", reports, entry.Name()))
		}
	}
	return errors.Join(wrong...)
}

func (s store) verifyRow(r row) error {
	content, err := os.ReadFile(filepath.Join(string(s), reports, r.file()))
	if err != nil {
		return err
	}
	report, err := expand(content)
	if err != nil {
		return fmt.Errorf("%s: %w", r.file(), err)
	}
	ran, err := readReport(report)
	if err != nil {
		return fmt.Errorf("%s: %w", r.file(), err)
	}
	if ran != r {
		return fmt.Errorf("%s:\nthe row says    %v\nits report says %v", s.file(), r.columns(), ran.columns())
	}
	return nil
}

func compress(to io.Writer, content []byte) error {
	writer, err := zstd.NewWriter(to, zstd.WithEncoderLevel(zstd.SpeedBestCompression))
	if err != nil {
		return err
	}
	_, err = writer.Write(content)
	return errors.Join(err, writer.Close())
}

func expand(content []byte) ([]byte, error) {
	reader, err := zstd.NewReader(bytes.NewReader(content))
	if err != nil {
		return nil, err
	}
	defer reader.Close()
	return io.ReadAll(reader)
}
