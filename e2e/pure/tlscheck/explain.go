package tlscheck

import (
	"cmp"
	"fmt"
	"io"
	"strings"

	"mtls.test/conformance/e2e/pure/explain"
	"mtls.test/conformance/e2e/pure/oracle"
)

// Explained is Istio's answer for a hop beside the path that the guide's chart has for it.
type Explained struct {
	Hop
	Host     string
	Policies []oracle.Policy // in force, and those that do not count
	Chart    oracle.ChartPath
	Differs  string // how that is not Istio's answer
}

// Write prints the answer with the object that decided each step and the lines of it that did, then the chart's path, and what to do
// where the hop is refused.
func (e Explained) Write(to io.Writer) error {
	var text strings.Builder
	line := func(name, format string, arguments ...any) {
		fmt.Fprintf(&text, "  %-12s%s\n", name, fmt.Sprintf(format, arguments...))
	}
	endpoint := cmp.Or(e.Endpoint, "no endpoint")
	fmt.Fprintf(&text, "%s -> %s:%d (%s): %s\n", e.Client, e.Host, e.Port, endpoint, e.Status)
	line("server", "%s, by %s (%s)", cell(string(e.Asked.Server.Mode)), cmp.Or(e.Asked.Server.Policy, "no policy"), cell(string(e.Asked.Server.Rule)))
	line("client", "%s, by %s (%s)", cell(string(e.Asked.Client.Mode)), cmp.Or(e.Asked.Client.Object, "no rule"), cell(string(e.Asked.Client.Rule)))
	line("so", "%s: %s", e.asked(), e.Asked.Why)
	for i, rule := range e.Asked.Rules {
		line(heading(i, "rules"), "%s", rule)
	}
	writePolicies(line, e.Policies)
	if c := e.Configured; c != nil {
		line("proxies", "%s: %s", c.text(), cmp.Or(c.Missing, c.Why))
	}
	if o := e.Observed; o != nil {
		line("probe", "%s", o.text())
	}
	for i, edge := range e.Chart.Edges {
		line(heading(i, "guide"), "%s", edge)
	}
	switch {
	case e.Chart.Stuck != "":
		line("", "it has no way on from %q", e.Chart.Stuck)
	case e.Chart.Step != "":
		line("", "%q, by %s; it ends at: %s", e.Chart.Step, cmp.Or(e.Chart.Object, "no object"), e.Chart.End)
	default:
		line("", "it ends at: %s", e.Chart.End)
	}
	if e.Differs != "" {
		line("differs", "%s", e.Differs)
	}
	if cause := explain.Find(string(e.refusal())); cause != nil {
		line("hint", "%s (%s)", cause.Mend, cause.ID)
	}
	_, err := io.WriteString(to, text.String())
	return err
}

// heading is printed only before the first of several lines.
func heading(i int, name string) string {
	if i == 0 {
		return name
	}
	return ""
}
