package redact

import (
	"regexp"
	"strings"
)

// version rewrites what is in a version beside numbers, hashes and what publishers add.
func (s *sentences) version(text string) string {
	return versionParts.ReplaceAllStringFunc(text, func(part string) string {
		if ofVersion.MatchString(part) {
			return part
		}
		return s.pseudonyms.of(part, "version")
	})
}

var (
	versionParts = regexp.MustCompile(`[0-9A-Za-z]+`)
	ofVersion    = regexp.MustCompile(`^(v?\d+|[0-9a-f]{7,40}|(alpha|beta|rc|gke|eks|aks|k3s|rke2r|debug|distroless|dev|dirty)\d*|istio|kubernetes|envoy|to|TLSv\d|http|HTTP|v\d+(alpha|beta)\d+)$`)
)

// run rewrites the random parts of an id of a run, TIME-MARK or TIME-MARK-MARK, and what follows it: -NUMBER-CASE, and what of the case.
func (s *sentences) run(text string) string {
	parts := strings.Split(text, "-")
	at := 2 // behind the date and the time
	for ; at < len(parts) && !digits.MatchString(parts[at]); at++ {
		parts[at] = s.pseudonyms.mark(parts[at])
	}
	for at < len(parts) && digits.MatchString(parts[at]) {
		at++
	}
	for end := len(parts); end > at; end-- {
		if s.own[strings.Join(parts[at:end], "-")] {
			at = end
		}
	}
	for ; at < len(parts); at++ {
		if !digits.MatchString(parts[at]) && !knows(parts[at]) {
			parts[at] = s.pseudonyms.of(parts[at], "name")
		}
	}
	return strings.Join(parts, "-")
}

var digits = regexp.MustCompile(`^\d+$`)
