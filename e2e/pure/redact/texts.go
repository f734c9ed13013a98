package redact

import (
	"net/netip"
	"strings"
)

// texts rewrites the texts of fields.
type texts struct {
	sentences
	done map[request]string // of this pass
}

// request is a text and its treatment.
type request struct {
	text string
	as   treatment
}

func newTexts() *texts {
	return &texts{sentences: sentences{addresses: newAddresses(), pseudonyms: newPseudonyms(), own: map[string]bool{}}, done: map[request]string{}}
}

// once begins a pass, in which equal texts are seen once.
func (t *texts) once(each func(text string, as treatment) string) func(text string, as treatment) string {
	clear(t.done)
	return func(text string, as treatment) string {
		at := request{text, as}
		instead, known := t.done[at]
		if !known {
			instead = each(text, as)
			t.done[at] = instead
		}
		return instead
	}
}

// learn takes what must be known of all texts before the first is rewritten.
func (t *texts) learn(text string, as treatment) string {
	if as.way == kept {
		t.own[text] = true
		of, _, _ := strings.Cut(text, "@") // the case at a stage of an upgrade
		t.own[of] = true
	}
	for at := 0; at < len(text); {
		part := tokenAt(text, at)
		switch at = part.end; part.form {
		case address:
			if known, err := netip.ParseAddr(text[part.begin:part.end]); err == nil {
				t.addresses.learn(known)
			}
		case gap:
		default:
			t.pseudonyms.take(text[part.begin:part.end])
		}
	}
	return text
}

// meet gives pseudonyms to the names of a field that holds no text.
func (t *texts) meet(text string, as treatment) string {
	if as.way == kept || as.way == asText || as.way == asYAML {
		return text
	}
	instead := t.rewrite(text, as)
	if as.way == asDN {
		t.phrase(text, instead)
	}
	return instead
}

// rewrite is the text of a field with pseudonyms.
func (t *texts) rewrite(text string, as treatment) string {
	switch as.way {
	case kept:
		return text
	case asText:
		return t.sentence(text, as.kind)
	case asNames:
		return t.names(text, as.kind)
	case asMatch:
		return t.match(text, as.kind)
	case asDN:
		return t.distinguished(text, as.kind)
	case asYAML:
		return t.object(text, as.kind)
	}
	switch {
	case text == "":
		return ""
	case as.way == asHash:
		return t.pseudonyms.hash(text)
	}
	return t.pseudonyms.of(text, as.kind)
}
