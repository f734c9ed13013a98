package oracle

import (
	"bytes"
	"fmt"
	"io/fs"
	"maps"
	"slices"

	"go.yaml.in/yaml/v3"
)

// Chart is the guide's flowchart, "Visual Representation of mTLS Verification", as fixtures/guide/flowchart.yaml holds it.
type Chart struct {
	Nodes []Node `yaml:"nodes"`
	Edges []Edge `yaml:"edges"`
}

// Node is a box of the chart.
type Node struct {
	ID   string   `yaml:"id"`
	Text string   `yaml:"text"`
	Kind NodeKind `yaml:"kind"`
	// Object decides at a decision, by one of its properties.
	Object string `yaml:"object"`
	By     string `yaml:"by"`
	// Server and Client are the mode that a step claims.
	Server Mode `yaml:"server"`
	Client Mode `yaml:"client"`
	// Fits are the ends that agree with the claim of a step.
	Fits []End `yaml:"fits"`
	End  End   `yaml:"end"`
}

// NodeKind tells what a box is.
type NodeKind string

// The kinds of node.
const (
	StartNode    NodeKind = "start"
	DecisionNode NodeKind = "decision"
	StepNode     NodeKind = "step"
	EndNode      NodeKind = "end"
)

// End is where a path through the chart ends.
type End string

// The ends of the chart.
const (
	Enabled  End = "enabled"
	Disabled End = "disabled"
	Debug    End = "debug"
)

// Edge is an arrow of the chart. When is the finding for which a reader takes it.
type Edge struct {
	From  string `yaml:"from"`
	Label string `yaml:"label"`
	To    string `yaml:"to"`
	When  string `yaml:"when"`
}

// String returns "B -Exists-> C".
func (e Edge) String() string {
	if e.Label == "" {
		return e.From + " -> " + e.To
	}
	return e.From + " -" + e.Label + "-> " + e.To
}

// ChartFile is the name of the chart's file among the fixtures.
const ChartFile = "guide/flowchart.yaml"

// LoadChart reads the chart's file among the fixtures.
func LoadChart(fixtures fs.FS) (Chart, error) {
	content, err := fs.ReadFile(fixtures, ChartFile)
	if err != nil {
		return Chart{}, err
	}
	return ReadChart(content)
}

// ReadChart reads the chart and returns an error for one that cannot be followed.
func ReadChart(content []byte) (Chart, error) {
	var chart Chart
	decoder := yaml.NewDecoder(bytes.NewReader(content))
	decoder.KnownFields(true)
	if err := decoder.Decode(&chart); err != nil {
		return Chart{}, fmt.Errorf("flowchart: %w", err)
	}
	ids := map[string]bool{}
	starts := 0
	for _, node := range chart.Nodes {
		if ids[node.ID] {
			return Chart{}, fmt.Errorf("flowchart: node %s is declared twice: give each node an id of its own", node.ID)
		}
		ids[node.ID] = true
		if err := chart.check(node); err != nil {
			return Chart{}, fmt.Errorf("flowchart: node %s: %w", node.ID, err)
		}
		if node.Kind == StartNode {
			starts++
		}
	}
	if starts != 1 {
		return Chart{}, fmt.Errorf("flowchart: %d start nodes, want one node of kind start", starts)
	}
	for _, edge := range chart.Edges {
		if !ids[edge.From] || !ids[edge.To] {
			return Chart{}, fmt.Errorf("flowchart: edge %s: one of its ends is no node: declare it under nodes", edge)
		}
	}
	return chart, nil
}

func (c Chart) check(node Node) error {
	ways := len(c.from(node.ID))
	switch node.Kind {
	case DecisionNode:
		if readers[node.Object] == nil || !slices.Contains([]string{byExistence, byTLS, byMode, byResult}, node.By) {
			return fmt.Errorf("object %q by %q, want one of %q by existence, tls, mode or result", node.Object, node.By, slices.Sorted(maps.Keys(readers)))
		}
	case StartNode, StepNode:
		if ways != 1 {
			return fmt.Errorf("%d edges leave it, want one", ways)
		}
	case EndNode:
		if ways != 0 || !slices.Contains([]End{Enabled, Disabled, Debug}, node.End) {
			return fmt.Errorf("end %q with %d edges, want enabled, disabled or debug with none", node.End, ways)
		}
	default:
		return fmt.Errorf("kind %q, want start, decision, step or end", node.Kind)
	}
	return nil
}

// Ends lists the ends of the chart.
func (c Chart) Ends() []End {
	var ends []End
	for _, node := range c.Nodes {
		if node.Kind == EndNode {
			ends = append(ends, node.End)
		}
	}
	return ends
}

// Untaken lists the edges and ends that lie on none of the paths.
func (c Chart) Untaken(paths []ChartPath) (edges []Edge, ends []End) {
	for _, edge := range c.Edges {
		if !slices.ContainsFunc(paths, func(p ChartPath) bool { return slices.Contains(p.Edges, edge.String()) }) {
			edges = append(edges, edge)
		}
	}
	for _, end := range c.Ends() {
		if !slices.ContainsFunc(paths, func(p ChartPath) bool { return p.End == end }) {
			ends = append(ends, end)
		}
	}
	return edges, ends
}

func (c Chart) from(id string) []Edge {
	var edges []Edge
	for _, edge := range c.Edges {
		if edge.From == id {
			edges = append(edges, edge)
		}
	}
	return edges
}

func (c Chart) node(id string) Node {
	i := slices.IndexFunc(c.Nodes, func(n Node) bool { return n.ID == id })
	if i < 0 {
		return Node{}
	}
	return c.Nodes[i]
}
