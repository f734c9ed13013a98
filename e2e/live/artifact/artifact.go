// Package artifact writes the files that a run leaves behind. A file is there whole or not at all.
package artifact

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
)

// Write makes the file and the folders above it; what write wrote before an error is not kept.
func Write(path string, write func(io.Writer) error) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	temporary, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return err
	}
	err = errors.Join(write(temporary), temporary.Chmod(0o644), temporary.Close())
	if err == nil {
		err = os.Rename(temporary.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(temporary.Name()))
	}
	return nil
}

// WriteJSON writes the value as indented JSON.
func WriteJSON(path string, value any) error {
	return Write(path, func(to io.Writer) error {
		encoder := json.NewEncoder(to)
		encoder.SetIndent("", "  ")
		encoder.SetEscapeHTML(false)
		return encoder.Encode(value)
	})
}

// WriteText writes the text.
func WriteText(path, text string) error {
	return Write(path, func(to io.Writer) error {
		_, err := io.WriteString(to, text)
		return err
	})
}
