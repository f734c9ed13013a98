package oracle

import (
	"fmt"
	"io/fs"

	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/hop"
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
	Snapshot Snapshot // the mesh as the expectation finds it
	Answer   Answer
}

// Play plays a case on paper.
func Play(fixtures fs.FS, world fixture.World, c fixture.Case) (Row, error) {
	before, err := FromWorld(world)
	if err != nil {
		return Row{}, err
	}
	stages, err := Replay(before, c, func(file string) ([]byte, error) { return fs.ReadFile(fixtures, c.Path(file)) })
	if err != nil {
		return Row{}, fmt.Errorf("%s: %w", c.ID, err)
	}
	row := Row{Case: c}
	for _, stage := range stages {
		for _, expect := range c.Steps[stage.Step].Expect {
			for i, question := range Questions(expect) {
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

// Other tells where a case asks for something else at a world's placement than the case wants: its policies meet another root
// namespace, or another gateway. Empty where it does not.
func Other(files fs.FS, world fixture.World, c fixture.Case) (string, error) {
	row, err := Play(files, world, c)
	if err != nil {
		return "", err
	}
	for _, asked := range row.Asked {
		want, cause := asked.Expect.Asked()
		if asked.Expect.On == "" && (asked.Answer.Says != want || asked.Answer.Refusal != cause) {
			return fmt.Sprintf("here its policies ask for %s where it wants %s, of %s", asked.Answer.Says, want, asked.Hop), nil
		}
	}
	return "", nil
}
