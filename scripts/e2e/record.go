package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"k8s.io/client-go/tools/clientcmd"

	"mtls.test/conformance/e2e/live/artifact"
	"mtls.test/conformance/e2e/live/kube"
	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/e2e/live/runner"
	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/istioversion"
	"mtls.test/conformance/e2e/pure/recording"
	"mtls.test/conformance/e2e/pure/report"
	"mtls.test/conformance/fixtures"
)

// recordings is the folder of what the unit tests read of live meshes, a folder for each Istio minor.
const recordings = "e2e/pure/recording/testdata"

// record is `make record`: it records the test data again from the mesh that `up` left.
func (r *program) record(ctx context.Context) error { return r.withRunner(ctx, r.recordMinor) }

func (r *program) recordMinor(ctx context.Context, runs *runner.Runner) error {
	engine, err := r.engineThere(ctx)
	if err != nil {
		return badInput(err)
	}
	up, err := r.resume(ctx, engine)
	if err != nil {
		return badInput(err)
	}
	version, err := istioversion.Parse(up.handover.Environment.Istio, up.handover.Environment.IstioCommitDate)
	if err != nil {
		return badInput(err)
	}
	minor := recording.Minor{Name: version.Minor.String()}
	if minor.Provenance, err = provenance(ctx, runs, up.handover.Environment, version); err != nil {
		return err
	}
	notPassed, err := r.recordCases(ctx, runs, &minor)
	if err != nil {
		return err
	}
	files, err := minor.Files()
	if err != nil {
		return err
	}
	if err := searched(ctx, up.handover, files); err != nil {
		return err
	}
	folder := filepath.Join(r.root, recordings, minor.Name)
	if err := replace(folder, files); err != nil {
		return err
	}
	r.screen.step("recorded %d situations of Istio %s in %s: review them with git diff", len(minor.Situations), minor.Name, folder)
	if len(notPassed) > 0 {
		r.screen.step("not PASS on this mesh, and recorded as they are: %s", strings.Join(notPassed, ", "))
		return errNotGreen
	}
	return nil
}

// recordCases records every situation, and lists those of which the mesh did otherwise than expected.
func (r *program) recordCases(ctx context.Context, runs *runner.Runner, minor *recording.Minor) (notPassed []string, err error) {
	cases, err := fixture.Load(fixtures.FS, runs.World)
	if err != nil {
		return nil, badInput(err)
	}
	for _, id := range recording.Cases {
		i := slices.IndexFunc(cases, func(c fixture.Case) bool { return c.ID == id })
		if i < 0 {
			return nil, badInput(fmt.Errorf("there is no case %s: take it out of recording.Cases, or put it back", id))
		}
		situation, told, err := runs.Record(ctx, cases[i])
		if err != nil {
			return nil, withCause(ctx, err)
		}
		if err := situation.Complete(); err != nil {
			return nil, err
		}
		r.screen.step("%s: %s", id, told.Result)
		if told.Result != hop.Pass {
			notPassed = append(notPassed, id)
		}
		if err := minor.Add(situation); err != nil {
			return nil, err
		}
	}
	return notPassed, nil
}

func provenance(ctx context.Context, runs *runner.Runner, environment report.Environment, version istioversion.Version) (recording.Provenance, error) {
	told := recording.Provenance{
		Command: "make record", Date: time.Now().UTC().Format(time.DateOnly), Istio: environment.Istio,
		Commit: version.Commit, CommitDate: version.Date, Kubernetes: environment.Kubernetes, Profile: environment.Profile,
	}
	proxies := runs.Places.Proxies()
	if len(proxies) == 0 {
		return told, errors.New("the world has no proxy: `make e2e-up` brings it up")
	}
	var err error
	told.Envoy, err = runs.Mesh.EnvoyVersion(ctx, proxies[0])
	return told, err
}

// searched is an error for any secret in the files: the keys of the cluster by their content, and others by their looks.
func searched(ctx context.Context, given mesh.Handover, files map[string][]byte) error {
	canaries, err := keysOf(ctx, given)
	if err != nil {
		return err
	}
	var found []string
	for _, name := range slices.Sorted(maps.Keys(files)) {
		found = append(found, recording.Secrets(name, files[name])...)
		for _, canary := range canaries {
			if canary.In(files[name]) {
				found = append(found, name+" holds "+canary.Name)
			}
		}
	}
	if len(found) > 0 {
		return fmt.Errorf("nothing was written, for it would give secrets away: %s: add their keys to recording.Cut", strings.Join(found, "; "))
	}
	return nil
}

// keysOf are the private keys of the cluster, each found by the search where it belongs.
func keysOf(ctx context.Context, given mesh.Handover) ([]artifact.Canary, error) {
	client, err := kube.New(given.Kubeconfig)
	if err != nil {
		return nil, err
	}
	keys := map[string][]byte{}
	for _, secret := range []struct{ namespace, name, key string }{
		{fixture.RootNamespace, "ingress-tls", "tls.key"},
		{fixture.RootNamespace, "cacerts", "ca-key.pem"},
		{given.Placement.In(fixture.ClientsNamespace), "products-client", "tls.key"},
	} {
		if keys[secret.key+" of secret "+secret.namespace+"/"+secret.name], err = client.SecretValue(ctx, secret.namespace, secret.name, secret.key); err != nil {
			return nil, err
		}
	}
	config, err := clientcmd.LoadFromFile(given.Kubeconfig)
	if err != nil {
		return nil, err
	}
	for name, user := range config.AuthInfos {
		keys["the kubeconfig's key of "+name] = user.ClientKeyData
	}
	var canaries []artifact.Canary
	for _, name := range slices.Sorted(maps.Keys(keys)) {
		canary, err := artifact.PrivateKey(name, keys[name])
		if err != nil {
			return nil, err
		}
		if !canary.In(keys[name]) {
			return nil, fmt.Errorf("the search does not find %s where it is", name)
		}
		canaries = append(canaries, canary)
	}
	return canaries, nil
}

// replace writes the files in the place of whatever the folder held.
func replace(folder string, files map[string][]byte) error {
	if err := os.RemoveAll(folder); err != nil {
		return err
	}
	return write(folder, files)
}

// write writes the files into the folder.
func write(folder string, files map[string][]byte) error {
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if err := artifact.WriteText(filepath.Join(folder, filepath.FromSlash(name)), string(files[name])); err != nil {
			return err
		}
	}
	return nil
}
