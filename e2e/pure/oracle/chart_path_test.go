package oracle

import (
	"os"
	"regexp"
	"slices"
	"testing"

	"mtls.test/conformance/e2e/pure/hop"
)

func readChart(t testing.TB) Chart {
	t.Helper()
	content, err := os.ReadFile("../../../fixtures/guide/flowchart.yaml")
	if err != nil {
		t.Fatal(err)
	}
	chart, err := ReadChart(content)
	if err != nil {
		t.Fatal(err)
	}
	return chart
}

func TestFollow(t *testing.T) {
	strict, disable := peerAuth(inRoot, "mtls: {mode: STRICT}"), destRule("name: r", product+", trafficPolicy: {tls: {mode: DISABLE}}")
	for _, row := range []struct {
		name, policies string
		hop            string
		step           string
		end            End
		differs        bool
	}{
		{"nothing", "", "gateway -> product-service:8080", "Default to Mesh Policy", Enabled, false},
		{"nothing, plain client", "", "plain-client -> product-service:8080", "Default to Mesh Policy", Disabled, false},
		{"mesh STRICT", strict, "gateway -> product-service:8080", "mTLS Enforced at Mesh Level", Enabled, false},
		{"mesh STRICT keeps out", strict, "plain-client -> product-service:8080", "mTLS Enforced at Mesh Level", Debug, false},
		{"mesh STRICT ends the search", strict + disable, "gateway -> product-service:8080", "mTLS Enforced at Mesh Level", Debug, true},
		{"mesh STRICT hides the service's policy", strict + peerAuth(inDefault, "mtls: {mode: PERMISSIVE}"), "plain-client -> product-service:8080", "mTLS Enforced at Mesh Level", Disabled, true},
		{"mesh UNSET has no edge", peerAuth(inRoot, ""), "gateway -> product-service:8080", "", "", true},
		{"service's policy", peerAuth(inDefault, "mtls: {mode: DISABLE}"), "gateway -> product-service:8080", "mTLS Disabled for Service", Disabled, false},
		{"rule", disable, "gateway -> product-service:8080", "TLS Disabled", Disabled, false},
		{"rule that is hidden", disable + destRule("name: own, namespace: clients", product), "client -> product-service:8080", "TLS Disabled", Enabled, true},
		{"rule without tls", destRule("name: r", product), "gateway -> product-service:8080", "Default to Mesh Policy", Enabled, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			snapshot := mesh(t, row.policies, "")
			q := question(t, row.hop)
			answer := snapshot.Ask(q)
			path, err := readChart(t).Follow(snapshot, q.To, answer.Says)
			if err != nil {
				t.Fatal(err)
			}
			if path.Step != row.step || path.End != row.end {
				t.Errorf("path stops at %q and ends at %q, want %q and %q: %v", path.Step, path.End, row.step, row.end, path.Edges)
			}
			if why, differs := Differs(answer, path); differs != row.differs {
				t.Errorf("differs %v, want %v: %s", differs, row.differs, why)
			}
		})
	}
}

func TestChartIsTheGuides(t *testing.T) {
	chart := readChart(t)
	if len(chart.Nodes) != 23 || len(chart.Edges) != 32 {
		t.Errorf("%d nodes and %d edges, want the guide's 23 and 32", len(chart.Nodes), len(chart.Edges))
	}
	if ends := chart.Ends(); !slices.Equal(ends, []End{Enabled, Disabled, Debug}) {
		t.Errorf("ends %v", ends)
	}
}

// Every mode and result must be able to take each edge of the chart: data that names an edge no path can take is wrong.
func TestEveryEdgeCanBeTaken(t *testing.T) {
	chart := readChart(t)
	var paths []ChartPath
	policies := []string{"", destRule("name: r", product)}
	for _, mode := range []string{"STRICT", "PERMISSIVE", "DISABLE"} {
		policies = append(policies, peerAuth(inRoot, "mtls: {mode: "+mode+"}"), peerAuth(inDefault, "mtls: {mode: "+mode+"}"))
	}
	for _, mode := range []string{"ISTIO_MUTUAL", "MUTUAL", "SIMPLE", "DISABLE"} {
		policies = append(policies, destRule("name: r", product+", trafficPolicy: {tls: {mode: "+mode+"}}"))
	}
	for _, policy := range policies {
		for _, observed := range []hop.Outcome{hop.MTLS, hop.Plaintext, hop.Refused} {
			path, err := chart.Follow(mesh(t, policy, ""), hop.ServicePort{Service: "product-service", Port: 8080}, observed)
			if err != nil {
				t.Fatal(err)
			}
			paths = append(paths, path)
		}
	}
	if edges, ends := chart.Untaken(paths); len(edges)+len(ends) > 0 {
		t.Errorf("no path takes %v or ends at %v", edges, ends)
	}
	if edges, ends := chart.Untaken(nil); len(edges) != 32 || len(ends) != 3 {
		t.Errorf("%d edges and %d ends lie on no path at all", len(edges), len(ends))
	}
}

func TestChartRefused(t *testing.T) {
	const start = "nodes: [{id: A, text: a, kind: start}, {id: B, text: b, kind: end, end: debug}]\n"
	for content, want := range map[string]string{
		start + "edges: [{from: A, to: B}, {from: B, to: A}]": "end \"debug\" with 1 edges",
		start + "edges: [{from: A, to: C}]":                   "no node",
		start:                                                 "0 edges leave it",
		"nodes: [{id: A, kind: x}]":                           "kind",
		"nodes: [{id: A, kind: end, end: debug}, {id: A, kind: end}]": "declared twice",
		"nodes: [{id: A, kind: end, end: debug}]":                     "0 start nodes",
		"nodes: [{id: A, kind: decision, object: weather, by: mode}]": "weather",
		"nodes: [{id: A, colour: red}]":                               "colour",
	} {
		if _, err := ReadChart([]byte(content)); err == nil || !regexp.MustCompile(want).MatchString(err.Error()) {
			t.Errorf("%s\n%v, want %s", content, err, want)
		}
	}
}
