// Package explain says what each cause of a refusal and each kind of finding means, for those who read a report.
package explain

import (
	"bytes"
	_ "embed"
	"slices"

	"go.yaml.in/yaml/v3"
)

//go:embed causes.yaml
var source []byte

// Cause explains one cause or finding.
type Cause struct {
	ID    string `yaml:"id"` // of a hop.Refusal, a verdict.Finding, an outcome, or a result in small letters
	Title string `yaml:"title"`
	Seen  Seen   `yaml:"seen"`
	Comes string `yaml:"comes"` // how it comes about
	Mend  string `yaml:"mend"`
}

// Seen is what observers see of it, in the order of the file.
type Seen []Sight

// Sight is what one observer sees; "all" stands for each that is not named.
type Sight struct{ Observer, Sees string }

// UnmarshalYAML reads a mapping in its order.
func (s *Seen) UnmarshalYAML(node *yaml.Node) error {
	var texts map[string]string
	if err := node.Decode(&texts); err != nil {
		return err
	}
	for i := 0; i < len(node.Content); i += 2 {
		*s = append(*s, Sight{node.Content[i].Value, node.Content[i+1].Value})
	}
	return nil
}

// Causes are all of them, in the order of the file.
var Causes = read()

func read() []Cause {
	decoder := yaml.NewDecoder(bytes.NewReader(source))
	decoder.KnownFields(true)
	var all []Cause
	if err := decoder.Decode(&all); err != nil {
		panic("causes.yaml: " + err.Error())
	}
	return all
}

// Find finds the cause of an id; nil where there is none.
func Find(id string) *Cause {
	place := slices.IndexFunc(Causes, func(c Cause) bool { return c.ID == id })
	if place < 0 {
		return nil
	}
	return &Causes[place]
}
