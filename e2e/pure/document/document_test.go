package document

import (
	"html/template"
	"strings"
	"testing"
	"testing/fstest"
)

func TestAPageHasNoCharacterThatCannotBeSeen(t *testing.T) {
	page := Parse("p.html", fstest.MapFS{"p.html": {Data: []byte("{{.}}\n\t.")}}, words)
	var out strings.Builder
	if err := Write(&out, page, "a\x00\x1b\r\u0085\u202e\u2066é<"); err != nil {
		t.Fatal(err)
	}
	if want := "a" + strings.Repeat("\ufffd", 6) + "é&lt;\n\t."; out.String() != want {
		t.Errorf("%q, want %q", out.String(), want)
	}
}

// words are the functions that a page gives for what it says of results.
var words = template.FuncMap{"lower": strings.ToLower, "symbol": func(string) string { return "≠" }}

func TestAMarkIsASymbolWithTheResultUnseen(t *testing.T) {
	page := Parse("p.html", fstest.MapFS{"p.html": {Data: []byte(`{{template "mark" .}}`)}}, words)
	const want = `<span class="badge mismatch"><span aria-hidden="true">≠</span><span class="unseen">MISMATCH</span></span>`
	var out strings.Builder
	if err := Write(&out, page, "MISMATCH"); err != nil || out.String() != want {
		t.Errorf("%v: %s, want %s", err, out.String(), want)
	}
}
