package oracle

import (
	"io/fs"
	"slices"
	"testing"

	"mtls.test/conformance/e2e/pure/hop"
)

// Cases ask for hops from the gateway and for subsets by routes of their own: these must lead there.
func TestRoutesLeadWhereCasesGo(t *testing.T) {
	catalogue := readCatalogue(t)
	content, err := fs.ReadFile(catalogue.files, "base/ingress.yaml")
	if err != nil {
		t.Fatal(err)
	}
	ingress, err := Decode(content, "default")
	if err != nil {
		t.Fatal(err)
	}
	catalogue.world = catalogue.world.Merge(ingress)
	asked := 0
	for _, played := range catalogue.cases {
		stages, err := Replay(catalogue.world, played, catalogue.read(played.ID))
		if err != nil {
			t.Fatal(err)
		}
		for _, stage := range stages {
			for _, expect := range played.Steps[stage.Step].Expect {
				for _, q := range Questions(expect) {
					client, found := stage.Snapshot.workload(q.Client)
					if !found || q.Offer != nil || !client.Gateway && q.Subset == "" {
						continue
					}
					asked++
					answer := stage.Snapshot.Routes(q.Client, q.To)
					if !slices.ContainsFunc(answer.Routes, func(r hop.Route) bool { return r.Subset == q.Subset && r.To.Port == q.To.Port }) {
						t.Errorf("%s, step %d: no route of %s leads to %s %s: %+v", played.ID, stage.Step+1, q.Client, q.To, q.Subset, answer)
					}
				}
			}
		}
	}
	if asked < 100 {
		t.Errorf("only %d hops were asked for", asked)
	}
}
