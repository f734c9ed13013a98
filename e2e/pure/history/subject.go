package history

// Subject is a case in a cell; a cell as a whole where it names no case.
type Subject struct {
	Cell string `json:"cell"`
	Case string `json:"case"`
}

// String returns "CASE in CELL", or the cell.
func (s Subject) String() string {
	if s.Case == "" {
		return s.Cell
	}
	return s.Case + " in " + s.Cell
}
