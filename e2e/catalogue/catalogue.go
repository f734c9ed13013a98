// Package catalogue counts and lists the cases: it plays each on paper, from the files of fixtures alone, and makes the
// table of what they ask and which rules the oracle uses for the answer.
package catalogue

import (
	"fmt"
	"io/fs"

	"mtls.test/conformance/e2e/fixture"
	"mtls.test/conformance/e2e/hop"
	"mtls.test/conformance/e2e/intent"
)

// Row is a case in the table of all cases.
type Row struct {
	Case  fixture.Case
	Asked []Asked
}

// Asked is one expectation over one hop, and the oracle's answer.
type Asked struct {
	hop.Hop
	Expect   fixture.Expect
	Protocol hop.Protocol
	Kind     hop.ClientKind
	Snapshot intent.Snapshot // the mesh as the expectation finds it
	Answer   intent.Answer
}

// Play plays a case on paper.
func Play(fixtures fs.FS, world fixture.World, c fixture.Case) (Row, error) {
	before, err := intent.FromWorld(world)
	if err != nil {
		return Row{}, err
	}
	stages, err := intent.Replay(before, c, func(file string) ([]byte, error) { return fs.ReadFile(fixtures, c.Path(file)) })
	if err != nil {
		return Row{}, fmt.Errorf("%s: %w", c.ID, err)
	}
	row := Row{Case: c}
	for _, stage := range stages {
		for _, expect := range c.Steps[stage.Step].Expect {
			for i, question := range intent.Questions(expect) {
				asked := Asked{Hop: expect.Hops()[i], Expect: expect, Snapshot: stage.Snapshot, Answer: stage.Snapshot.Ask(question)}
				_, port, _ := world.Port(asked.To)
				client, _ := world.Client(asked.From)
				asked.Protocol, asked.Kind = port.Protocol, client.Kind
				if expect.Probe != nil {
					asked.Kind = hop.Prober
				}
				row.Asked = append(row.Asked, asked)
			}
		}
	}
	return row, nil
}
