// Package document is the frame of a page that is one file: its markup, style and script stand in it, under a policy by which a
// browser loads and runs nothing else. It has light and dark colours, badges for results, and locks.
package document

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"io"
	"io/fs"
	"strings"
	"unicode"
)

var (
	//go:embed document.html
	markup string
	//go:embed document.css
	style string
	//go:embed document.js
	script string
)

// Frame is what stands around the content of a page.
type Frame struct {
	Title  string
	Policy string // Content-Security-Policy
	Style  template.CSS
	Script template.JS
}

// NewFrame returns the frame of a page that has a style and a script of its own beside the document's. Both are files of the
// program, never of a mesh.
func NewFrame(title, ownStyle, ownScript string) Frame {
	allStyle, allScript := style+ownStyle, script+ownScript
	return Frame{
		Title:  title,
		Policy: "default-src 'none'; style-src '" + hash(allStyle) + "'; script-src '" + hash(allScript) + "'",
		Style:  template.CSS(allStyle),
		Script: template.JS(allScript),
	}
}

// hash is that of an element's text in a Content-Security-Policy (https://www.w3.org/TR/CSP3/#match-element-to-source-list).
func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

// Parse parses the templates of a page, *.html. The page begins with the template "begin" and finishes with "end", each of the Frame.
// The template "mark" is a badge of the symbol of a result alone, by the page's functions lower, its class, and symbol. It panics where
// one cannot be parsed.
func Parse(page string, files fs.FS, funcs template.FuncMap) *template.Template {
	all := template.Must(template.New("document").Funcs(funcs).Parse(markup))
	return template.Must(all.ParseFS(files, "*.html")).Lookup(page)
}

// Write writes a page. What can be neither seen nor read aloud stands in it as U+FFFD: a mesh may name things with characters that end a
// line of a terminal or turn the direction of what is around them.
func Write(out io.Writer, page *template.Template, data any) error {
	var text strings.Builder
	if err := page.Execute(&text, data); err != nil {
		return err
	}
	_, err := io.WriteString(out, strings.Map(visible, text.String()))
	return err
}

func visible(r rune) rune {
	if unicode.IsControl(r) && r != '\n' && r != '\t' || unicode.Is(unicode.Bidi_Control, r) {
		return unicode.ReplacementChar
	}
	return r
}
