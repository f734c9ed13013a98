package recording

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// width is the maximum length of a value's JSON that is written on one line.
const width = 160

// lines writes JSON as a person reviews it in a diff: keys in order, and a value on a line of its own where it is short.
func lines(value any) ([]byte, error) {
	text, err := compact(value)
	if err != nil {
		return nil, err
	}
	var plain any
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(&plain); err != nil {
		return nil, err
	}
	var to bytes.Buffer
	if err := writeLines(&to, plain, "\n"); err != nil {
		return nil, err
	}
	to.WriteByte('\n')
	return to.Bytes(), nil
}

func writeLines(to *bytes.Buffer, value any, indent string) error {
	text, err := compact(value)
	if err != nil {
		return err
	}
	object, isObject := value.(map[string]any)
	list, isList := value.([]any)
	if len(text) <= width || !isObject && !isList {
		to.Write(text)
		return nil
	}
	inner := indent + " "
	if isList {
		for i, one := range list {
			to.WriteString(begin(i, "[") + inner)
			if err := writeLines(to, one, inner); err != nil {
				return err
			}
		}
		to.WriteString(indent + "]")
		return nil
	}
	for i, key := range slices.Sorted(maps.Keys(object)) {
		name, err := compact(key)
		if err != nil {
			return err
		}
		to.WriteString(begin(i, "{") + inner + string(name) + ": ")
		if err := writeLines(to, object[key], inner); err != nil {
			return err
		}
	}
	to.WriteString(indent + "}")
	return nil
}

// begin is the text before the element of that number.
func begin(i int, bracket string) string {
	if i == 0 {
		return bracket
	}
	return ","
}

func compact(value any) ([]byte, error) {
	var text strings.Builder
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(value)
	return []byte(strings.TrimSuffix(text.String(), "\n")), err
}
