package upgrade

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"strings"

	"sigs.k8s.io/e2e-framework/klient/decoder"
	"sigs.k8s.io/e2e-framework/klient/k8s"

	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/upgrade"
)

// Saboteur does what a mutant does. Nothing of it is undone: an upgrade's cluster is of no use to another run.
type Saboteur struct {
	Mover  *Mover
	Mutant upgrade.Mutant
	Files  fs.FS  // the fixtures
	Agent  string // image of the agent
}

// Prepare has the mover find the mutant's install values beside its own, and lay them over the new control plane's.
func (s Saboteur) Prepare() error {
	own, err := s.Mutant.Folder(s.Files)
	if err != nil {
		return err
	}
	s.Mover.Files = fixture.Overlay(s.Mover.Files, own)
	for _, act := range s.Mutant.Sabotage {
		s.Mover.over = append(s.Mover.over, act.Install...)
	}
	return nil
}

// Before does what is to be done before the moves to a stage; before the traffic begins for none.
func (s Saboteur) Before(ctx context.Context, stage string) error {
	for _, act := range s.Mutant.Sabotage {
		if act.Before != stage {
			continue
		}
		if err := s.do(ctx, act); err != nil {
			return fmt.Errorf("mutant %s: %w", s.Mutant.ID, err)
		}
	}
	return nil
}

func (s Saboteur) do(ctx context.Context, act upgrade.Sabotage) error {
	for _, of := range []struct {
		files []string
		does  func(context.Context, k8s.Object) error
	}{{act.Apply, s.apply}, {act.Patch, s.patch}, {act.Delete, s.delete}} {
		for _, file := range of.files {
			objects, err := s.objects(ctx, file)
			if err != nil {
				return fmt.Errorf("%s: %w", file, err)
			}
			for _, object := range objects {
				if err := of.does(ctx, object); err != nil {
					return fmt.Errorf("%s: %w", file, err)
				}
			}
		}
	}
	return nil
}

func (s Saboteur) objects(ctx context.Context, file string) ([]k8s.Object, error) {
	own, err := s.Mutant.Folder(s.Files)
	if err != nil {
		return nil, err
	}
	content, err := fs.ReadFile(own, file)
	if err != nil {
		return nil, err
	}
	text := s.Mover.Names().Plain().Replace(string(content))
	return decoder.DecodeAll(ctx, strings.NewReader(text), decoder.MutateOption(mesh.WithImage(s.Agent)))
}

func (s Saboteur) apply(ctx context.Context, object k8s.Object) error {
	return s.Mover.Kube.Apply(ctx, object)
}

func (s Saboteur) delete(ctx context.Context, object k8s.Object) error {
	return s.Mover.Kube.Delete(ctx, object)
}

// patch changes what the part names, and leaves the rest.
func (s Saboteur) patch(ctx context.Context, part k8s.Object) error {
	patch, err := json.Marshal(part)
	if err != nil {
		return err
	}
	return s.Mover.Kube.MergePatch(ctx, part, patch)
}
