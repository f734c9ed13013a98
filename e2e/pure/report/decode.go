package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
)

// Decode reads a report.json of this version of the schema or of an earlier one.
func Decode(content []byte) (Report, error) {
	var r Report
	expanded, err := Expand(content)
	if err != nil {
		return r, err
	}
	return r, json.Unmarshal(expanded, &r)
}

// longestReport bounds what a report becomes once every value is back where it stands, in bytes.
const longestReport = 1 << 28

// Expand puts every value of a report.json back where it stands (see Encode). One without the member `values`, of a schema before 5, stays
// as it is.
func Expand(content []byte) ([]byte, error) {
	if !json.Valid(content) {
		return nil, errors.New("not a report.json: it is no JSON")
	}
	root, err := parse(content)
	if err != nil || root.kind != '{' {
		return nil, errors.Join(errors.New("not a report.json: it is no object"), err)
	}
	place := slices.IndexFunc(root.members, func(m member) bool { return m.name == strconv.Quote(valuesMember) && m.value.kind == '[' })
	if place < 0 {
		return content, nil
	}
	values := root.members[place].value.members
	root.members = slices.Delete(root.members, place, place+1)
	e := expander{values: values, expanded: make([][]byte, len(values)), under: make([]bool, len(values))}
	var out bytes.Buffer
	if err := e.write(&out, root); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// expander puts values in the place of references.
type expander struct {
	values   []member
	expanded [][]byte // by place, once it is known
	under    []bool   // being expanded
	written  int
}

func (e *expander) write(out *bytes.Buffer, v value) error {
	place, is := v.refers()
	if !is {
		return v.write(out, func(inner value) error { return e.write(out, inner) })
	}
	text, err := e.at(place)
	if err != nil {
		return err
	}
	if e.written += len(text); e.written > longestReport {
		return errors.New("not a report.json: it is too long")
	}
	out.Write(text)
	return nil
}

// refers tells whether a value is a reference, and to which place.
func (v value) refers() (place int, is bool) {
	if v.kind != '{' || len(v.members) != 1 || v.members[0].name != strconv.Quote(reference) {
		return 0, false
	}
	place, err := strconv.Atoi(v.members[0].value.text)
	return place, err == nil
}

// at is the text of a value in the list.
func (e *expander) at(place int) ([]byte, error) {
	switch {
	case place < 0 || place >= len(e.values):
		return nil, fmt.Errorf("not a report.json: it refers to value %d of %d", place, len(e.values))
	case e.under[place]:
		return nil, fmt.Errorf("not a report.json: value %d is in itself", place)
	case e.expanded[place] != nil:
		return e.expanded[place], nil
	}
	e.under[place] = true
	defer func() { e.under[place] = false }()
	var out bytes.Buffer
	if err := e.write(&out, e.values[place].value); err != nil {
		return nil, err
	}
	e.expanded[place] = out.Bytes()
	return e.expanded[place], nil
}
