package page

import (
	"slices"
	"testing"
)

func TestNotesDoNotLieOnEachOther(t *testing.T) {
	notes := []note{{X: 0, Text: "0123456789"}, {X: 10, Text: "a"}, {X: 50, Text: "0123456789"}, {X: 195, Text: "a", Second: "0123456789"}}
	inRow, rows := rowsOf(notes, 200)
	if last := notes[3]; last.X != 200-last.wide() {
		t.Errorf("the last ends at %g of 200", last.X+last.wide())
	}
	if rows != 3 || !slices.Equal(inRow, []int{2, 0, 1, 0}) {
		t.Errorf("rows %v", inRow)
	}
	for i, a := range notes {
		for j, b := range notes[i+1:] {
			if inRow[i] == inRow[i+1+j] && a.X+a.wide() > b.X {
				t.Errorf("%+v lies on %+v", a, b)
			}
			if inRow[i] < inRow[i+1+j] && b.X > a.X && b.X < a.X+a.wide() {
				t.Errorf("a line down to %+v crosses %+v", b, a)
			}
		}
	}
}
