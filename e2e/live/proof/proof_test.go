package proof

import (
	"context"
	"errors"
	"strings"
	"testing"

	"mtls.test/conformance/e2e/pure/fixture"
)

func TestAPathIsReadAsKubectlWould(t *testing.T) {
	const answer = `{"configs":[{"cluster":{"name":"outbound|8080||a","matches":[{"name":"tlsMode-istio"},{"name":"tlsMode-disabled"}]}}],"count":2}`
	for path, want := range map[string]string{
		`{.configs[*].cluster.matches[*].name}`:                          "tlsMode-istio tlsMode-disabled",
		`{.configs[?(@.cluster.name=="outbound|8080||a")].cluster.name}`: "outbound|8080||a",
		`{.configs[*].cluster.socket.name}`:                              "",
		`{.count}`:                                                       "2",
		`name: {.configs[*].cluster.name}`:                               "name: outbound|8080||a",
	} {
		got, err := read([]byte(answer), path)
		if err != nil || got != want {
			t.Errorf("%s: %q, %v", path, got, err)
		}
	}
	for _, bad := range []struct{ answer, path string }{{"no JSON", "{.a}"}, {"{}", "{.a"}} {
		if _, err := read([]byte(bad.answer), bad.path); err == nil {
			t.Errorf("%s of %s is read", bad.path, bad.answer)
		}
	}
}

func TestWhatIsToldOfAnAnswerIsBounded(t *testing.T) {
	if told := short(strings.Repeat("x", 1000)); len(told) > 210 {
		t.Errorf("%d bytes", len(told))
	}
}

func TestAWorkloadThatIsNoneOfTheWorldsIsNamed(t *testing.T) {
	prover := Prover{Shell: func(context.Context, string, string, ...string) ([]byte, error) { return nil, errors.New("asked") }}
	if _, err := prover.Holds(t.Context(), fixture.Proof{Command: "true", Of: "nobody", Says: "."}); err == nil || !strings.Contains(err.Error(), "workload nobody") {
		t.Errorf("got %v", err)
	}
}
