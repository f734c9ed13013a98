package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/verdict"
)

// junitText bounds what one failure may write into junit.xml, in bytes: raw evidence stays in the artifacts.
const junitText = 10 << 10

type junitSuite struct {
	XMLName  xml.Name    `xml:"testsuite"`
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Errors   int         `xml:"errors,attr"`
	Skipped  int         `xml:"skipped,attr"`
	Time     float64     `xml:"time,attr"`
	Cases    []junitCase `xml:"testcase"`
}

type junitCase struct {
	Name    string      `xml:"name,attr"`
	Class   string      `xml:"classname,attr"`
	Time    float64     `xml:"time,attr"`
	Failure *junitNotOK `xml:"failure,omitempty"`
	Error   *junitNotOK `xml:"error,omitempty"`
	Skipped *junitNotOK `xml:"skipped,omitempty"`
}

type junitNotOK struct {
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

// WriteJUnit writes junit.xml: FAIL and MISMATCH are failures, INCONCLUSIVE is an error. A run that ended before its
// first case has one test case of its own, so that a reader of JUnit sees red.
func (r Report) WriteJUnit(out io.Writer) error {
	s := r.Summary
	suite := junitSuite{
		Name: "mtls-conformance", Tests: len(r.Cases), Failures: s.Fail + s.Mismatch, Errors: s.Inconclusive,
		Skipped: s.Skipped, Time: r.Durations.TotalSeconds,
	}
	for _, c := range r.Cases {
		suite.Cases = append(suite.Cases, caseOf(c))
	}
	for _, m := range r.Mutants {
		test := junitCase{Name: MutantText(m.ID, m.Title), Class: "mtls-conformance-mutants", Time: m.Seconds}
		told := &junitNotOK{Message: string(m.Result) + ": " + m.Reason}
		suite.Tests++
		switch m.Result {
		case verdict.Killed:
		case verdict.Survived:
			test.Failure = told
			suite.Failures++
		default:
			test.Error = told
			suite.Errors++
		}
		suite.Cases = append(suite.Cases, test)
	}
	if r.Result != hop.Pass && suite.Failures+suite.Errors == 0 {
		suite.Tests++
		suite.Errors++
		suite.Cases = append(suite.Cases, junitCase{Name: "run", Class: "mtls-conformance", Error: &junitNotOK{Message: r.Reason}})
	}
	if _, err := io.WriteString(out, xml.Header); err != nil {
		return err
	}
	encoder := xml.NewEncoder(out)
	encoder.Indent("", "  ")
	if err := encoder.Encode(suite); err != nil {
		return err
	}
	_, err := io.WriteString(out, "\n")
	return err
}

func caseOf(c Case) junitCase {
	test := junitCase{Name: c.ID + ": " + c.Title, Class: "mtls-conformance", Time: c.Seconds}
	told := &junitNotOK{Message: c.Reason, Text: details(c)}
	switch c.Result {
	case hop.Pass:
	case hop.Skipped:
		test.Skipped = told
	case hop.Fail, hop.Mismatch:
		test.Failure = told
	default:
		test.Error = told
	}
	return test
}

func details(c Case) string {
	var text strings.Builder
	for _, check := range c.Checks {
		if check.Result != hop.Pass {
			fmt.Fprintf(&text, "step %d, %s, wanted %s: %s %s\n", check.Step, check.Hop, check.Want, check.Result, check.Reason)
		}
	}
	return strings.ToValidUTF8(text.String()[:min(text.Len(), junitText)], "")
}
