package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/klauspost/compress/zstd"

	"mtls.test/conformance/e2e/pure/report"
)

// read reads a report; the error names the file.
func read(file string) (report.Report, error) {
	content, err := unpacked(file)
	if err != nil {
		return report.Report{}, err
	}
	r, err := report.Decode(content)
	if err != nil {
		return report.Report{}, fmt.Errorf("%s: %w", file, err)
	}
	return r, nil
}

// unpacked is what a file holds: those beside the table of versions are packed by zstd (https://www.rfc-editor.org/rfc/rfc8878).
func unpacked(file string) ([]byte, error) {
	content, err := os.ReadFile(file)
	if err != nil || !strings.HasSuffix(file, ".zst") {
		return content, err
	}
	decoder, err := zstd.NewReader(nil)
	if err != nil {
		return nil, err
	}
	defer decoder.Close()
	if content, err = decoder.DecodeAll(content, nil); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return content, nil
}
