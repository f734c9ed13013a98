package report

import (
	"bytes"

	"github.com/go-json-experiment/json/jsontext"
)

// value is a JSON value with its text as it was read.
type value struct {
	kind    byte // '{', '[' or that of a scalar
	text    string
	members []member
}

// member is one of an object, or without a name of a list.
type member struct {
	name  string // as JSON
	value value
}

// parse reads the first value of a text.
func parse(content []byte) (value, error) {
	return parseNext(jsontext.NewDecoder(bytes.NewReader(content)), string(content))
}

// parseNext reads the next value, whose text is a part of the whole.
func parseNext(from *jsontext.Decoder, whole string) (value, error) {
	v := value{kind: byte(from.PeekKind())}
	if v.kind != '{' && v.kind != '[' {
		text, err := from.ReadValue()
		v.text = string(text)
		return v, err
	}
	if _, err := from.ReadToken(); err != nil {
		return v, err
	}
	begin := from.InputOffset() - 1
	for from.PeekKind() != '}' && from.PeekKind() != ']' {
		var m member
		if v.kind == '{' {
			name, err := from.ReadValue()
			if err != nil {
				return v, err
			}
			m.name = string(name)
		}
		var err error
		if m.value, err = parseNext(from, whole); err != nil {
			return v, err
		}
		v.members = append(v.members, m)
	}
	_, err := from.ReadToken()
	v.text = whole[begin:from.InputOffset()]
	return v, err
}

// write writes the value, each of its members by a function.
func (v value) write(out *bytes.Buffer, each func(value) error) error {
	if v.kind != '{' && v.kind != '[' {
		out.WriteString(v.text)
		return nil
	}
	out.WriteByte(v.kind)
	for place, m := range v.members {
		comma(out, place)
		if m.name != "" {
			out.WriteString(m.name + ":")
		}
		if err := each(m.value); err != nil {
			return err
		}
	}
	out.WriteByte(v.kind + 2) // '}' and ']' stand two behind their opening ones
	return nil
}

// comma stands before every member but the first.
func comma(out *bytes.Buffer, place int) {
	if place > 0 {
		out.WriteByte(',')
	}
}
