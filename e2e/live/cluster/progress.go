package cluster

import (
	"fmt"
	"strings"
	"unicode"

	"sigs.k8s.io/kind/pkg/log"
)

// Progress receives one line per step that was begun or finished.
type Progress func(line string)

// kindLog makes kind's log lines lines of progress.
type kindLog struct{ progress Progress }

// line passes on that a step began, " • Preparing nodes 📦  ...", and not that it ended, " ✓ ...": the next one says so.
func (l kindLog) line(format string, arguments ...any) {
	line := strings.TrimSpace(fmt.Sprintf(format, arguments...))
	if line == "" || strings.HasPrefix(line, "✓") {
		return
	}
	line = strings.TrimSpace(strings.TrimSuffix(strings.TrimPrefix(line, "• "), "..."))
	l.progress(strings.TrimRightFunc(line, func(r rune) bool { return r > unicode.MaxLatin1 || r == ' ' }))
}

func (l kindLog) Warn(message string)                    { l.line("kind warns: %s", message) }
func (l kindLog) Warnf(format string, arguments ...any)  { l.line("kind warns: "+format, arguments...) }
func (l kindLog) Error(message string)                   { l.line("kind: %s", message) }
func (l kindLog) Errorf(format string, arguments ...any) { l.line("kind: "+format, arguments...) }
func (l kindLog) V(level log.Level) log.InfoLogger       { return kindInfo{kindLog: l, enabled: level == 0} }

type kindInfo struct {
	kindLog
	enabled bool
}

func (i kindInfo) Info(message string) {
	if i.enabled {
		i.line("%s", message)
	}
}

func (i kindInfo) Infof(format string, arguments ...any) {
	if i.enabled {
		i.line(format, arguments...)
	}
}

func (i kindInfo) Enabled() bool { return i.enabled }
