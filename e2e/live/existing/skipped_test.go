package existing

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/fixtures"
)

var update = flag.Bool("update", false, "write testdata/skipped.yaml")

const skippedFile = "testdata/skipped.yaml"

const skippedHead = `# Every case that a run on a cluster of another's skips, with the first reason, where its gateway has several pods and its mesh
# no policy of its own. go test ./e2e/live/existing -update writes it.
`

// A case must not come to be skipped unseen.
func TestEveryCaseThatIsSkippedStandsWithItsReason(t *testing.T) {
	pods := strings.ReplaceAll(cluster, "app: inner}}, spec: {", "istio: ingressgateway}}, spec: {serviceAccountName: edge, ")
	skipped := map[string]map[string]string{}
	for allowed, least := range map[string]int{"everything": 165, "nothing": 95} {
		wish := Wish{}
		if allowed == "everything" {
			wish.Allowed = fixture.Allowed{MeshPolicy: true, GatewayLog: true, Tap: true}
		}
		p, _, err := Place(read(t, pods), wish)
		if err != nil || p.NoGateway != "" {
			t.Fatalf("%v, %s", err, p.NoGateway)
		}
		own := fixture.Own()
		p.Root, p.Istiod, p.Revision, p.TrustDomain, p.Domain = own.Root, own.Istiod, own.Revision, own.TrustDomain, own.Domain
		reasons, played := skippedAt(t, p)
		if played < least {
			t.Errorf("with %s allowed %d cases can be played, want at least %d", allowed, played, least)
		}
		skipped["allowed: "+allowed] = reasons
	}
	content, err := yaml.Marshal(skipped)
	if err != nil {
		t.Fatal(err)
	}
	got := skippedHead + string(content)
	if *update {
		if err := os.WriteFile(skippedFile, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	committed, err := os.ReadFile(skippedFile)
	if err != nil || string(committed) != got {
		t.Errorf("%s is not what is skipped now: run go test ./e2e/live/existing -update, and look at what it changes (%v)", skippedFile, err)
	}
}

// skippedAt are the cases that are skipped at a placement, each with the first reason, and how many are played.
func skippedAt(t *testing.T, p fixture.Placement) (reasons map[string]string, played int) {
	t.Helper()
	files := fixture.Move(fixtures.FS, p)
	world, err := fixture.LoadWorldAt(fixtures.FS, p)
	if err != nil {
		t.Fatal(err)
	}
	cases, err := fixture.Load(files, world)
	if err != nil {
		t.Fatal(err)
	}
	reasons = map[string]string{}
	for _, c := range cases {
		needs, err := Needs(files, world, c)
		if err != nil {
			t.Fatal(fmt.Errorf("%s: %w", c.ID, err))
		}
		if len(needs) == 0 {
			played++
			continue
		}
		reasons[c.ID] = needs[0]
	}
	return reasons, played
}
