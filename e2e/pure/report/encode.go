package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
)

// A value that repeats is said once, in the list of the member `values` that ends report.json, and is {"$": N} wherever it stands: N is
// its place in that list, whose values may refer to others. Expand puts every value back where it stands.
const (
	valuesMember = "values"
	reference    = "$"
	// shortest is how many bytes a value has at least that is referred to: shorter ones are hardly longer than a reference.
	shortest = 30
)

// Encode writes report.json, each case and each value on a line of its own.
func (r Report) Encode(to io.Writer) error {
	var content bytes.Buffer
	plain := json.NewEncoder(&content)
	plain.SetEscapeHTML(false)
	if err := plain.Encode(r); err != nil {
		return err
	}
	root, err := parse(jsontext.NewDecoder(&content))
	if err != nil {
		return err
	}
	e := encoder{counts: map[string]int{}, places: map[string]int{}}
	e.count(root)
	var out bytes.Buffer
	out.WriteByte('{')
	for place, member := range root.members {
		out.WriteString(separator(place, ",\n"))
		out.WriteString(member.name + ":")
		if member.value.kind != '[' {
			e.writeOut(&out, member.value) // who looks for the result finds it
			continue
		}
		out.WriteByte('[')
		for place, element := range member.value.members {
			out.WriteString(separator(place, ",") + "\n")
			e.write(&out, element.value)
		}
		out.WriteByte(']')
	}
	fmt.Fprintf(&out, ",\n%q:[", valuesMember)
	for place := 0; place < len(e.values); place++ {
		out.WriteString(separator(place, ",") + "\n")
		out.Write(e.values[place])
	}
	out.WriteString("]}\n")
	_, err = to.Write(out.Bytes())
	return err
}

func separator(place int, between string) string {
	if place == 0 {
		return ""
	}
	return between
}

// value is a JSON value with its text, as short as it can be.
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

// parse reads the next value.
func parse(from *jsontext.Decoder) (value, error) {
	text, err := from.ReadValue()
	if err != nil {
		return value{}, err
	}
	return parseText(string(text))
}

func parseText(text string) (value, error) {
	v := value{kind: text[0], text: text}
	if v.kind != '{' && v.kind != '[' {
		return v, nil
	}
	inner := jsontext.NewDecoder(bytes.NewBufferString(text))
	if _, err := inner.ReadToken(); err != nil {
		return v, err
	}
	for inner.PeekKind() != '}' && inner.PeekKind() != ']' {
		var m member
		if v.kind == '{' {
			name, err := inner.ReadValue()
			if err != nil {
				return v, err
			}
			m.name = string(name)
		}
		var err error
		if m.value, err = parse(inner); err != nil {
			return v, err
		}
		v.members = append(v.members, m)
	}
	_, err := inner.ReadToken()
	return v, err
}

// encoder writes values, those that repeat as references.
type encoder struct {
	counts map[string]int // by text
	places map[string]int // in values
	values [][]byte
}

// count counts how often each value stands somewhere. What is in a value that repeats is counted with its first one.
func (e *encoder) count(v value) {
	if v.long() {
		e.counts[v.text]++
		if e.counts[v.text] > 1 {
			return
		}
	}
	for _, m := range v.members {
		e.count(m.value)
	}
}

func (v value) long() bool {
	return len(v.text) >= shortest && (v.kind == '{' || v.kind == '[' || v.kind == '"')
}

func (e *encoder) write(out *bytes.Buffer, v value) {
	if !v.long() || e.counts[v.text] < 2 {
		e.writeOut(out, v)
		return
	}
	place, known := e.places[v.text]
	if !known {
		place = len(e.values)
		e.places[v.text] = place
		e.values = append(e.values, nil)
		var inner bytes.Buffer
		e.writeOut(&inner, v)
		e.values[place] = inner.Bytes()
	}
	out.WriteString(`{"` + reference + `":` + strconv.Itoa(place) + `}`)
}

// writeOut writes the value itself, its members by write.
func (e *encoder) writeOut(out *bytes.Buffer, v value) {
	if v.kind != '{' && v.kind != '[' {
		out.WriteString(v.text)
		return
	}
	out.WriteByte(v.kind)
	for place, m := range v.members {
		out.WriteString(separator(place, ","))
		if m.name != "" {
			out.WriteString(m.name + ":")
		}
		e.write(out, m.value)
	}
	out.WriteByte(v.kind + 2) // '}' and ']' stand two behind their opening ones
}
