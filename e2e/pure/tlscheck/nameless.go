package tlscheck

import (
	"strings"
	"unicode"
)

// anyReason is the reason without the names of the hop's own ends, so that hops are alike which differ in nothing else.
func (h Hop) anyReason() string {
	reason := nameless(h.Reason, h.Client, "the client")
	reason = nameless(reason, string(h.Asked.Identities.Client), "the client's identity")
	return nameless(reason, h.end(), "the endpoint")
}

// nameless puts a word in the places of a workload's name. An object may have the same name: it has its kind before it, and keeps it.
func nameless(text, name, word string) string {
	if name == "" || !strings.Contains(text, name) {
		return text
	}
	parts := strings.Split(text, " ")
	for i, part := range parts {
		kind := i > 0 && parts[i-1] != "" && unicode.IsUpper(rune(parts[i-1][0]))
		if !kind && strings.Trim(part, `,;:.()"`) == name {
			parts[i] = strings.Replace(part, name, word, 1)
		}
	}
	return strings.Join(parts, " ")
}
