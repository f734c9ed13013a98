package upgrade

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"mtls.test/conformance/e2e/pure/upgrade"
)

// Operator is whoever upgrades Istio while the suite watches, and tells of each step by a file.
type Operator struct {
	Folder string // that the files are put in
}

// operatorInterval is how often the files are looked for. One is read when it stood there at the look before too: whoever writes it has
// done so by then.
const operatorInterval = 500 * time.Millisecond

// Await waits until a step was made, and takes the file away. It returns what the file holds, and whether the step was the last.
func (o Operator) Await(ctx context.Context) (told string, last bool, err error) {
	ticks := time.NewTicker(operatorInterval)
	defer ticks.Stop()
	for seen := ""; ; {
		name, err := o.stands()
		if err != nil {
			return "", false, err
		}
		if name != "" && name == seen {
			told, err := o.take(name)
			return told, name == upgrade.DoneFile, err
		}
		seen = name
		select {
		case <-ctx.Done():
			return "", false, fmt.Errorf("no step was told of: %w", context.Cause(ctx))
		case <-ticks.C:
		}
	}
}

// stands is the file that is there; empty where none is.
func (o Operator) stands() (string, error) {
	for _, name := range []string{upgrade.NextFile, upgrade.DoneFile} {
		_, err := os.Stat(filepath.Join(o.Folder, name))
		if err == nil {
			return name, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return "", err
		}
	}
	return "", nil
}

func (o Operator) take(name string) (string, error) {
	path := filepath.Join(o.Folder, name)
	content, err := os.ReadFile(path)
	return string(content), errors.Join(err, os.Remove(path))
}
