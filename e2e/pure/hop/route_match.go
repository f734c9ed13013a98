package hop

import (
	"slices"
	"strings"
)

// MatchSubject is the part of a request that a route looks at.
type MatchSubject string

// The parts of a request. The pseudo-headers of HTTP/2 are subjects of their own: OfHeader turns their names into these.
const (
	OfPath      MatchSubject = "path" // without the query
	OfMethod    MatchSubject = "method"
	OfAuthority MatchSubject = "authority" // the Host header of HTTP/1.1
	OfScheme    MatchSubject = "scheme"
	OfHeaders   MatchSubject = "header"  // one by name
	OfQuery     MatchSubject = "query"   // one parameter by name
	OfGRPC      MatchSubject = "grpc"    // the request is a call of gRPC, by its content type
	OfSNI       MatchSubject = "sni"     // of a TLS connection that the proxy passes on
	OfAddress   MatchSubject = "address" // that the client connects to, or a range of them
	Unread      MatchSubject = "unread"  // a condition that is not evaluated; Name is its field in Envoy's RouteMatch
)

// MatchKind is how a value is compared.
type MatchKind string

// The kinds of comparison.
const (
	MatchExact         MatchKind = "exact"
	MatchPrefix        MatchKind = "prefix"
	MatchSegmentPrefix MatchKind = "segment-prefix" // whole segments of a path: /a takes /a and /a/b, not /ab
	MatchSuffix        MatchKind = "suffix"
	MatchContains      MatchKind = "contains"
	MatchRegex         MatchKind = "regex" // RE2, of the whole value
	MatchPresent       MatchKind = "present"
	MatchAbsent        MatchKind = "absent"
)

// RouteCondition is one condition on a request.
type RouteCondition struct {
	Of         MatchSubject
	Name       string // of a header, a query parameter or an Unread field
	Kind       MatchKind
	Value      string // none for MatchPresent, MatchAbsent, OfGRPC and Unread
	Not        bool   // the comparison must fail
	IgnoreCase bool   // of the value
}

// OfHeader names the subject of a condition on a header: a pseudo-header such as ":method" is a subject of its own, and
// other names are in lower case, as in HTTP/2.
func OfHeader(name string) (subject MatchSubject, lower string) {
	switch lower = strings.ToLower(name); lower {
	case ":path":
		return OfPath, ""
	case ":method":
		return OfMethod, ""
	case ":authority", "host":
		return OfAuthority, ""
	case ":scheme":
		return OfScheme, ""
	default:
		return OfHeaders, lower
	}
}

// String returns the condition's words: "header x-user not exact jason".
func (c RouteCondition) String() string {
	kind := c.Kind
	if c.Not {
		switch kind {
		case MatchPresent:
			kind = MatchAbsent
		case MatchAbsent:
			kind = MatchPresent
		default:
			kind = "not " + kind
		}
	}
	words := []string{string(c.Of), c.Name, string(kind), c.Value}
	if c.IgnoreCase {
		words = append(words, "ignoring case")
	}
	return strings.Join(slices.DeleteFunc(words, func(word string) bool { return word == "" }), " ")
}

// RouteMatch is what a request must have so that a route takes it: all conditions hold. Without any, every request does.
// Objects and a proxy's configuration spell the same match in the same words, so that the texts can be compared.
// Source: RouteMatch in https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/route/v3/route_components.proto
type RouteMatch []RouteCondition

// String joins the words of the conditions by "; ", the path first and the others sorted, each once. A path prefix "/" is
// left out, for every path has it.
func (m RouteMatch) String() string {
	var paths, others []string
	for _, c := range m {
		switch {
		case c.Of == OfPath && c.Kind == MatchPrefix && c.Value == "/" && !c.Not:
		case c.Of == OfPath:
			paths = append(paths, c.String())
		default:
			others = append(others, c.String())
		}
	}
	slices.Sort(paths)
	slices.Sort(others)
	return strings.Join(slices.Compact(append(paths, others...)), "; ")
}
