package main

import (
	"bytes"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	"unicode"
)

// output is what was written so far. Its lines are those that a terminal of that output would show.
type output struct {
	mutex sync.Mutex
	bytes bytes.Buffer
}

func (w *output) Write(part []byte) (int, error) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	return w.bytes.Write(part)
}

func (w *output) String() string {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	return w.bytes.String()
}

// lines obeys what the live line is made of: back to the beginning, and clear from there on.
func (w *output) lines() []string {
	lines := []string{""}
	at := 0
	for rest := w.String(); rest != ""; {
		last := &lines[len(lines)-1]
		switch {
		case strings.HasPrefix(rest, "\x1b[K"):
			*last = string([]rune(*last)[:at])
			rest = rest[len("\x1b[K"):]
			continue
		case rest[0] == '\r':
			at = 0
		case rest[0] == '\n':
			lines, at = append(lines, ""), 0
		default:
			one := []rune(rest)[0]
			shown := []rune(*last)
			*last = string(shown[:at]) + string(one)
			if at < len(shown) {
				*last += string(shown[at+1:])
			}
			at++
			rest = rest[len(string(one)):]
			continue
		}
		rest = rest[1:]
	}
	return lines
}

// terminalOf is a console on a terminal of so many columns, and its output.
func terminalOf(columns int) (*console, *output) {
	to := new(output)
	return &console{
		out: to, to: to, together: true, began: time.Now(), closing: make(chan struct{}),
		live: &liveLine{to: to, columns: func() int { return columns }},
	}, to
}

// plainConsole is one without a terminal, and its output.
func plainConsole() (*console, *output) {
	to := new(output)
	return &console{out: to, to: to, together: true, began: time.Now()}, to
}

func wantLines(t *testing.T, to *output, want ...string) {
	t.Helper()
	if got := strings.Join(to.lines(), "\n"); got != strings.Join(want, "\n") {
		t.Errorf("the screen shows\n%s\nwant\n%s\nof %q", got, strings.Join(want, "\n"), to.String())
	}
}

func wantPlain(t *testing.T, to *output) {
	t.Helper()
	for _, r := range to.String() {
		if unicode.IsControl(r) && r != '\n' {
			t.Fatalf("a control character where there is no terminal: %q", to.String())
		}
	}
}

func says(text string) func(time.Time) []piece {
	return func(time.Time) []piece { return []piece{{text: text}} }
}

func TestTheLiveLineStaysBelowWhatIsPrinted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, to := terminalOf(80)
		end := c.show(says("installing Istio"))
		second := func() time.Time { return <-time.After(time.Second) }
		c.draw(second())
		wantLines(t, to, "      1s  installing Istio")
		c.step("product-service is ready")
		wantLines(t, to, "    1.0s  product-service is ready", "")
		also := c.show(says("loading the agent"))
		c.draw(second())
		wantLines(t, to, "    1.0s  product-service is ready", "      2s  installing Istio   loading the agent")
		end()
		c.draw(second())
		wantLines(t, to, "    1.0s  product-service is ready", "      3s  loading the agent")
		also()
		wantLines(t, to, "    1.0s  product-service is ready", "")
		c.draw(second())
		wantLines(t, to, "    1.0s  product-service is ready", "")
	})
}

func TestALiveLineIsDrawnTenTimesASecondAtMost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, to := terminalOf(80)
		defer c.show(says("running a-case"))()
		go c.keepDrawing()
		child, _, _ := c.passages()
		for range 1000 {
			<-time.After(time.Millisecond)
			if _, err := child.Write([]byte("a line\n")); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		if drawn := strings.Count(to.String(), "running a-case"); drawn < 5 || drawn > 10 {
			t.Errorf("it was drawn %d times within a second", drawn)
		}
		c.close()
	})
}

func TestALineThatStandsIsNotDrawnAgain(t *testing.T) {
	c, to := terminalOf(80)
	c.show(says("running a-case"))
	for range 3 {
		c.draw(c.began)
	}
	if drawn := strings.Count(to.String(), "running"); drawn != 1 {
		t.Errorf("it was drawn %d times: %q", drawn, to.String())
	}
}

