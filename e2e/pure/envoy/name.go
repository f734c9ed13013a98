package envoy

import (
	"regexp"
	"strings"

	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
)

// matches evaluates a string matcher; decided is false for one that is not evaluated. Envoy's regular expressions
// are RE2 and must match the whole value, which Go's are and can.
// Source: StringMatcher in https://www.envoyproxy.io/docs/envoy/latest/api-v3/type/matcher/v3/string.proto
func matches(m *matcherv3.StringMatcher, value string) (matched, decided bool) {
	fold := func(s string) string {
		if m.GetIgnoreCase() {
			return strings.ToLower(s)
		}
		return s
	}
	value = fold(value)
	switch pattern := m.GetMatchPattern().(type) {
	case *matcherv3.StringMatcher_Exact:
		return value == fold(pattern.Exact), true
	case *matcherv3.StringMatcher_Prefix:
		return strings.HasPrefix(value, fold(pattern.Prefix)), true
	case *matcherv3.StringMatcher_Suffix:
		return strings.HasSuffix(value, fold(pattern.Suffix)), true
	case *matcherv3.StringMatcher_Contains:
		return strings.Contains(value, fold(pattern.Contains)), true
	case *matcherv3.StringMatcher_SafeRegex:
		expression, err := regexp.Compile(`^(?:` + pattern.SafeRegex.GetRegex() + `)$`)
		if err != nil {
			return false, false
		}
		return expression.MatchString(value), true
	default:
		return false, false
	}
}

// holdsName reports whether a certificate for these names satisfies one of the wanted names, each spelled as in SANs:
// "exact:NAME". An empty list of wanted names is satisfied by any certificate. decided is false where a matcher is not
// evaluated.
func holdsName(wanted, names []string) (held, decided bool) {
	if len(wanted) == 0 {
		return true, true
	}
	decided = true
	for _, w := range wanted {
		kind, value, _ := strings.Cut(w, ":")
		for _, name := range names {
			switch kind {
			case "exact":
				held = held || name == value || covers(name, value)
			case "prefix":
				held = held || strings.HasPrefix(name, value)
			case "suffix":
				held = held || strings.HasSuffix(name, value)
			case "contains":
				held = held || strings.Contains(name, value)
			default:
				decided = false
			}
		}
	}
	return held, held || decided
}

// covers reports whether a certificate's wildcard name, *.example.com, is also for the wanted name.
func covers(name, wanted string) bool {
	domain, wild := strings.CutPrefix(name, "*.")
	_, parent, found := strings.Cut(wanted, ".")
	return wild && found && parent == domain
}
