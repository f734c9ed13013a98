package redact

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// place is a word of a text, with what is before and behind it.
type place struct{ before, word, behind string }

// joined tells whether the word is part of something that a name is made of: a host, a path, NAMESPACE/NAME, an address of mail.
func (p place) joined() bool {
	return endsWith(p.before, '/') || begins(p.behind, '/') || endsWith(p.before, '@') || begins(p.behind, '@') || p.label()
}

// label tells whether the word is a label of a name with dots.
func (p place) label() bool {
	if before, dot := strings.CutSuffix(p.before, "."); dot {
		last, _ := utf8.DecodeLastRuneInString(before)
		if inWord(last) || strings.ContainsRune("*_]}", last) && before != "" {
			return true
		}
	}
	behind, dot := strings.CutPrefix(p.behind, ".")
	next, _ := utf8.DecodeRuneInString(behind)
	return dot && inWord(next) && tokenAt(behind, 0).form != number
}

// cues are words behind which a name stands.
var cues = words("namespace namespaces subset subsets workload pod node revision account secret header query exact prefix suffix contains regex")

// pointedAt tells whether something before or behind the word says that it is a name.
func (p place) pointedAt() bool {
	for _, quote := range []byte("\"'`") {
		if endsWith(p.before, quote) && begins(p.behind, quote) {
			return true
		}
	}
	port, colon := strings.CutPrefix(p.behind, ":")
	if colon && port != "" && port[0] >= '0' && port[0] <= '9' || strings.HasPrefix(p.behind, " ->") || strings.HasSuffix(p.before, "-> ") || endsWith(p.before, '=') {
		return true
	}
	before, space := strings.CutSuffix(p.before, " ")
	return space && cues[strings.ToLower(tail(strings.TrimSuffix(before, ":"), inWord))]
}

// structural tells whether the word is one of those that names of the mesh are put together with, at its place.
func (p place) structural() bool {
	switch p.word {
	case "cluster":
		return strings.HasPrefix(p.behind, ".local")
	case "local":
		return strings.HasSuffix(p.before, "cluster.")
	case "svc":
		return endsWith(p.before, '.')
	case "ns", "sa":
		return begins(p.behind, '/')
	case "outbound", "inbound":
		return strings.HasPrefix(p.behind, "_.")
	}
	return schemes[p.word] && begins(p.behind, ':')
}

// schemes are those of addresses, of Istio's references to secrets, and of the kinds of match on a SAN.
var schemes = words("spiffe http https kubernetes file-cert file-root exact prefix suffix contains regex")

// kind is what the word names, by its place; otherwise where that does not tell.
func (p place) kind(otherwise string) string {
	if namespace, slash := strings.CutSuffix(p.before, "/"); slash {
		namespace = strings.TrimSuffix(namespace, tail(namespace, func(r rune) bool { return r != ' ' && r != '/' }))
		if of := tail(strings.TrimSuffix(namespace, " "), unicode.IsLetter); of != "" && unicode.IsUpper(rune(of[0])) && knows(of) {
			return strings.ToLower(of)
		}
	}
	switch {
	case strings.HasSuffix(p.before, "ns/") || strings.HasPrefix(p.behind, ".svc"):
		return "namespace"
	case strings.HasSuffix(p.before, "sa/"):
		return "account"
	case p.label() && strings.Contains(p.behind, ".svc"):
		return "service"
	case p.label() || strings.HasSuffix(p.before, "://"):
		return "domain"
	case begins(p.behind, '/') && !endsWith(p.before, '/'):
		return "namespace"
	}
	return otherwise
}

// tail is what a text ends with, as far as all of it is of a kind.
func tail(text string, of func(rune) bool) string {
	begin := len(text)
	for begin > 0 {
		last, size := utf8.DecodeLastRuneInString(text[:begin])
		if !of(last) {
			break
		}
		begin -= size
	}
	return text[begin:]
}

func begins(text string, with byte) bool { return text != "" && text[0] == with }

func endsWith(text string, with byte) bool { return text != "" && text[len(text)-1] == with }