func TestNothingIsLeftOfALiveLineThatIsClosed(t *testing.T) {
	c, to := terminalOf(80)
	end := c.show(says("running a-case"))
	c.draw(c.began)
	c.step("stopped by SIGINT")
	c.draw(c.began)
	c.close()
	c.draw(c.began)
	wantLines(t, to, "    0.0s  stopped by SIGINT", "")
	end()
	c.close()
	c.step("what is printed after")
	wantLines(t, to, "    0.0s  stopped by SIGINT", "    0.0s  what is printed after", "")
	if strings.Contains(to.String(), "\x1b[?25") {
		t.Errorf("the cursor was hidden or shown: %q", to.String())
	}
}

func TestWithoutATerminalThereIsNoLiveLine(t *testing.T) {
	c, to := plainConsole()
	end := c.show(says("installing Istio"))
	c.draw(c.began.Add(time.Second))
	c.step("a step")
	end()
	c.close()
	if to.String() != "    0.0s  a step\n" {
		t.Errorf("%q", to.String())
	}
}

func TestWhatAChildPrintsIsWholeAndInOrder(t *testing.T) {
	c, to := terminalOf(80)
	end := c.show(says("running a-case"))
	out, errors, ended := c.passages()
	write := func(text string) {
		t.Helper()
		if n, err := out.Write([]byte(text)); n != len(text) || err != nil {
			t.Fatalf("%d, %v", n, err)
		}
		c.draw(c.began)
	}
	if out != errors {
		t.Error("the two streams of one terminal can overtake one another")
	}
	write("Will run 3 specs\n\n•")
	wantLines(t, to, "Will run 3 specs", "", "      0s  running a-case")
	write("•")
	c.step("112 of 220 cases done")
	c.draw(c.began)
	wantLines(t, to, "Will run 3 specs", "", "    0.0s  112 of 220 cases done", "      0s  running a-case")
	write("•\n[FAILED] b\n  because")
	wantLines(t, to, "Will run 3 specs", "", "    0.0s  112 of 220 cases done", "•••", "[FAILED] b", "      0s  running a-case")
	ended()
	ended()
	end()
	wantLines(t, to, "Will run 3 specs", "", "    0.0s  112 of 220 cases done", "•••", "[FAILED] b", "  because", "")
}

func TestAReaderThatIsGoneIsToldToTheChild(t *testing.T) {
	c, _ := plainConsole()
	c.out = broken{}
	out, _, end := c.passages()
	if _, err := out.Write([]byte("a line\n")); err == nil {
		t.Error("a child that nobody reads writes on")
	}
	end()
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errNotBegun }

func TestALineIsCutToItsWidth(t *testing.T) {
	painted := func(text string) string { return "<" + text + ">" }
	pieces := []piece{{text: "running route-weight"}, {"  ≠ 12", painted}, {text: "  ? 0"}}
	for _, test := range []struct {
		width  int
		colour bool
		want   string
	}{
		{80, false, "running route-weight  ≠ 12  ? 0"},
		{80, true, "running route-weight<  ≠ 12>  ? 0"},
		{31, false, "running route-weight  ≠ 12  ? 0"},
		{30, true, "running route-weight<  ≠ 12>  ?…"},
		{25, true, "running route-weight<  ≠ …>"},
		{20, false, "running route-weigh…"},
		{21, true, "running route-weight<…>"},
		{1, false, "…"},
		{0, false, "…"},
		{-1, false, "…"},
	} {
		if got := render(pieces, test.width, test.colour); got != test.want {
			t.Errorf("%d columns, colour %t: %q, want %q", test.width, test.colour, got, test.want)
		}
	}
}

func TestTimesAreSaid(t *testing.T) {
	for took, want := range map[time.Duration][2]string{
		0:                                 {"0s", "0 s"},
		41900 * time.Millisecond:          {"41s", "42 s"},
		time.Minute:                       {"1:00", "1 min"},
		2*time.Minute + 3*time.Second:     {"2:03", "2 min 3 s"},
		time.Hour + time.Minute:           {"1:01:00", "61 min"},
		59*time.Minute + 59*time.Second:   {"59:59", "59 min 59 s"},
		59*time.Second + time.Second*6/10: {"59s", "1 min"},
	} {
		if got := [2]string{clock(took), spoken(took)}; got != want {
			t.Errorf("%s: %q, want %q", took, got, want)
		}
	}
}
