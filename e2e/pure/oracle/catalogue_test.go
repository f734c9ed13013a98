package oracle

import (
	"io/fs"
	"os"
	"path"
	"reflect"
	"strings"
	"testing"

	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/hop"
)

// catalogue is the world and every case over it.
type catalogue struct {
	files fs.FS
	world Snapshot
	cases []fixture.Case
}

func readCatalogue(t testing.TB) catalogue {
	t.Helper()
	files := os.DirFS("../../../fixtures")
	world, err := fixture.LoadWorld(files)
	if err != nil {
		t.Fatal(err)
	}
	snapshot, err := FromWorld(world)
	if err != nil {
		t.Fatal(err)
	}
	cases, err := fixture.Load(files, world)
	if err != nil {
		t.Fatal(err)
	}
	return catalogue{files: files, world: snapshot, cases: cases}
}

// read gives a policy file of a case.
func (c catalogue) read(id string) func(string) ([]byte, error) {
	return func(file string) ([]byte, error) {
		if strings.HasPrefix(file, "guide/") {
			return fs.ReadFile(c.files, file)
		}
		return fs.ReadFile(c.files, path.Join("cases", id, file))
	}
}

// Cases and oracle are written apart, each from the documents: where they differ one of them misread.
func TestCatalogueAgrees(t *testing.T) {
	catalogue := readCatalogue(t)
	for _, played := range catalogue.cases {
		t.Run(played.ID, func(t *testing.T) {
			stages, err := Replay(catalogue.world, played, catalogue.read(played.ID))
			if err != nil {
				t.Fatal(err)
			}
			for _, stage := range stages {
				for _, expect := range played.Steps[stage.Step].Expect {
					if expect.On == "" {
						agreesOnEveryVersion(t, stage, expect)
					}
				}
			}
		})
	}
}

// agreesOnEveryVersion asks on every side of the points of Istio between which the expectation holds.
func agreesOnEveryVersion(t *testing.T, stage Stage, expect fixture.Expect) {
	t.Helper()
	versions, err := versionsOf(expect)
	if err != nil {
		t.Fatal(err)
	}
	for _, version := range versions {
		stage.Snapshot = stage.Snapshot.WithIstio(version)
		agrees(t, stage, expect)
	}
}

func agrees(t *testing.T, stage Stage, expect fixture.Expect) {
	t.Helper()
	indexed := stage.Snapshot.Indexed()
	for _, q := range Questions(expect) {
		answer := stage.Snapshot.Ask(q)
		if other := indexed.Ask(q); !reflect.DeepEqual(answer, other) {
			t.Errorf("step %d: %s -> %s: indexed the answer is %+v, and else %+v", stage.Step+1, q.Client, q.To, other, answer)
		}
		if asked, cause := expect.Asked(); answer.Says != asked || answer.Refusal != cause {
			t.Errorf("step %d: %s -> %s: by the case %s %s is asked for, intent says %q %s on Istio %q: %s", stage.Step+1, q.Client, q.To, asked,
				cause, answer.Says, answer.Refusal, stage.Snapshot.Mesh.Istio, answer.Why)
		}
		if want := expect.Identity.Server; want != "" && answer.Identities.Server != want {
			t.Errorf("step %d: %s -> %s: the case wants server %s, intent says %s", stage.Step+1, q.Client, q.To, want, answer.Identities.Server)
		}
		if tls := answer.Says == hop.OneWayTLS || answer.Says == hop.AppTLS; tls && len(answer.Identities.ServerNames) == 0 {
			t.Errorf("step %d: %s -> %s: the outcome is %s, and intent does not say whose certificate the server must show", stage.Step+1, q.Client, q.To, answer.Says)
		}
		if want := expect.Identity.Client; want != "" && answer.Identities.Client != want {
			t.Errorf("step %d: %s -> %s: the case wants client %s, intent says %s", stage.Step+1, q.Client, q.To, want, answer.Identities.Client)
		}
	}
}

// A policy that a case has the API server refuse must be one that intent calls refused, in the same words.
func TestRefusedPolicies(t *testing.T) {
	catalogue := readCatalogue(t)
	for _, played := range catalogue.cases {
		for _, step := range played.Steps {
			if step.Refuse == nil {
				continue
			}
			content, err := catalogue.read(played.ID)(step.Refuse.File)
			if err != nil {
				t.Fatal(err)
			}
			objects, err := Decode(content, "default")
			if err != nil {
				continue // a word that the schema does not know
			}
			if object, why, refused := objects.Refused(); !refused || !strings.Contains(why, step.Refuse.Says) {
				t.Errorf("%s: %s: refused %v: %s %q, want %q", played.ID, step.Refuse.File, refused, object, why, step.Refuse.Says)
			}
		}
	}
}
