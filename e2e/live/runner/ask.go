package runner

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"

	"go.yaml.in/yaml/v3"
	"sigs.k8s.io/e2e-framework/klient/k8s"

	"mtls.test/conformance/e2e/pure/oracle"
	"mtls.test/conformance/e2e/pure/verdict"
)

// ask asks the oracle what the policies that are in the mesh now want of each attempt, by the attempt's id.
func (p *play) ask(ctx context.Context, attempts []attempt) (map[string]verdict.Intent, error) {
	snapshot, err := p.snapshot(ctx)
	if err != nil {
		return nil, err
	}
	intents := map[string]verdict.Intent{}
	for _, a := range attempts {
		answer := verdict.Intent{Answer: snapshot.Ask(oracle.QuestionOf(a.Hop, a.want))}
		if answer.Says == "" {
			answer.Missing = answer.Why
		}
		if walk, err := p.Chart.Walk(snapshot, a.To, a.want.Want); err == nil {
			why, _ := oracle.Differs(answer.Answer, walk)
			answer.Guide = &verdict.Guide{Walk: walk, Differs: why}
		}
		intents[a.id] = answer
	}
	return intents, nil
}

// snapshot lays what the API server holds, with its creationTimestamps, over the world.
func (p *play) snapshot(ctx context.Context) (oracle.Snapshot, error) {
	world, err := oracle.FromWorld(p.World)
	if err != nil {
		return oracle.Snapshot{}, err
	}
	laid := map[string]any{}
	maps.Copy(laid, p.given)
	maps.Copy(laid, p.settings)
	settings, err := yaml.Marshal(laid)
	if err != nil {
		return oracle.Snapshot{}, err
	}
	if world.Mesh, err = world.Mesh.With(settings); err != nil {
		return oracle.Snapshot{}, err
	}
	world.Mesh.Roots = p.trust.Trusts
	for _, account := range p.accounts {
		world = world.WithAccount(account)
	}
	objects, err := p.Policies.InForce(ctx)
	if err != nil {
		return oracle.Snapshot{}, err
	}
	for _, object := range objects {
		content, err := json.Marshal(&object)
		if err != nil {
			return oracle.Snapshot{}, err
		}
		read, err := oracle.Decode(content, object.GetNamespace())
		if err != nil {
			return oracle.Snapshot{}, fmt.Errorf("%s %s/%s: %w", object.GetKind(), object.GetNamespace(), object.GetName(), err)
		}
		world = world.Merge(read)
	}
	return world, nil
}

// refusedByIntent tells why the oracle holds that one of the objects must be refused; empty where it would take all.
func refusedByIntent(objects []k8s.Object) (string, error) {
	for _, object := range objects {
		content, err := json.Marshal(object)
		if err != nil {
			return "", err
		}
		read, err := oracle.Decode(content, object.GetNamespace())
		if err != nil {
			return "its schema does not hold: " + err.Error(), nil
		}
		if name, why, refused := read.Refused(); refused {
			return name + ": " + why, nil
		}
	}
	return "", nil
}
