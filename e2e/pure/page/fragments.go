package page

import (
	"html/template"
	"strings"
)

// fragments are pieces of the page that many places share. Each stands once in a template element, and the page's script puts it where a
// reader opens a case. Where something is wrong it stands in its place already.
type fragments struct {
	numbers map[template.HTML]int
	All     []template.HTML
}

// number is that of a piece, by which the script finds it.
func (f *fragments) number(piece template.HTML) int {
	number, known := f.numbers[piece]
	if !known {
		number = len(f.All)
		f.numbers[piece] = number
		f.All = append(f.All, piece)
	}
	return number
}

// drawn executes a template of the page. Its output was escaped there.
func drawn(name string, data any) (template.HTML, error) {
	var text strings.Builder
	err := pageTemplate.ExecuteTemplate(&text, name, data)
	return template.HTML(strings.TrimSpace(text.String())), err
}

// pieces are what a case or a check shows when it is looked at closely: in their place, or by their numbers.
type pieces struct {
	InPlace []template.HTML
	Numbers []int
}

// shown are pieces, in their place or not.
func (f *fragments) shown(inPlace bool, all []template.HTML) pieces {
	if inPlace {
		return pieces{InPlace: all}
	}
	var p pieces
	for _, piece := range all {
		p.Numbers = append(p.Numbers, f.number(piece))
	}
	return p
}
