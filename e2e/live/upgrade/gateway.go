package upgrade

import (
	"context"

	appsv1 "k8s.io/api/apps/v1"

	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/upgrade"
)

// moveGateway installs a side's gateway. Its pods restart, also where the manifest of both versions is the same.
func (m *Mover) moveGateway(ctx context.Context, to upgrade.Side) error {
	if err := m.install(ctx, to, "production.yaml", "gateway.yaml"); err != nil {
		return err
	}
	if m.Mode.Revisions() {
		return m.gatewayRolledOut(ctx)
	}
	gateway, err := m.gateway(ctx)
	if err != nil {
		return err
	}
	if err := m.restartOne(ctx, gateway); err != nil {
		return err
	}
	return mesh.Ended(ctx, m.Kube, gateway.Namespace, "")
}

// moveEverything installs a side's control plane and gateway at once. No pod restarts that the installation does not restart.
func (m *Mover) moveEverything(ctx context.Context, to upgrade.Side) error {
	if err := m.install(ctx, to, "production.yaml", "together.yaml"); err != nil {
		return err
	}
	return m.gatewayRolledOut(ctx)
}

// gatewayRolledOut waits until the gateway's pods are as its Deployment wants them, and those of before have drained.
func (m *Mover) gatewayRolledOut(ctx context.Context) error {
	gateway, err := m.gateway(ctx)
	if err != nil {
		return err
	}
	if err := mesh.RolledOut(ctx, m.Kube, gateway); err != nil {
		return err
	}
	return mesh.Ended(ctx, m.Kube, gateway.Namespace, "")
}

func (m *Mover) gateway(ctx context.Context) (*appsv1.Deployment, error) {
	known := fixture.Own().Gateway
	var deployment appsv1.Deployment
	return &deployment, m.Kube.Get(ctx, known.Namespace, known.Name, &deployment)
}
