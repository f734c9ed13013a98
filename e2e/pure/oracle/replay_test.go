package oracle

import (
	"errors"
	"strings"
	"testing"

	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/hop"
)

var policyFiles = map[string]string{
	"strict":  peerAuth("name: p", ofProduct+", mtls: {mode: STRICT}"),
	"disable": peerAuth("name: p", ofProduct+", mtls: {mode: DISABLE}"),
	"rival":   peerAuth("name: a", ofProduct+", mtls: {mode: PERMISSIVE}"),
	"broken":  "{kind: PeerAuthentication, spec: {nope: 1}}",
}

func readPolicy(file string) ([]byte, error) {
	content, found := policyFiles[file]
	if !found {
		return nil, errors.New("no " + file)
	}
	return []byte(content), nil
}

func TestReplay(t *testing.T) {
	expect := []fixture.Expect{{}}
	played := fixture.Case{Steps: []fixture.Step{
		{Expect: expect},
		{Apply: []string{"strict"}},
		{Apply: []string{"rival"}, Expect: expect},
		{Edit: []string{"disable"}, Expect: expect},
		{Delete: []string{"disable"}, Expect: expect},
		{Mesh: map[string]any{"enableAutoMtls": false}, Expect: expect},
		{Authority: &fixture.Authority{Trusts: []fixture.Root{fixture.ForeignRoot}}, Account: &fixture.Account{Workload: "product-service", Name: "other"}, Expect: expect},
		{Delete: []string{"rival"}},
	}}
	stages, err := Replay(mesh(t, "", ""), played, readPolicy)
	if err != nil {
		t.Fatal(err)
	}
	// The younger rival loses to the older policy though its name comes first, and an edit makes nothing younger.
	want := []struct {
		step int
		mode Mode
		says hop.Outcome
	}{{0, Permissive, hop.MTLS}, {2, Strict, hop.MTLS}, {3, Disable, hop.Plaintext}, {4, Permissive, hop.MTLS}, {5, Permissive, hop.Plaintext}, {6, Permissive, hop.Plaintext}}
	if len(stages) != len(want) {
		t.Fatalf("%d stages, want %d", len(stages), len(want))
	}
	for i, stage := range stages {
		answer := stage.Snapshot.Ask(question(t, "client -> product-service:8080"))
		if stage.Step != want[i].step || answer.Server.Mode != want[i].mode || answer.Says != want[i].says {
			t.Errorf("step %d: %s %s, want step %d: %s %s", stage.Step, answer.Server.Mode, answer.Says, want[i].step, want[i].mode, want[i].says)
		}
	}
	last := stages[len(stages)-1].Snapshot
	if roots := last.Mesh.Roots; len(roots) != 1 || roots[0] != fixture.ForeignRoot {
		t.Errorf("trusts %v", roots)
	}
	if workload, _ := last.workload("product-service"); workload.ServiceAccount != "other" {
		t.Errorf("account %s", workload.ServiceAccount)
	}
}

func TestReplayRefuses(t *testing.T) {
	for name, step := range map[string]fixture.Step{
		"no missing": {Apply: []string{"missing"}},
		"no absent":  {Edit: []string{"absent"}},
		"no gone":    {Delete: []string{"gone"}},
		"broken":     {Apply: []string{"broken"}},
		"perhaps":    {Mesh: map[string]any{"enableAutoMtls": "perhaps"}},
	} {
		if _, err := Replay(mesh(t, "", ""), fixture.Case{Steps: []fixture.Step{step}}, readPolicy); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
