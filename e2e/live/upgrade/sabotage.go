package upgrade

import (
	"context"
	"fmt"
	"io/fs"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/e2e-framework/klient/decoder"

	"mtls.test/conformance/e2e/live/kube"
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
		does  func(ctx context.Context, content string) error
	}{{act.Apply, s.apply}, {act.Patch, s.patch}, {act.Delete, s.delete}} {
		for _, file := range of.files {
			content, err := s.read(file)
			if err == nil {
				err = of.does(ctx, content)
			}
			if err != nil {
				return fmt.Errorf("%s: %w", file, err)
			}
		}
	}
	return nil
}

// read reads a file of the mutant, with the run's names in it.
func (s Saboteur) read(file string) (string, error) {
	own, err := s.Mutant.Folder(s.Files)
	if err != nil {
		return "", err
	}
	content, err := fs.ReadFile(own, file)
	return s.Mover.Names().Plain().Replace(string(content)), err
}

func (s Saboteur) apply(ctx context.Context, content string) error {
	objects, err := decoder.DecodeAll(ctx, strings.NewReader(content), decoder.MutateOption(mesh.WithImage(s.Agent)))
	if err != nil {
		return err
	}
	return s.Mover.Kube.Apply(ctx, objects...)
}

// patch changes what each part names, and leaves the rest.
func (s Saboteur) patch(ctx context.Context, content string) error {
	return s.each(content, func(part *unstructured.Unstructured) error {
		patch, err := part.MarshalJSON()
		if err != nil {
			return err
		}
		return s.Mover.Kube.StrategicPatch(ctx, part, patch)
	})
}

func (s Saboteur) delete(ctx context.Context, content string) error {
	return s.each(content, func(named *unstructured.Unstructured) error { return s.Mover.Kube.Delete(ctx, named) })
}

func (s Saboteur) each(content string, does func(*unstructured.Unstructured) error) error {
	parts, err := kube.ReadParts([]byte(content))
	if err != nil {
		return err
	}
	for _, part := range parts {
		if err := does(part); err != nil {
			return err
		}
	}
	return nil
}
