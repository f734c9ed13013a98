package upgrade

import (
	"cmp"
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

// ErrEarly is of a step that was told of before it was asked for: nothing was sent while it was made.
var ErrEarly = errors.New("a step was told of before it was asked for: nothing was sent while it was made")

// Await waits until a step was made. It returns what the file holds, and whether the step was the last. The file stays until Answered.
func (o Operator) Await(ctx context.Context) (told string, last bool, err error) {
	if early, err := o.stands(); early != "" || err != nil {
		return "", early == upgrade.DoneFile, cmp.Or(err, ErrEarly)
	}
	ticks := time.NewTicker(operatorInterval)
	defer ticks.Stop()
	for seen := ""; ; {
		name, err := o.stands()
		if err != nil {
			return "", false, err
		}
		if name != "" && name == seen {
			content, err := os.ReadFile(filepath.Join(o.Folder, name))
			return string(content), name == upgrade.DoneFile, err
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

// Answered takes the files away, once the mesh has been judged after the step: whoever waits for that makes the next one.
func (o Operator) Answered() error {
	var failed []error
	for _, name := range []string{upgrade.NextFile, upgrade.DoneFile} {
		if err := os.Remove(filepath.Join(o.Folder, name)); !errors.Is(err, fs.ErrNotExist) {
			failed = append(failed, err)
		}
	}
	return errors.Join(failed...)
}
