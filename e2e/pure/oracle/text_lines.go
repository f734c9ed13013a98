package oracle

import (
	"slices"
	"strconv"

	"go.yaml.in/yaml/v3"
)

// linesOf are the lines of a text, from 1, at which paths end. The steps of a path are keys, and places in lists from 0. Of a path that
// the text does not have whole the line counts at which it stops.
func linesOf(text string, paths [][]string) []int {
	var document yaml.Node
	if err := yaml.Unmarshal([]byte(text), &document); err != nil || len(document.Content) == 0 {
		return nil
	}
	var all []int
	for _, path := range paths {
		if line := lineOf(document.Content[0], path); line > 0 {
			all = append(all, line)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func lineOf(node *yaml.Node, path []string) int {
	line := 0
	for _, step := range path {
		at, value := stepInto(node, step)
		if value == nil {
			return line
		}
		line, node = at, value
	}
	return line
}

// stepInto returns what a key or a place leads to, and the line at which it stands; nil where there is none.
func stepInto(node *yaml.Node, step string) (line int, value *yaml.Node) {
	if node.Kind == yaml.SequenceNode {
		place, err := strconv.Atoi(step)
		if err != nil || place < 0 || place >= len(node.Content) {
			return 0, nil
		}
		return node.Content[place].Line, node.Content[place]
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		if node.Content[i].Value == step {
			return node.Content[i].Line, node.Content[i+1]
		}
	}
	return 0, nil
}
