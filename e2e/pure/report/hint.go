package report

import (
	"fmt"
	"io"

	"mtls.test/conformance/e2e/pure/explain"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/verdict"
)

// CauseOf is the id of what explains a check that is not green (package explain); empty of one that is, and where nothing does.
func CauseOf(check verdict.Check) string {
	switch {
	case check.Result == hop.Pass || check.Result == hop.Skipped:
		return ""
	case check.Finding != "":
		return string(check.Finding)
	case check.Result == hop.Inconclusive:
		return "inconclusive"
	case check.Result == hop.Mismatch && pastTheProxy(check):
		return "past-the-proxy"
	case check.Result == hop.Mismatch:
		return "mismatch"
	}
	for _, source := range []hop.Source{hop.Client, hop.Probe, hop.Server, hop.Wire, hop.Application} {
		switch seen := check.Observers.By(source); {
		case seen == nil || seen.Missing != "":
		case seen.Refusal != "" && seen.Refusal != check.Cause:
			return string(seen.Refusal)
		case seen.Says == hop.Plaintext && check.Want != hop.Plaintext:
			return string(hop.Plaintext)
		}
	}
	return ""
}

// pastTheProxy tells whether a connection came to the server's pod and not to its proxy, which was watched: plaintext on the wire, a request
// that the application has, or TLS that whoever answered does not speak.
func pastTheProxy(check verdict.Check) bool {
	if !says(check, hop.Server, hop.Absent) {
		return false
	}
	came := says(check, hop.Wire, hop.Plaintext)
	for _, source := range []hop.Source{hop.Client, hop.Probe} {
		seen := check.Observers.By(source)
		came = came || seen != nil && seen.Missing == "" && seen.Refusal == hop.NotTLS
	}
	application := check.Observers.Application
	return came || application != nil && application.Missing == "" && application.Says != hop.Absent
}

func says(check verdict.Check, source hop.Source, what hop.Outcome) bool {
	seen := check.Observers.By(source)
	return seen != nil && seen.Missing == "" && seen.Says == what
}

// Explained is what explains the group, by the checks of its first case that have its result; nil where nothing does.
func (g Group) Explained() *explain.Cause {
	for _, check := range g.Cases[0].Checks {
		if check.Result != g.Result {
			continue
		}
		if cause := explain.Find(CauseOf(check)); cause != nil {
			return cause
		}
	}
	if g.Result == hop.Inconclusive {
		return explain.Find("inconclusive")
	}
	return nil
}

// writeHints says of each cause what can be done, once for each kind of it.
func (r Report) writeHints(out io.Writer) error {
	told := map[string]bool{}
	for _, g := range r.Groups() {
		cause := g.Explained()
		if cause == nil || told[cause.ID] {
			continue
		}
		told[cause.ID] = true
		if _, err := fmt.Fprintf(out, "\n%s (%s): %s\n  %s\n", cause.Title, cause.ID, cause.Comes, cause.Mend); err != nil {
			return err
		}
	}
	return nil
}
