package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
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
	root, err := parse(content.Bytes())
	if err != nil {
		return err
	}
	e := encoder{counts: map[string]int{}, places: map[string]int{}}
	e.count(root)
	var out bytes.Buffer
	out.WriteByte('{')
	for place, member := range root.members {
		if place > 0 {
			out.WriteString(",\n")
		}
		out.WriteString(member.name + ":")
		if member.value.kind != '[' {
			e.writeOut(&out, member.value) // who looks for the result finds it
			continue
		}
		out.WriteByte('[')
		for place, element := range member.value.members {
			comma(&out, place)
			out.WriteByte('\n')
			e.write(&out, element.value)
		}
		out.WriteByte(']')
	}
	fmt.Fprintf(&out, ",\n%q:[", valuesMember)
	for place := 0; place < len(e.values); place++ {
		comma(&out, place)
		out.WriteByte('\n')
		out.Write(e.values[place])
	}
	out.WriteString("]}\n")
	_, err = to.Write(out.Bytes())
	return err
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
	_ = v.write(out, func(inner value) error {
		e.write(out, inner)
		return nil
	})
}
