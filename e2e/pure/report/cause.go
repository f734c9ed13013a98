package report

import "regexp"

// Cause is what several failures have in common: a reason without what differs from case to case.
func Cause(reason string) string {
	for _, p := range particular {
		reason = p.pattern.ReplaceAllString(reason, p.instead)
	}
	return reason
}

// particular is what differs: the hop that a reason begins with, and names and numbers of one run.
var particular = []struct {
	pattern *regexp.Regexp
	instead string
}{
	{regexp.MustCompile(`^\S+ -> \S+: `), ""},
	// Of a Deployment, by the alphabet of its hashes (k8s.io/apimachinery/pkg/util/rand, SafeEncodeString).
	{regexp.MustCompile(`\b[a-z0-9-]+-[bcdfghjklmnpqrstvwxz2456789]{8,10}-[bcdfghjklmnpqrstvwxz2456789]{5}\b`), "POD"},
	{regexp.MustCompile(`\b\d{1,3}(\.\d{1,3}){3}(:\d+)?\b`), "ADDRESS"},
	{regexp.MustCompile(`\b[0-9a-f]{12,}\b`), "HASH"},
	{regexp.MustCompile(`\b\d+(\.\d+)?\s?(ms|s|min)\b`), "TIME"},
	{regexp.MustCompile(`\b\d{5,}\b`), "NUMBER"}, // a shorter one can be a status, whose difference matters
}
