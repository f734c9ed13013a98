package page

import (
	"fmt"
	"slices"
	"strings"

	"mtls.test/conformance/e2e/pure/oracle"
	"mtls.test/conformance/e2e/pure/report"
)

// The measures of the drawn flowchart, in units of its view box.
const (
	boxWidth, boxHeight = 176, 40
	stepX, stepY        = 196, 74
	margin              = 8
)

// chart is the guide's flowchart as it is drawn, with the paths through it that a run's checks take.
type chart struct {
	Width, Height int
	Boxes         []box
	Arrows        []arrow
	Paths         []way
}

// box is a node of the flowchart; X and Y are its middle.
type box struct {
	X, Y  int
	Kind  oracle.NodeKind
	Lines []string
	id    string
}

// arrow is an edge of the flowchart.
type arrow struct {
	D              string // of the SVG path
	Label          string
	LabelX, LabelY int
	name           string
}

// way is a path through the flowchart: what of it is lit, and the same in words.
type way struct {
	ID     string
	Boxes  []box
	Arrows []arrow
	Words  string
	edges  []string
}

// draw lays a flowchart out in layers, each box below all that lead to it.
func draw(c oracle.Chart) chart {
	layers := layersOf(c)
	widest := 0
	for _, layer := range layers {
		widest = max(widest, len(layer))
	}
	drawn := chart{Width: widest*stepX + 2*margin, Height: (len(layers)-1)*stepY + boxHeight + 2*margin}
	at := map[string]box{}
	for y, layer := range layers {
		left := (drawn.Width - len(layer)*stepX) / 2
		for x, node := range layer {
			b := box{X: left + x*stepX + stepX/2, Y: margin + boxHeight/2 + y*stepY, Kind: node.Kind, Lines: twoLines(node.Text), id: node.ID}
			at[node.ID] = b
			drawn.Boxes = append(drawn.Boxes, b)
		}
	}
	for _, edge := range c.Edges {
		from, to := at[edge.From], at[edge.To]
		y1, y2 := from.Y+boxHeight/2, to.Y-boxHeight/2
		drawn.Arrows = append(drawn.Arrows, arrow{
			D: fmt.Sprintf("M%d %dC%d %d %d %d %d %d", from.X, y1, from.X, y1+26, to.X, y2-26, to.X, y2), Label: edge.Label,
			LabelX: to.X, LabelY: y2 - 7, name: edge.String(),
		})
	}
	return drawn
}

// layersOf are the nodes by the longest way that leads to them. Nodes of a layer stand in the order in which edges name them.
func layersOf(c oracle.Chart) [][]oracle.Node {
	depth := map[string]int{}
	for range c.Nodes { // no way is longer
		for _, edge := range c.Edges {
			depth[edge.To] = max(depth[edge.To], depth[edge.From]+1)
		}
	}
	place := func(node oracle.Node) int {
		return slices.IndexFunc(c.Edges, func(e oracle.Edge) bool { return e.To == node.ID })
	}
	var layers [][]oracle.Node
	for _, node := range slices.SortedStableFunc(slices.Values(c.Nodes), func(a, b oracle.Node) int { return place(a) - place(b) }) {
		for len(layers) <= depth[node.ID] {
			layers = append(layers, nil)
		}
		layers[depth[node.ID]] = append(layers[depth[node.ID]], node)
	}
	return layers
}

// twoLines breaks a text near its middle.
func twoLines(text string) []string {
	words := strings.Fields(text)
	if len(text) <= 22 {
		return []string{text}
	}
	cut := len(words) - 1
	for cut > 1 && len(strings.Join(words[:cut], " ")) > (len(text)+6)/2 {
		cut--
	}
	return []string{strings.Join(words[:cut], " "), strings.Join(words[cut:], " ")}
}

// pathsOf draws the flowchart with every path that checks of a report take, once each; nothing where there is no flowchart.
func pathsOf(c oracle.Chart, r report.Report) chart {
	if len(c.Nodes) == 0 {
		return chart{}
	}
	drawn := draw(c)
	for _, one := range r.Cases {
		for _, check := range one.Checks {
			if guide := check.Intent.Guide; guide != nil && len(guide.Edges) > 0 && drawn.find(guide.Edges) == nil {
				drawn.Paths = append(drawn.Paths, drawn.light(fmt.Sprintf("path-%d", len(drawn.Paths)), guide.Edges))
			}
		}
	}
	return drawn
}

// light is the path along edges, each as oracle.Edge has it.
func (c chart) light(id string, edges []string) way {
	lit := way{ID: id, edges: edges}
	for _, a := range c.Arrows {
		if slices.Contains(edges, a.name) {
			lit.Arrows = append(lit.Arrows, a)
		}
	}
	var words []string
	for _, b := range c.Boxes {
		if slices.ContainsFunc(edges, func(edge string) bool { return strings.HasPrefix(edge, b.id+" ") || strings.HasSuffix(edge, " "+b.id) }) {
			lit.Boxes = append(lit.Boxes, b)
			words = append(words, strings.Join(b.Lines, " "))
		}
	}
	lit.Words = strings.Join(words, ", ")
	return lit
}

func (c chart) find(edges []string) *way {
	i := slices.IndexFunc(c.Paths, func(p way) bool { return slices.Equal(p.edges, edges) })
	if i < 0 {
		return nil
	}
	return &c.Paths[i]
}
