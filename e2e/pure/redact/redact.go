// Package redact takes out of a report whatever names a mesh, so that it can be shown in public: names, addresses, SANs and what else is
// somebody's own become pseudonyms, one for each and always the same. It denies by default. A field that is not declared says nothing, and
// a word of a text stays only where it is one that the suite, Istio, Envoy, Kubernetes or Go say by themselves (words.txt, terms.txt), or a
// name that everybody has (customary). What is no name stays: results, versions of Istio, Kubernetes, Envoy and the suite, ports, times,
// the ids and titles of cases, mutants, stages and rows of the suite's catalogue.
package redact

import (
	"reflect"

	"mtls.test/conformance/e2e/pure/history"
	"mtls.test/conformance/e2e/pure/report"
)

// Report is a report with pseudonyms, and the lines of a history with the same ones. What is given stays as it is, and the same gives the
// same. The pseudonyms of each kind are counted in the order in which the report has the names; none is a word of what is given.
func Report(r report.Report, past []history.Line) (report.Report, []history.Line) {
	type both struct {
		Report report.Report
		Past   []history.Line
	}
	given := reflect.ValueOf(both{r, past})
	t := newTexts()
	rewritten(given, whole, rewriter{t.once(t.learn), t.addresses.learn})
	// All names are known before the first text is rewritten, those of fields before those of texts: a word of a text can be a name elsewhere.
	rewritten(given, whole, rewriter{t.once(t.meet), t.addresses.of})
	rewritten(given, whole, rewriter{t.once(t.rewrite), t.addresses.of})
	done := rewritten(given, whole, rewriter{t.once(t.rewrite), t.addresses.of}).Interface().(both)
	return done.Report, done.Past
}
