package oracle

import (
	"fmt"
	"io/fs"

	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/istioversion"
)

// CaseEvaluation is a case with the oracle's answers to its expectations, taken from the files of the fixtures alone.
type CaseEvaluation struct {
	Case        fixture.Case
	Evaluations []Evaluation
}

// Evaluation is one expectation over one hop, and the oracle's answer.
type Evaluation struct {
	hop.Hop
	Expect   fixture.Expect
	Protocol hop.Protocol
	Kind     hop.ClientKind
	Snapshot Snapshot // the mesh as the expectation finds it
	Answer   Answer
}

// EvaluateCase replays the steps of a case without a cluster, and asks the oracle at each expectation.
func EvaluateCase(fixtures fs.FS, world fixture.World, c fixture.Case) (CaseEvaluation, error) {
	before, err := FromWorld(world)
	if err != nil {
		return CaseEvaluation{}, err
	}
	stages, err := Replay(before, c, func(file string) ([]byte, error) { return fs.ReadFile(fixtures, c.Path(file)) })
	if err != nil {
		return CaseEvaluation{}, fmt.Errorf("%s: %w", c.ID, err)
	}
	evaluated := CaseEvaluation{Case: c}
	for _, stage := range stages {
		for _, expect := range c.Steps[stage.Step].Expect {
			versions, err := versionsOf(expect)
			if err != nil {
				return CaseEvaluation{}, fmt.Errorf("%s: %w", c.ID, err)
			}
			snapshot := stage.Snapshot.WithIstio(versions[len(versions)-1])
			for i, question := range Questions(expect) {
				evaluation := Evaluation{Hop: expect.Hops()[i], Expect: expect, Snapshot: snapshot, Answer: snapshot.Ask(question)}
				_, port, _ := world.Port(evaluation.To)
				client, _ := world.Client(evaluation.From)
				evaluation.Protocol, evaluation.Kind = port.Protocol, client.Kind
				if expect.Probe != nil {
					evaluation.Kind = hop.Prober
				}
				evaluated.Evaluations = append(evaluated.Evaluations, evaluation)
			}
		}
	}
	return evaluated, nil
}

// versionsOf are versions of Istio that an expectation is for, the newest last: on every side of its points, or one that is not
// known where it has none.
func versionsOf(expect fixture.Expect) ([]istioversion.Version, error) {
	span, err := expect.Span()
	if err != nil {
		return nil, err
	}
	if samples := span.Samples(); len(samples) > 0 {
		return samples, nil
	}
	return []istioversion.Version{{}}, nil
}

// PlacementConflict names the first expectation of a case for which the oracle's answer changes at the world's placement.
// The root namespace or the gateway is another one there. It is empty where the case holds there too.
func PlacementConflict(files fs.FS, world fixture.World, c fixture.Case) (string, error) {
	evaluated, err := EvaluateCase(files, world, c)
	if err != nil {
		return "", err
	}
	for _, evaluation := range evaluated.Evaluations {
		want, cause := evaluation.Expect.Asked()
		if evaluation.Expect.On == "" && (evaluation.Answer.Says != want || evaluation.Answer.Refusal != cause) {
			return fmt.Sprintf("here its policies ask for %s where it wants %s, of %s", evaluation.Answer.Says, want, evaluation.Hop), nil
		}
	}
	return "", nil
}
