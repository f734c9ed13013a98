package page

import (
	"slices"
	"unicode/utf8"
)

// The measures of texts in a picture, in units of its view box.
const (
	letterWide = 8.2 // of a text of 12 units, more or less
	textApart  = 12
	rowTall    = 16
)

// note is a text of a picture, with a second line where it needs one. X is its begin, Y the foot of its first line.
type note struct {
	X            float64
	Y            int
	Text, Second string
	Strong       bool
}

func (n note) wide() float64 {
	return letterWide * float64(max(utf8.RuneCountInString(n.Text), utf8.RuneCountInString(n.Second)))
}

// rowsOf puts notes, which are in the order of their X, in rows in which none lies on another, and moves what would end beyond the
// picture. The rows fill from the right to the left: then a line from a note past the rows before its own crosses no other note.
func rowsOf(notes []note, end float64) (inRow []int, rows int) {
	inRow = make([]int, len(notes))
	var begins []float64 // of the leftmost note of each row
	for i, n := range slices.Backward(notes) {
		begin := max(min(n.X, end-n.wide()), 0)
		row := slices.IndexFunc(begins, func(next float64) bool { return begin+n.wide()+textApart <= next })
		if row < 0 {
			row = len(begins)
			begins = append(begins, begin)
		}
		notes[i].X, begins[row], inRow[i] = begin, begin, row
	}
	return inRow, len(begins)
}

// stack puts notes in rows from a height on, and returns the height of all rows.
func stack(notes []note, end float64, from int) int {
	inRow, rows := rowsOf(notes, end)
	for i := range notes {
		notes[i].Y = from + rowTall*(inRow[i]+1) - 4
	}
	return rowTall * rows
}
