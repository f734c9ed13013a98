package oracle

import "strings"

// includes reports whether a host, which may begin with a wildcard, holds for all names of another
// (istio/istio pkg/config/host/name.go, SubsetOf).
func includes(host, other string) bool {
	rest, wild := strings.CutPrefix(host, "*")
	return host == other || wild && strings.HasSuffix(strings.TrimPrefix(other, "*"), rest)
}

// matches reports whether one of two hosts includes the other (istio/istio pkg/config/host/name.go, Matches).
func matches(a, b string) bool { return includes(a, b) || includes(b, a) }

// narrower is the one of two hosts that the other includes; found is false where neither does.
func narrower(a, b string) (host string, found bool) {
	if includes(a, b) {
		return b, true
	}
	return a, includes(b, a)
}
