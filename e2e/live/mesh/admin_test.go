package mesh

import (
	"io"
	"strings"
	"testing"
)

// endless is an answer without end.
type endless struct{ read int64 }

func (e *endless) Read(p []byte) (int, error) {
	e.read += int64(len(p))
	return len(p), nil
}

func TestAnAnswerIsReadToItsBoundAndNoFurther(t *testing.T) {
	answer := new(endless)
	err := bounded(io.Discard, answer, "/config_dump")
	if err == nil || !strings.Contains(err.Error(), "the answer to /config_dump is longer than 64 MiB") {
		t.Errorf("got %v", err)
	}
	if answer.read > maxAnswer+(1<<20) {
		t.Errorf("%d bytes were read", answer.read)
	}
	if err := bounded(io.Discard, strings.NewReader("{}"), "/certs"); err != nil {
		t.Error(err)
	}
}
