package redact

import (
	"net/netip"
	"regexp"
	"slices"
	"strings"
)

// sentences rewrites names and what they are in.
type sentences struct {
	addresses  *addresses
	pseudonyms *pseudonyms
	own        map[string]bool // texts of fields that stay, such as ids of cases: they stay in sentences too
	phrases    []phrase        // the longest first
}

// phrase is a name with spaces or commas in it, which cannot be told from what is around it, and what stands for it.
type phrase struct{ name, instead string }

func (s *sentences) phrase(name, instead string) {
	if !strings.ContainsAny(name, " ,") {
		return
	}
	place, _ := slices.BinarySearchFunc(s.phrases, name, func(known phrase, name string) int { return len(name) - len(known.name) })
	s.phrases = slices.Insert(s.phrases, place, phrase{name, instead})
}

// names rewrites all but what is customary, and what holds names together.
func (s *sentences) names(text, kind string) string { return s.rewritten(text, kind, place.structural) }

// sentence rewrites a text of the suite or of others. Words stay that are known, unless their place says that they are names.
func (s *sentences) sentence(text, kind string) string {
	return s.rewritten(text, kind, func(at place) bool {
		known := knows(at.word) || s.own[at.word]
		switch {
		case at.structural() || s.known(at):
			return true
		case at.joined():
			return false
		case s.pseudonyms.has(at.word):
			return known && !at.pointedAt()
		}
		return known
	})
}

// known tells whether a word is part of a name with dots, slashes and the like that is known.
func (s *sentences) known(at place) bool {
	end := strings.IndexFunc(at.behind, func(r rune) bool { return !inCompound(r) })
	if end < 0 {
		end = len(at.behind)
	}
	whole := strings.Trim(tail(at.before, inCompound)+at.word+at.behind[:end], "./-@_")
	if whole == at.word {
		return false
	}
	if s.own[whole] || knows(whole) {
		return true
	}
	if !families.MatchString(whole) && !apiGroups.MatchString(whole) {
		return false
	}
	named := families.MatchString(whole) // a service could bear such a name too
	return !slices.ContainsFunc(strings.FieldsFunc(whole, func(r rune) bool { return strings.ContainsRune("./_", r) }), func(word string) bool {
		return !knows(word) || named && s.pseudonyms.has(word)
	})
}

func inCompound(r rune) bool { return inWord(r) || strings.ContainsRune("@./_-", r) }

var (
	// families are Envoy's names of filters and counters, and paths of fields.
	families = regexp.MustCompile(`^(?:ssl|envoy|http1|spec|status|metadata|google|type\.googleapis\.com/(?:envoy|istio|google|stats|udpa|xds))\.`)
	// apiGroups are those of Istio and Kubernetes, with or without a kind before and a version or a field behind.
	apiGroups = regexp.MustCompile(`(?:^|\.)(?:istio|k8s)\.io(?:/|$)`)
)

// rewritten rewrites the parts of a text. A word stays where it is customary, or where a function says so.
func (s *sentences) rewritten(text, kind string, stays func(place) bool) string {
	var out strings.Builder
	for at := 0; at < len(text); {
		if found := slices.IndexFunc(s.phrases, func(one phrase) bool { return strings.HasPrefix(text[at:], one.name) }); found >= 0 {
			out.WriteString(s.phrases[found].instead)
			at += len(s.phrases[found].name)
			continue
		}
		part := tokenAt(text, at)
		out.WriteString(s.part(place{text[:part.begin], text[part.begin:part.end], text[part.end:]}, part.form, kind, stays))
		at = part.end
	}
	return out.String()
}

func (s *sentences) part(at place, as form, kind string, stays func(place) bool) string {
	switch as {
	case word:
		if customary[at.word] || stays(at) {
			return at.word
		}
		return s.pseudonyms.of(at.word, at.kind(kind))
	case address:
		known, err := netip.ParseAddr(at.word)
		if err != nil {
			return s.pseudonyms.of(at.word, kind)
		}
		return s.addresses.of(known).String()
	case hash:
		return s.pseudonyms.hash(at.word)
	case version:
		return s.version(at.word)
	case run:
		return s.run(at.word)
	case cluster:
		parts := strings.SplitN(at.word, "|", 4)
		return strings.Join([]string{parts[0], parts[1], s.names(parts[2], "subset"), s.names(parts[3], "service")}, "|")
	case policyOf:
		return policyParts.ReplaceAllStringFunc(at.word, func(part string) string {
			key, name, _ := strings.Cut(strings.TrimSuffix(part, "]"), "[")
			return key + "[" + s.names(name, policyKinds[key]) + "]"
		})
	}
	return at.word
}

var (
	policyParts = regexp.MustCompile(`\w+\[[^\]]*\]`)
	policyKinds = map[string]string{"ns": "namespace", "policy": "policy", "rule": "rule"}
)
