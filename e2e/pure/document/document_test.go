package document

import (
	"strings"
	"testing"
	"testing/fstest"
)

func TestAPageHasNoCharacterThatCannotBeSeen(t *testing.T) {
	page := Parse("p.html", fstest.MapFS{"p.html": {Data: []byte("{{.}}\n\t.")}}, nil)
	var out strings.Builder
	if err := Write(&out, page, "a\x00\x1b\r\u0085\u202e\u2066é<"); err != nil {
		t.Fatal(err)
	}
	if want := "a" + strings.Repeat("\ufffd", 6) + "é&lt;\n\t."; out.String() != want {
		t.Errorf("%q, want %q", out.String(), want)
	}
}
