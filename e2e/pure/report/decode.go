package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
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
	var whole struct {
		Values []json.RawMessage `json:"values"`
	}
	if err := json.Unmarshal(content, &whole); err != nil {
		return nil, fmt.Errorf("not a report.json: %w", err)
	}
	if whole.Values == nil {
		return content, nil
	}
	root, err := parse(jsontext.NewDecoder(bytes.NewReader(content)))
	if err != nil {
		return nil, err
	}
	e := expander{values: whole.Values, expanded: make([][]byte, len(whole.Values)), under: make([]bool, len(whole.Values))}
	var out bytes.Buffer
	out.WriteByte('{')
	first := true
	for _, m := range root.members {
		if m.name == strconv.Quote(valuesMember) {
			continue
		}
		if !first {
			out.WriteByte(',')
		}
		first = false
		out.WriteString(m.name + ":")
		if err := e.write(&out, m.value); err != nil {
			return nil, err
		}
	}
	out.WriteByte('}')
	return out.Bytes(), nil
}

// expander puts values in the place of references.
type expander struct {
	values   []json.RawMessage
	expanded [][]byte // by place, once it is known
	under    []bool   // being expanded
	written  int
}

func (e *expander) write(out *bytes.Buffer, v value) error {
	if place, is := v.refers(); is {
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
	if v.kind != '{' && v.kind != '[' {
		out.WriteString(v.text)
		return nil
	}
	out.WriteByte(v.kind)
	for place, m := range v.members {
		out.WriteString(separator(place, ","))
		if m.name != "" {
			out.WriteString(m.name + ":")
		}
		if err := e.write(out, m.value); err != nil {
			return err
		}
	}
	out.WriteByte(v.kind + 2)
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
	v, err := parse(jsontext.NewDecoder(bytes.NewReader(e.values[place])))
	if err != nil {
		return nil, err
	}
	e.under[place] = true
	defer func() { e.under[place] = false }()
	var out bytes.Buffer
	if err := e.write(&out, v); err != nil {
		return nil, err
	}
	e.expanded[place] = out.Bytes()
	return e.expanded[place], nil
}
