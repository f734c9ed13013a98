package report

import (
	"fmt"
	"io"
	"strings"

	"mtls.test/conformance/e2e/pure/hop"
)

// mostAnnotations is how many GitHub shows of a step.
const mostAnnotations = 10

// WriteAnnotations writes a line for each cause for which cases are not green, which GitHub shows as an annotation
// (https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#setting-an-error-message). A run that is not green
// has one of the whole before them, with its reason, which can be another than that of its cases.
func (r Report) WriteAnnotations(out io.Writer) error {
	if r.Result == hop.Pass {
		return nil
	}
	groups := r.Groups()
	shown := groups[:min(len(groups), mostAnnotations-1)]
	message := line(r.Reason)
	if further := len(groups) - len(shown); further > 0 {
		message += fmt.Sprintf("\n%d more causes are in report.html", further)
	}
	if err := annotate(out, string(r.Result), message); err != nil {
		return err
	}
	for _, g := range shown {
		title := fmt.Sprintf("%s: %s", g.Result, line(g.Cases[0].ID))
		if others := len(g.Cases) - 1; others > 0 {
			title += fmt.Sprintf(" and %d more", others)
		}
		message := line(g.Reason)
		if g.Cases[0].Rerun != "" {
			message += "\nagain: " + line(g.Cases[0].Rerun)
		}
		if err := annotate(out, title, message); err != nil {
			return err
		}
	}
	return nil
}

func annotate(out io.Writer, title, message string) error {
	data := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	property := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
	_, err := fmt.Fprintf(out, "::error title=%s::%s\n", property.Replace(title), data.Replace(message))
	return err
}
