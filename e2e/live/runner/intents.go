package runner

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"

	"go.yaml.in/yaml/v3"
	"sigs.k8s.io/e2e-framework/klient/k8s"

	"mtls.test/conformance/e2e/pure/join"
	"mtls.test/conformance/e2e/pure/oracle"
	"mtls.test/conformance/e2e/pure/verdict"
)

// Intents asks the oracle what the policies that are in the mesh now ask of each attempt, by the attempt's id.
func (c *CaseRun) Intents(ctx context.Context, attempts []join.Attempt) (map[string]verdict.Intent, error) {
	snapshot, err := c.Snapshot(ctx)
	if err != nil {
		return nil, err
	}
	return c.r.intents(snapshot, attempts), nil
}

// Snapshot lays what the API server holds, with its creationTimestamps, over the world, and over both what the run changed
// otherwise.
func (c *CaseRun) Snapshot(ctx context.Context) (oracle.Snapshot, error) {
	snapshot, err := c.r.snapshot(ctx, c.settings)
	if err != nil {
		return oracle.Snapshot{}, err
	}
	for _, account := range c.accounts {
		snapshot = snapshot.WithAccount(account)
	}
	return snapshot, nil
}

func (r *Runner) intents(snapshot oracle.Snapshot, attempts []join.Attempt) map[string]verdict.Intent {
	intents := map[string]verdict.Intent{}
	for _, a := range attempts {
		var answer verdict.Intent
		answer.Answer, answer.Policies = snapshot.AskInForce(oracle.QuestionOf(a.Hop, a.Want))
		if answer.Says == "" {
			answer.Missing = answer.Why
		}
		if a.Want.Routed() {
			answer.Routes = snapshot.RoutesTo(a.From, a.To, a.Reached()).Routes
		}
		if path, err := r.Chart.Follow(snapshot, a.Reached(), a.Want.Want); err == nil {
			why, _ := oracle.Differs(answer.Answer, path)
			answer.Guide = &verdict.Guide{ChartPath: path, Differs: why}
		}
		intents[a.ID] = answer
	}
	return intents
}

// snapshot lays what the API server holds over the world, whose settings a case may have changed.
func (r *Runner) snapshot(ctx context.Context, changed map[string]any) (oracle.Snapshot, error) {
	world, err := oracle.FromWorld(r.World)
	if err != nil {
		return oracle.Snapshot{}, err
	}
	laid := map[string]any{}
	maps.Copy(laid, r.changed.Settings)
	maps.Copy(laid, changed)
	settings, err := yaml.Marshal(laid)
	if err != nil {
		return oracle.Snapshot{}, err
	}
	if world.Mesh, err = world.Mesh.With(settings); err != nil {
		return oracle.Snapshot{}, err
	}
	world.Mesh.Roots, world.Mesh.Istio = r.trust.Trusts, r.Istio
	objects, err := r.Policies.InForce(ctx)
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
