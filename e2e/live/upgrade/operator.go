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

	taken os.FileInfo // the file of the step that was told of last; it stands until the next is asked for
}

// operatorInterval is how often the files are looked for. One is read when it stood there at the look before too: whoever writes it has
// done so by then.
const operatorInterval = 500 * time.Millisecond

// ErrEarly is of a step that was told of before it was asked for: nothing was sent while it was made.
var ErrEarly = errors.New("a step was told of before it was asked for: nothing was sent while it was made")

// Await takes away the file of the step before, asks for one, and waits until it was made. It returns what its file holds, and whether the
// step was the last.
func (o *Operator) Await(ctx context.Context, ask func()) (told string, last bool, err error) {
	early, err := o.Clear()
	if err != nil || early != "" {
		return "", early == upgrade.DoneFile, cmp.Or(err, ErrEarly)
	}
	ask()
	ticks := time.NewTicker(operatorInterval)
	defer ticks.Stop()
	for seen := ""; ; {
		file, err := o.stands()
		if err != nil {
			return "", false, err
		}
		if file != nil && file.Name() == seen {
			o.taken = file
			content, err := os.ReadFile(filepath.Join(o.Folder, seen))
			return string(content), seen == upgrade.DoneFile, err
		}
		seen = ""
		if file != nil {
			seen = file.Name()
		}
		select {
		case <-ctx.Done():
			return "", false, fmt.Errorf("no step was told of: %w", context.Cause(ctx))
		case <-ticks.C:
		}
	}
}

// Clear takes all files away. Early is one that was written since the last step was told of.
func (o *Operator) Clear() (early string, err error) {
	for {
		file, err := o.stands()
		if file == nil || err != nil {
			return early, err
		}
		if o.taken == nil || file.Name() != o.taken.Name() || !file.ModTime().Equal(o.taken.ModTime()) {
			early = file.Name()
		}
		if err := os.Remove(filepath.Join(o.Folder, file.Name())); err != nil {
			return early, err
		}
	}
}

// stands is the file that is there; nil where none is.
func (o *Operator) stands() (os.FileInfo, error) {
	for _, name := range []string{upgrade.NextFile, upgrade.DoneFile} {
		file, err := os.Stat(filepath.Join(o.Folder, name))
		if !errors.Is(err, fs.ErrNotExist) {
			return file, err
		}
	}
	return nil, nil
}
