package history

import (
	"fmt"
	"strings"
	"time"

	"mtls.test/conformance/e2e/pure/report"
)

// Headline is the first line: what the run came to, and what is another than before.
func (m Morning) Headline() string {
	verdict := "RED: " + m.redness()
	if m.Green() {
		verdict = fmt.Sprintf("GREEN: %s in %s", count(m.Cases, "case"), count(m.Cells, "cell"))
	}
	if len(m.Changed) == 0 {
		return verdict + "; nothing is another than in the run before"
	}
	var all []string
	for _, change := range m.Changed {
		all = append(all, fmt.Sprintf("%s (%s, before %s)", change.What, orNone(change.After), orNone(change.Before)))
	}
	return verdict + "; another than in the run before: " + strings.Join(all, ", ")
}

// redness says how much is red.
func (m Morning) redness() string {
	var all []string
	if red := m.failures(); red > 0 {
		all = append(all, fmt.Sprintf("%s of %s in %s, for %s", count(red, "failure"), count(m.Cases, "case"), count(m.Cells, "cell"), count(len(m.Red), "cause")))
	}
	if len(m.Missing) > 0 {
		all = append(all, fmt.Sprintf("%d did not run", len(m.Missing)))
	}
	if m.Jobs != "" {
		all = append(all, fmt.Sprintf("a job ended with %s though every case is green: see its log", m.Jobs))
	}
	return strings.Join(all, ", and ")
}

func (m Morning) failures() int {
	failures := 0
	for _, failure := range m.Red {
		failures += len(failure.Cases)
	}
	return failures
}

func count(number int, what string) string {
	if number == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", number, what)
}

func orNone(value string) string {
	if value == "" {
		return "none"
	}
	return value
}

// shownCases is how many cases of a cause are named; the history has the others.
const shownCases = 5

// Markdown is the whole as a person reads it.
func (m Morning) Markdown() string {
	var text strings.Builder
	fmt.Fprintf(&text, "%s\n", m.Headline())
	for _, failure := range m.Red {
		fmt.Fprintf(&text, "\n### %s\n", report.Markdown(failure.Reason))
		fmt.Fprintf(&text, "%s. First seen in run %s of %s", named(failure.Cases), failure.FirstSeen, failure.Since.Format(time.DateOnly))
		if failure.LastGreen != "" {
			fmt.Fprintf(&text, ", last green with commit `%s`", failure.LastGreen)
		}
		text.WriteString(".\n")
		if failure.Rerun != "" {
			fmt.Fprintf(&text, "```sh\n%s\n```\n", failure.Rerun)
		}
	}
	list(&text, "Did not run", withRerun(m.Missing))
	list(&text, "Green again", texts(m.GreenAgain))
	list(&text, "Flaky: verdicts differ on the same ground", texts(m.Flaky))
	var slow []string
	for _, s := range m.Slower {
		slow = append(slow, fmt.Sprintf("%s: %.0f s, %.0f s before", s.Subject, s.Seconds, s.Median))
	}
	list(&text, "Slower", slow)
	return text.String()
}

// withRerun says how a cell that did not run is run.
func withRerun(missing []string) []string {
	var all []string
	for _, what := range missing {
		if cell := ParseCell(what); cell.Istio != "" && !strings.Contains(what, " in ") {
			what += ": " + cell.rerun("")
		}
		all = append(all, what)
	}
	return all
}

func named(cases []Subject) string {
	all := texts(cases[:min(len(cases), shownCases)])
	if further := len(cases) - len(all); further > 0 {
		all = append(all, fmt.Sprintf("%d more", further))
	}
	return strings.Join(all, ", ")
}

func texts(subjects []Subject) []string {
	var all []string
	for _, s := range subjects {
		all = append(all, s.String())
	}
	return all
}

func list(text *strings.Builder, heading string, lines []string) {
	if len(lines) == 0 {
		return
	}
	fmt.Fprintf(text, "\n### %s\n", heading)
	for _, line := range lines {
		fmt.Fprintf(text, "- %s\n", report.Markdown(line))
	}
}

// Badge is the endpoint badge of shields.io (https://shields.io/badges/endpoint-badge).
type Badge struct {
	SchemaVersion int    `json:"schemaVersion"`
	Label         string `json:"label"`
	Message       string `json:"message"`
	Color         string `json:"color"`
}

// Badge says what the run came to.
func (m Morning) Badge() Badge {
	if m.Green() {
		return Badge{1, "mTLS conformance", fmt.Sprintf("%d cases", m.Cases), "brightgreen"}
	}
	return Badge{1, "mTLS conformance", m.redness(), "red"}
}
