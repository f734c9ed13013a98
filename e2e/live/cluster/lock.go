package cluster

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// Holder is who holds the lock on a cluster's name.
type Holder struct {
	PID       int       `json:"pid"`
	RunID     string    `json:"runID"`
	Command   string    `json:"command"`
	Directory string    `json:"directory"`
	Started   time.Time `json:"started"`
}

// HeldError says that another run uses the cluster's name.
type HeldError struct {
	Name string
	By   Holder
}

// Error names the holder and the way out.
func (e HeldError) Error() string {
	return fmt.Sprintf("cluster %s is in use by process %d (%s) since %s in %s: wait for it, or set CLUSTER_NAME to another name",
		e.Name, e.By.PID, e.By.Command, e.By.Started.Local().Format("15:04:05"), e.By.Directory)
}

// Lock is one run's hold on a cluster's name. The kernel releases it when the process ends, however it ends.
type Lock struct{ file *os.File }

// Acquire takes the lock NAME.lock under home for one run, without waiting: HeldError says who has it. The second
// result is the holder that ended without Release, nil where there is none.
func Acquire(home, name string, by Holder) (*Lock, *Holder, error) {
	if err := os.MkdirAll(home, 0o700); err != nil {
		return nil, nil, fmt.Errorf("locking cluster %s: %w", name, err)
	}
	path := filepath.Join(home, name+".lock")
	for {
		file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
		if err != nil {
			return nil, nil, fmt.Errorf("locking cluster %s: %w", name, err)
		}
		lock, killed, err := take(file, name, by)
		if err != nil {
			return nil, nil, errors.Join(err, file.Close())
		}
		if lock.stands() {
			return lock, killed, nil
		}
		// Its holder removed the file between our opening and locking it.
		if err := file.Close(); err != nil {
			return nil, nil, fmt.Errorf("locking cluster %s: %w", name, err)
		}
	}
}

// stands says whether the file that is locked is the one that others will open.
func (l *Lock) stands() bool {
	held, err := l.file.Stat()
	if err != nil {
		return false
	}
	named, err := os.Stat(l.file.Name())
	return err == nil && os.SameFile(held, named)
}

func take(file *os.File, name string, by Holder) (*Lock, *Holder, error) {
	refused := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	last, err := readHolder(file)
	if errors.Is(refused, syscall.EWOULDBLOCK) {
		if last == nil {
			last = &Holder{}
		}
		return nil, nil, HeldError{Name: name, By: *last}
	}
	if err := errors.Join(refused, err); err != nil {
		return nil, nil, fmt.Errorf("locking cluster %s: %w", name, err)
	}
	content, err := json.Marshal(by)
	if err != nil {
		return nil, nil, fmt.Errorf("locking cluster %s: %w", name, err)
	}
	if err := rewrite(file, content); err != nil {
		return nil, nil, fmt.Errorf("locking cluster %s: %w", name, err)
	}
	return &Lock{file: file}, last, nil
}

// readHolder returns nil for a file that is empty or was written in part.
func readHolder(file *os.File) (*Holder, error) {
	content, err := io.ReadAll(file)
	if err != nil {
		return nil, err
	}
	var holder Holder
	if json.Unmarshal(content, &holder) != nil {
		return nil, nil
	}
	return &holder, nil
}

func rewrite(file *os.File, content []byte) error {
	if err := file.Truncate(0); err != nil {
		return err
	}
	_, err := file.WriteAt(content, 0)
	return err
}

// Release gives the name free. A file that somebody put in the place of the lock's is another run's, and stays.
func (l *Lock) Release() error {
	if !l.stands() {
		return l.file.Close()
	}
	return errors.Join(os.Remove(l.file.Name()), l.file.Close())
}
