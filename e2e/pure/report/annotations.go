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
// for another reason has one line.
func (r Report) WriteAnnotations(out io.Writer) error {
	groups := r.Groups()
	if len(groups) == 0 && r.Result != hop.Pass {
		return annotate(out, string(r.Result), line(r.Reason))
	}
	for _, g := range groups[:min(len(groups), mostAnnotations)] {
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
