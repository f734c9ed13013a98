package kube

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/utils/clock"
)

// LogSource opens the log of one container.
type LogSource interface {
	// Open returns the lines written at or after a time, each with its time stamp before it, and follows the log. An
	// error that wraps ErrLogGone says that the log has ended for good.
	Open(ctx context.Context, since time.Time) (io.ReadCloser, error)
}

// ErrLogGone is returned, wrapped, by a LogSource whose pod was deleted.
var ErrLogGone = errors.New("the pod is gone")

// LogReader receives what a followed log shows, in order and from one goroutine.
type LogReader interface {
	// Line receives a line and the time at which the container runtime took it, by the node's clock. The slice is valid
	// during the call only.
	Line(at time.Time, line []byte)
	// Lost says that a line is missing at this place of the log.
	Lost(at time.Time, why error)
	// Interrupted says that the stream has ended or could not be reopened: nothing is read for now.
	Interrupted(why error)
	// Reopened says that lines are read again, and that some of those written between two times may be missing here,
	// unless Resumed follows: from is the last line read, by the node's clock, and until the reopening, by this machine's.
	Reopened(from, until time.Time)
	// Resumed says that the reopened stream goes on where the last one ended: nothing is missing.
	Resumed()
}

// maxLine bounds one line of a container's log, in bytes.
const maxLine = 1 << 20

// overlap is how much of a log is read again when its stream is reopened. A line of it proves that none is missing. It is
// more than the second to which the API server rounds SinceTime, because the lines of stdout and stderr may be out of order.
const overlap = time.Second

// reopening is how often a stream that ended is opened again: the kubelet is away for seconds when it restarts. After a
// stream that held for reopeningReset the first try is early again.
var reopening = wait.Backoff{Duration: 100 * time.Millisecond, Factor: 2, Jitter: 0.1, Steps: 8, Cap: 5 * time.Second}

const reopeningReset = 30 * time.Second

// follow passes on every line written at or after a time, and reopens the stream when it ends: the kubelet or the API
// server restarted, or the container did. It returns nil when the context ends, and an error where the first stream does
// not open or the log has ended for good. Opened is called once the first stream is open.
//
// The kubelet follows a log through its rotation, but a reopened stream begins in the newest file, and a container that
// restarted has a new log (k8s.io/cri-client pkg/logs ReadLogs). So nothing is missing only where the reopened stream
// repeats the last line that was read.
func follow(ctx context.Context, source LogSource, since time.Time, opened func(), reader LogReader) error {
	stream, err := source.Open(ctx, since)
	if err != nil {
		return err
	}
	opened()
	f := &following{reader: reader, since: since}
	reader.Interrupted(f.read(stream, false))
	delay := reopening.DelayWithReset(clock.RealClock{}, reopeningReset)
	err = delay.Until(ctx, false, true, func(ctx context.Context) (bool, error) {
		stream, err := source.Open(ctx, f.since)
		if errors.Is(err, ErrLogGone) {
			return false, err
		}
		if err == nil {
			reader.Reopened(f.last.at, time.Now())
			err = f.read(stream, true)
		}
		reader.Interrupted(err)
		return false, nil
	})
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// following is what is known of a log between two streams of it.
type following struct {
	reader LogReader
	since  time.Time  // where the next stream begins
	last   readLine   // the last line read
	recent []readLine // lines that a stream from since repeats
}

// readLine is a line that was read, by its time stamp and the digest of its content.
type readLine struct {
	at     time.Time
	digest [sha256.Size]byte
}

// read passes on what a stream brings until it ends, and returns why it did. Of a stream that was opened again it leaves
// out what was read before.
func (f *following) read(stream io.ReadCloser, again bool) error {
	defer func() { _ = stream.Close() }()
	repeated := map[readLine]int{}
	if again {
		for _, line := range f.recent {
			repeated[line]++
		}
	}
	lines := bufio.NewReaderSize(stream, 64<<10)
	for unproven := again; ; {
		raw, cut, err := nextLine(lines)
		if err != nil {
			// What was read of a line without its end is repeated by the next stream.
			return fmt.Errorf("the log stream ended: %w", err)
		}
		at, content, stamped := stampOf(raw)
		if !stamped {
			f.reader.Lost(f.last.at, fmt.Errorf("the kubelet wrote into the log stream: %.200s", raw))
			continue
		}
		line := readLine{at: at, digest: sha256.Sum256(content)}
		if repeated[line] > 0 {
			repeated[line]--
			if unproven && line == f.last {
				unproven = false
				f.reader.Resumed()
			}
			continue
		}
		unproven = false
		f.remember(line)
		if cut {
			f.reader.Lost(at, fmt.Errorf("a line of %s is longer than %d bytes", at.Format(time.RFC3339Nano), maxLine))
			continue
		}
		f.reader.Line(at, content)
	}
}

// remember keeps a line for as long as a reopened stream repeats it.
func (f *following) remember(line readLine) {
	f.last = line
	// The API server takes SinceTime in whole seconds.
	f.since = line.at.Add(-overlap).Truncate(time.Second)
	f.recent = append(f.recent, line)
	// Time stamps of stdout and stderr may go back a little: since may, too.
	old := f.since.Add(-overlap)
	if i := slices.IndexFunc(f.recent, func(l readLine) bool { return !l.at.Before(old) }); i > 0 {
		f.recent = slices.Delete(f.recent, 0, i)
	}
}

// stampOf splits a line with a time stamp of PodLogOptions.Timestamps.
func stampOf(raw []byte) (at time.Time, content []byte, stamped bool) {
	stamp, content, found := bytes.Cut(raw, []byte{' '})
	if !found {
		return time.Time{}, nil, false
	}
	at, err := time.Parse(time.RFC3339Nano, string(stamp))
	return at, content, err == nil
}

// nextLine reads a line. Of one that is longer than maxLine it returns the beginning, and that it was cut.
func nextLine(lines *bufio.Reader) (line []byte, cut bool, err error) {
	for {
		part, err := lines.ReadSlice('\n')
		if room := maxLine + 1 - len(line); len(part) > room {
			part, cut = part[:room], true
		}
		line = append(line, part...)
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		return bytes.TrimSuffix(line, []byte{'\n'}), cut, err
	}
}
