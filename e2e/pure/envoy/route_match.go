package envoy

import (
	"encoding/json"
	"maps"
	"slices"

	"mtls.test/conformance/e2e/pure/hop"
)

// fields are the fields of a message that are still to be read.
type fields map[string]json.RawMessage

// take decodes a field, which is then read; an absent one leaves into as it is.
func (f fields) take(name string, into any) error {
	raw, found := f[name]
	if !found {
		return nil
	}
	delete(f, name)
	return json.Unmarshal(raw, into)
}

// The fields that hold a text to compare with.
var (
	pathKinds   = map[string]hop.MatchKind{"path": hop.MatchExact, "prefix": hop.MatchPrefix, "path_separated_prefix": hop.MatchSegmentPrefix, "safe_regex": hop.MatchRegex}
	stringKinds = map[string]hop.MatchKind{"exact": hop.MatchExact, "prefix": hop.MatchPrefix, "suffix": hop.MatchSuffix, "contains": hop.MatchContains, "safe_regex": hop.MatchRegex}
	// Deprecated fields of HeaderMatcher, which mean what string_match does.
	headerKinds = map[string]hop.MatchKind{"exact_match": hop.MatchExact, "prefix_match": hop.MatchPrefix, "suffix_match": hop.MatchSuffix, "contains_match": hop.MatchContains, "safe_regex_match": hop.MatchRegex}
)

// comparisons takes the fields that kinds names, as conditions of no subject yet.
func (f fields) comparisons(kinds map[string]hop.MatchKind) ([]hop.RouteCondition, error) {
	var conditions []hop.RouteCondition
	for _, name := range slices.Sorted(maps.Keys(kinds)) {
		if f[name] == nil {
			continue
		}
		condition := hop.RouteCondition{Kind: kinds[name]}
		if condition.Kind == hop.MatchRegex {
			var expression struct{ Regex string }
			if err := f.take(name, &expression); err != nil {
				return nil, err
			}
			condition.Value = expression.Regex
		} else if err := f.take(name, &condition.Value); err != nil {
			return nil, err
		}
		conditions = append(conditions, condition)
	}
	return conditions, nil
}

// unread makes a condition of each field that has not been read.
func (f fields) unread(of string) []hop.RouteCondition {
	var conditions []hop.RouteCondition
	for _, name := range slices.Sorted(maps.Keys(f)) {
		conditions = append(conditions, hop.RouteCondition{Of: hop.Unread, Name: of + name})
	}
	return conditions
}

// readMatch returns what a route asks of a request. A field that is not evaluated becomes a condition that is Unread.
// Source: RouteMatch in https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/route/v3/route_components.proto
func readMatch(in fields) (hop.RouteMatch, error) {
	in = maps.Clone(in)
	match, err := in.comparisons(pathKinds)
	if err != nil {
		return nil, err
	}
	heedsCase := true
	if err := in.take("case_sensitive", &heedsCase); err != nil {
		return nil, err
	}
	for i := range match {
		match[i].Of, match[i].IgnoreCase = hop.OfPath, !heedsCase
	}
	for field, subject := range map[string]func(string) (hop.MatchSubject, string){
		"headers": hop.OfHeader, "query_parameters": func(name string) (hop.MatchSubject, string) { return hop.OfQuery, name },
	} {
		var named []fields
		if err := in.take(field, &named); err != nil {
			return nil, err
		}
		for _, one := range named {
			conditions, err := readNamed(one, subject)
			if err != nil {
				return nil, err
			}
			match = append(match, conditions...)
		}
	}
	if in["grpc"] != nil {
		delete(in, "grpc")
		match = append(match, hop.RouteCondition{Of: hop.OfGRPC})
	}
	return append(match, in.unread("")...), nil
}

// readNamed reads a HeaderMatcher or a QueryParameterMatcher. One that compares nothing asks that the name is present.
func readNamed(in fields, subject func(name string) (hop.MatchSubject, string)) ([]hop.RouteCondition, error) {
	var name string
	var inverted, ignoresCase, missingIsEmpty bool
	var present *bool
	text := fields{}
	for field, into := range map[string]any{
		"name": &name, "invert_match": &inverted, "present_match": &present, "string_match": &text, "treat_missing_header_as_empty": &missingIsEmpty,
	} {
		if err := in.take(field, into); err != nil {
			return nil, err
		}
	}
	if err := text.take("ignore_case", &ignoresCase); err != nil {
		return nil, err
	}
	conditions, err := text.comparisons(stringKinds)
	if err != nil {
		return nil, err
	}
	older, err := in.comparisons(headerKinds)
	if err != nil {
		return nil, err
	}
	conditions = append(conditions, older...)
	unread := append(in.unread(name+"."), text.unread(name+".string_match.")...)
	switch {
	case present != nil && !*present:
		conditions = append(conditions, hop.RouteCondition{Kind: hop.MatchAbsent})
	case present != nil, len(conditions)+len(unread) == 0:
		conditions = append(conditions, hop.RouteCondition{Kind: hop.MatchPresent})
	}
	for i := range conditions {
		conditions[i].Of, conditions[i].Name = subject(name)
		conditions[i].Not, conditions[i].IgnoreCase = inverted, ignoresCase
	}
	return append(conditions, unread...), nil
}
