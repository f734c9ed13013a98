package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// artifactsMark is the file by which a folder says that an earlier run's artifacts are all that is in it.
const artifactsMark = ".mtls-conformance"

// checkArtifacts refuses a folder that holds what no run of ours wrote.
func (r *program) checkArtifacts() error {
	folder := r.settings.artifacts
	entries, err := os.ReadDir(folder)
	if errors.Is(err, fs.ErrNotExist) || (err == nil && len(entries) == 0) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("ARTIFACTS: %w", err)
	}
	if _, err := os.Stat(filepath.Join(folder, artifactsMark)); err != nil {
		return fmt.Errorf("ARTIFACTS: %s holds files that no earlier run wrote: name an empty folder or a new one", folder)
	}
	return nil
}

// clearArtifacts empties the folder, so that no report speaks of an earlier run.
func (r *program) clearArtifacts() error {
	if err := r.checkArtifacts(); err != nil {
		return err
	}
	folder := r.settings.artifacts
	entries, err := os.ReadDir(folder)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("ARTIFACTS: %w", err)
	}
	for _, entry := range entries {
		if entry.Name() == artifactsMark {
			continue
		}
		if err := os.RemoveAll(filepath.Join(folder, entry.Name())); err != nil {
			return fmt.Errorf("ARTIFACTS: %w", err)
		}
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return fmt.Errorf("ARTIFACTS: %w", err)
	}
	if err := os.WriteFile(filepath.Join(folder, artifactsMark), []byte("A run empties this folder when it starts.\n"), 0o644); err != nil {
		return fmt.Errorf("ARTIFACTS: %w", err)
	}
	return nil
}
