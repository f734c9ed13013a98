package page

import (
	"os"
	"slices"
	"strings"
	"testing"

	"mtls.test/conformance/e2e/pure/oracle"
	"mtls.test/conformance/e2e/pure/verdict"
)

func guideChart(t *testing.T) oracle.Chart {
	t.Helper()
	chart, err := oracle.LoadChart(os.DirFS("../../../fixtures"))
	if err != nil {
		t.Fatal(err)
	}
	return chart
}

func TestTheFlowchartIsDrawnWithoutOverlap(t *testing.T) {
	chart := guideChart(t)
	drawn := draw(chart)
	if len(drawn.Boxes) != len(chart.Nodes) || len(drawn.Arrows) != len(chart.Edges) {
		t.Fatalf("%d boxes of %d, %d arrows of %d", len(drawn.Boxes), len(chart.Nodes), len(drawn.Arrows), len(chart.Edges))
	}
	for i, a := range drawn.Boxes {
		if a.X-boxWidth/2 < 0 || a.X+boxWidth/2 > drawn.Width || a.Y-boxHeight/2 < 0 || a.Y+boxHeight/2 > drawn.Height {
			t.Errorf("%v lies outside", a.Lines)
		}
		for _, b := range drawn.Boxes[i+1:] {
			if max(a.X-b.X, b.X-a.X) < boxWidth && max(a.Y-b.Y, b.Y-a.Y) < boxHeight {
				t.Errorf("%v lies on %v", a.Lines, b.Lines)
			}
		}
	}
	at := func(id string) int {
		return drawn.Boxes[slices.IndexFunc(drawn.Boxes, func(b box) bool { return b.id == id })].Y
	}
	for _, edge := range chart.Edges {
		if at(edge.To) <= at(edge.From) {
			t.Errorf("%s does not lead down", edge)
		}
	}
}

func TestThePathThatAReaderTakesIsLit(t *testing.T) {
	strict := []string{"A -> B", "B -Exists-> C", "C -STRICT-> E", "E -> S", "S -> T", "T -mTLS Active-> U"}
	check := func(edges ...string) verdict.Check {
		return verdict.Check{Intent: verdict.Intent{Guide: &verdict.Guide{ChartPath: oracle.ChartPath{Edges: edges}}}}
	}
	drawn := pathsOf(guideChart(t), of(verdict.Case{ID: "a", Checks: []verdict.Check{check(strict...), check(strict...), check(strict[:3]...), {}}}))
	if len(drawn.Paths) != 2 {
		t.Fatalf("%d paths", len(drawn.Paths))
	}
	lit := drawn.find(strict)
	if lit == nil || len(lit.Arrows) != len(strict) || lit.Words != "Start Verification, Check Mesh Policy, Verify Mesh Policy Mode, mTLS Enforced at Mesh Level, Verify with istioctl, Check Results, Verification Complete: mTLS Enabled" {
		t.Errorf("%+v", lit)
	}
	if drawn.find(strict[:1]) != nil {
		t.Error("a path that no check takes is found")
	}
}

func TestWithoutAFlowchartNoPathIsDrawn(t *testing.T) {
	r := of(verdict.Case{ID: "a", Checks: []verdict.Check{{Intent: verdict.Intent{Guide: &verdict.Guide{ChartPath: oracle.ChartPath{Edges: []string{"A -> B"}}}}}}})
	var out strings.Builder
	if err := Write(&out, r, Beside{}); err != nil || strings.Contains(out.String(), `id="chart"`) {
		t.Errorf("an empty flowchart is on the page, error %v", err)
	}
}
