// Package upgrade takes a mesh from one version of Istio to another, by the steps that Istio documents.
package upgrade

import (
	"context"
	"io/fs"
	"strings"

	"mtls.test/conformance/e2e/live/kube"
	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/e2e/pure/upgrade"
)

// stable is the tag that the world's namespaces are labelled with, where they are by revision.
const stable = "stable"

// byDefault is the tag of the revision that validates Istio's objects. It stays on a revision that is removed, and then the API server
// takes whatever it is given (https://istio.io/latest/docs/setup/upgrade/canary/#default-tag).
const byDefault = "default"

// Mover makes the moves of an upgrade, one at a time.
type Mover struct {
	Kube       *kube.Client
	Kubeconfig string
	Mesh       *mesh.Mesh
	Mode       upgrade.Mode
	Releases   mesh.Releases
	Files      fs.FS
	Say        func(line string)

	tagged upgrade.Side // that the tag names; empty stands for the old one
	over   []string     // install values of a mutant, over those of the new control plane
}

// Names are what a mutant's placeholders stand for.
func (m *Mover) Names() upgrade.Names {
	revisions := map[upgrade.Side]string{}
	for side, release := range m.Releases {
		revisions[side] = Revision(m.Mode, release)
	}
	return upgrade.NamesOf(m.Releases.Versions(), revisions)
}

// Revision is the name of a side's control plane; empty where there is one, which is replaced.
func Revision(mode upgrade.Mode, release mesh.Release) string {
	if !mode.Revisions() {
		return ""
	}
	return strings.ReplaceAll(release.Version, ".", "-")
}

func (m *Mover) istioctl(side upgrade.Side) mesh.Istioctl {
	return mesh.Istioctl{Path: m.Releases[side].Istioctl, Kubeconfig: m.Kubeconfig, Say: m.Say}
}

func (m *Mover) install(ctx context.Context, side upgrade.Side, over ...string) error {
	return m.installOf(side, over...).Run(ctx, m.Kube)
}

func (m *Mover) installOf(side upgrade.Side, over ...string) mesh.Install {
	release := m.Releases[side]
	return mesh.Install{
		Istioctl: m.istioctl(side), Hub: release.Hub, Tag: release.Tag, Profile: release.Profile,
		Over: over, Revision: Revision(m.Mode, release), Fixtures: m.Files,
	}
}

// setTag has both tags name a side's revision.
func (m *Mover) setTag(ctx context.Context, to upgrade.Side) error {
	for _, tag := range []string{stable, byDefault} {
		if err := m.istioctl(to).Run(ctx, "tag", "set", tag, "--revision", Revision(m.Mode, m.Releases[to]), "--overwrite", "--skip-confirmation"); err != nil {
			return err
		}
	}
	return nil
}
