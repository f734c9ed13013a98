package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// pseudoTerminal is a terminal of so many columns, and what is shown on it.
func pseudoTerminal(t *testing.T, columns uint16) (terminal, shown *os.File) {
	t.Helper()
	shown, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal("no pseudo terminals here, which devpts gives: ", err)
	}
	t.Cleanup(func() { _ = shown.Close() })
	number, err := unix.IoctlGetInt(int(shown.Fd()), unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(int(shown.Fd()), unix.TIOCSPTLCK, 0)
	}
	if err == nil {
		err = unix.IoctlSetWinsize(int(shown.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: columns})
	}
	if err != nil {
		t.Fatal(err)
	}
	terminal, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal("no pseudo terminals here, which devpts gives: ", err)
	}
	t.Cleanup(func() { _ = terminal.Close() })
	return terminal, shown
}

// until reads on until it has read a text, and returns all that it read.
func until(t *testing.T, from io.Reader, text string) string {
	t.Helper()
	var read strings.Builder
	part := make([]byte, 256)
	for !strings.Contains(read.String(), text) {
		n, err := from.Read(part)
		if err != nil {
			t.Fatalf("%v after %q", err, read.String())
		}
		read.Write(part[:n])
	}
	return read.String()
}

func TestALiveLineOnATerminal(t *testing.T) {
	t.Setenv("TERM", "xterm")
	t.Setenv("NO_COLOR", "1")
	terminal, shown := pseudoTerminal(t, 40)
	c := newConsole(terminal, terminal)
	if !c.lively() || !c.together {
		t.Fatalf("a terminal for both streams: live line %t, together %t", c.lively(), c.together)
	}
	end := c.show(says("a line that is longer than the terminal is wide"))
	if read, want := until(t, shown, "\x1b[K"), "\r      0s  a line that is longer than t…\x1b[K"; read != want {
		t.Errorf("it reads %q, want %q", read, want)
	}
	c.step("a step")
	if read, want := until(t, shown, "\n"), "\r\x1b[K    0."; !strings.HasPrefix(read, want) || !strings.HasSuffix(read, "s  a step\r\n") {
		t.Errorf("it reads %q, want it to begin with %q", read, want)
	}
	until(t, shown, "longer")
	c.close()
	if read := until(t, shown, "\r\x1b[K"); !strings.HasSuffix(read, "\r\x1b[K") {
		t.Errorf("it ends with %q", read)
	}
	end()
}

func TestALiveLineIsForTerminalsAlone(t *testing.T) {
	terminal, _ := pseudoTerminal(t, 80)
	log, err := os.Create(t.TempDir() + "/log")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = log.Close() })
	for _, test := range []struct {
		name, term     string
		stdout, stderr *os.File
		want, together bool
	}{
		{"both are a terminal", "xterm", terminal, terminal, true, true},
		{"a terminal that can do nothing", "dumb", terminal, terminal, false, true},
		{"stdout goes on through a pipe or into a file", "xterm", log, terminal, false, false},
		{"stderr does", "xterm", terminal, log, false, false},
		{"both do", "xterm", log, log, false, true},
	} {
		t.Setenv("TERM", test.term)
		c := newConsole(test.stdout, test.stderr)
		if c.lively() != test.want || c.together != test.together {
			t.Errorf("%s: live line %t, together %t", test.name, c.lively(), c.together)
		}
		c.close()
	}
}

func TestTheWidthOfATerminal(t *testing.T) {
	terminal, _ := pseudoTerminal(t, 132)
	if got := columns(terminal); got != 132 {
		t.Errorf("%d columns, want 132", got)
	}
	unknown, _ := pseudoTerminal(t, 0)
	if got := columns(unknown); got != 80 {
		t.Errorf("%d columns where the terminal tells none, want 80", got)
	}
}
