package history

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
)

// File is the name of a history.
const File = "history.jsonl"

// Read reads a history. The error names the line that is none.
func Read(from io.Reader) ([]Line, error) {
	var all []Line
	scanner := bufio.NewScanner(from)
	scanner.Buffer(nil, longestLine)
	for number := 1; scanner.Scan(); number++ {
		if len(bytes.TrimSpace(scanner.Bytes())) == 0 {
			continue
		}
		line, err := readLine(scanner.Bytes())
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", number, err)
		}
		all = append(all, line)
	}
	return all, scanner.Err()
}

// ReadFile reads a history from a file; the error names it.
func ReadFile(from fs.FS, name string) ([]Line, error) {
	file, err := from.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	lines, err := Read(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return lines, nil
}

// longestLine is far above the longest reason of a verdict.
const longestLine = 1 << 20

func readLine(text []byte) (Line, error) {
	var line Line
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&line); err != nil {
		return line, err
	}
	if line.Run == "" || line.Cell == "" || line.Verdict == "" || line.Attempt < 1 || line.Began.IsZero() {
		return line, errors.New("it lacks run, cell, verdict, attempt or began")
	}
	return line, nil
}

// Append adds lines to a history. A line of a case, attempt and run that it has already changes nothing.
func Append(kept, further []Line) []Line {
	known := map[key]bool{}
	for _, line := range kept {
		known[line.key()] = true
	}
	for _, line := range further {
		if !known[line.key()] {
			known[line.key()] = true
			kept = append(kept, line)
		}
	}
	return kept
}

// Write writes a history, a line for each of its lines.
func Write(to io.Writer, lines []Line) error {
	encoder := json.NewEncoder(to)
	encoder.SetEscapeHTML(false)
	for _, line := range lines {
		if err := encoder.Encode(line); err != nil {
			return err
		}
	}
	return nil
}
