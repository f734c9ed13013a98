package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"mtls.test/conformance/e2e/live/timeout"
)

// fast are the flags under which tests are built: a mistake is to be noticed by tests, not by vet.
const fast = "-vet=off -ldflags=-s"

// mistake is a file with a mistake in it.
type mistake struct {
	file    string // of the module, by its path
	content string
	told    string // which, where it survives
}

// fate is what became of a mistake.
type fate int

const (
	survived fate = iota
	noticed
	ranOn   // noticed, for its tests did not end
	invalid // it does not compile
)

// try runs the tests under each mistake by itself, and tells which do not compile.
func try(ctx context.Context, what string, mistakes []mistake) (sum tally, notCompiled []string, err error) {
	folder, err := os.MkdirTemp("", "codemutants-")
	if err != nil {
		return tally{}, nil, err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	fates := make([]fate, len(mistakes))
	var done atomic.Int32
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.NumCPU())
	for i, m := range mistakes {
		group.Go(func() error {
			var err error
			fates[i], err = m.try(ctx, filepath.Join(folder, fmt.Sprint(i)))
			fmt.Fprintf(os.Stderr, "\r%s: %d of %d", what, done.Add(1), len(mistakes))
			return err
		})
	}
	err = group.Wait()
	fmt.Fprintln(os.Stderr)
	for i, m := range mistakes {
		switch fates[i] {
		case noticed:
			sum.noticed++
		case ranOn:
			sum.noticed++
			sum.ranOn++
		case survived:
			sum.survivors = append(sum.survivors, m.told)
		case invalid:
			notCompiled = append(notCompiled, m.told)
		}
	}
	sum.all = len(mistakes) - len(notCompiled)
	return sum, notCompiled, err
}

// try lays the mistake over the file, in a folder of its own, and runs the tests of its package.
func (m mistake) try(ctx context.Context, folder string) (fate, error) {
	if err := os.Mkdir(folder, 0o700); err != nil {
		return 0, err
	}
	mistaken, overlay := filepath.Join(folder, "mistaken.go"), filepath.Join(folder, "overlay.json")
	original, err := filepath.Abs(m.file)
	if err != nil {
		return 0, err
	}
	over, err := json.Marshal(map[string]any{"Replace": map[string]string{original: mistaken}})
	if err != nil {
		return 0, err
	}
	if err := errors.Join(os.WriteFile(mistaken, []byte(m.content), 0o600), os.WriteFile(overlay, over, 0o600)); err != nil {
		return 0, err
	}
	limited, cancel := context.WithTimeout(ctx, timeout.CodeMutant.Duration())
	defer cancel()
	command := exec.CommandContext(limited, "go", "test", "-failfast", "-overlay", overlay, "./"+filepath.Dir(m.file))
	command.Env = append(os.Environ(), "GOFLAGS="+fast)
	output, err := command.CombinedOutput()
	var failed *exec.ExitError
	switch {
	case err == nil:
		return survived, nil
	case ctx.Err() != nil:
		return 0, ctx.Err()
	case limited.Err() != nil:
		return ranOn, nil
	case !errors.As(err, &failed):
		return 0, err
	case bytes.Contains(output, []byte("[build failed]")):
		return invalid, nil
	}
	return noticed, nil
}
