package upgrade

import (
	"context"
	"fmt"
	"strings"

	appsv1 "k8s.io/api/apps/v1"

	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/e2e/live/timeout"
	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/upgrade"
)

// Begin installs the old version: its control plane, the tag, the gateway. There is no world yet.
func (m *Mover) Begin(ctx context.Context) error {
	if err := m.install(ctx, upgrade.From, "production.yaml", "control-plane.yaml"); err != nil {
		return err
	}
	if m.Mode.Revisions() {
		if err := m.setTag(ctx, upgrade.From); err != nil {
			return err
		}
	}
	return m.install(ctx, upgrade.From, "production.yaml", "gateway.yaml")
}

// Move makes a move, and waits until it is done.
func (m *Mover) Move(ctx context.Context, move upgrade.Move) error {
	if err := m.move(ctx, move); err != nil {
		return fmt.Errorf("move %s: %w", move, err)
	}
	return nil
}

func (m *Mover) move(ctx context.Context, move upgrade.Move) error {
	if move.Act.Proxies() {
		if err := m.ready(ctx, move.To); err != nil {
			return err
		}
	}
	switch move.Act {
	case upgrade.Precheck:
		return m.istioctl(move.To).Run(ctx, "x", "precheck")
	case upgrade.CRDs:
		return m.install(ctx, move.To, "production.yaml", "crds.yaml")
	case upgrade.ControlPlane:
		return m.install(ctx, move.To, append([]string{"production.yaml", "control-plane.yaml"}, m.over...)...)
	case upgrade.Everything:
		return m.moveEverything(ctx, move.To)
	case upgrade.Gateway:
		return m.moveGateway(ctx, move.To)
	case upgrade.Namespace:
		return m.moveNamespace(ctx, move.Namespace, move.To)
	case upgrade.Tag:
		return m.moveTag(ctx, move.To)
	case upgrade.Removal:
		return m.remove(ctx, move.To)
	}
	return fmt.Errorf("no such act: %q", move.Act)
}

// ready waits a little until the control plane of a side is whole: pods that move to it get no proxy without.
func (m *Mover) ready(ctx context.Context, side upgrade.Side) error {
	limited, cancel := context.WithTimeout(ctx, timeout.PlaneReady.Duration())
	defer cancel()
	istiod := &appsv1.Deployment{}
	istiod.Namespace, istiod.Name = fixture.Own().Istiod, "istiod"
	if revision := Revision(m.Mode, m.Releases[side]); revision != "" {
		istiod.Name += "-" + revision
	}
	return mesh.RolledOut(limited, m.Kube, istiod)
}

// moveTag has the tag name a side's revision. What is labelled with the tag gets that revision at its next restart.
func (m *Mover) moveTag(ctx context.Context, to upgrade.Side) error {
	if err := m.setTag(ctx, to); err != nil {
		return err
	}
	m.tagged = to
	return m.relabel(ctx, to)
}

// remove uninstalls a side's control plane, unless a proxy is connected to it: that would be left without one.
func (m *Mover) remove(ctx context.Context, side upgrade.Side) error {
	revision := Revision(m.Mode, m.Releases[side])
	connected, err := m.Mesh.Connected(ctx, revision)
	if err != nil {
		return err
	}
	if len(connected) > 0 {
		return LeftBehindError{Revision: revision, Proxies: connected}
	}
	return m.installOf(side).Uninstall(ctx)
}

// LeftBehindError is of proxies that are connected to a control plane that was to be removed.
type LeftBehindError struct {
	Revision string
	Proxies  []string // POD.NAMESPACE
}

func (e LeftBehindError) Error() string {
	return fmt.Sprintf("istiod of revision %s is not removed, for proxies are connected to it: %s (label their namespace with another revision and restart them)", e.Revision, strings.Join(e.Proxies, ", "))
}
