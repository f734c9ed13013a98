package runner

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/verdict"
)

// ruleReplicas is the rule by which a mesh is settled after a workload was scaled.
const ruleReplicas = "the workload has as many ready pods, every client has each as an endpoint, and the node has them behind their Services"

// scale gives a workload another number of pods. It hangs on the lease of the case, so the sweeper scales it back where the run dies.
func (c *CaseRun) scale(ctx context.Context, step int, wanted fixture.Scale) error {
	on, err := c.Lease(ctx)
	if err != nil {
		return err
	}
	deployment := c.r.deployment(wanted.Workload)
	c.scaled = with(c.scaled, wanted.Workload)
	err = on.Patch(ctx, deployment, func(now *unstructured.Unstructured) error {
		return unstructured.SetNestedField(now.Object, int64(wanted.Replicas), "spec", "replicas")
	})
	if err != nil {
		return err
	}
	return c.awaitPods(ctx, step, "scale", fmt.Sprintf("%s has %d pods", wanted.Workload, wanted.Replicas), wanted.Workload)
}

// scaleBack gives the workloads the pods that they had.
func (c *CaseRun) scaleBack(ctx context.Context) error {
	if len(c.scaled) == 0 || c.lease == nil {
		return nil
	}
	if err := c.lease.Restore(ctx); err != nil {
		return err
	}
	for _, workload := range c.scaled {
		if err := c.awaitPods(ctx, len(c.Case.Steps), "revert", workload+" has the pods that it had", workload); err != nil {
			return err
		}
	}
	c.scaled = nil
	return nil
}

// awaitPods waits until the pods of a workload are those that its Deployment asks for, and all that sends to them knows them.
func (c *CaseRun) awaitPods(ctx context.Context, step int, act, what, name string) error {
	return c.changed(ctx, step, act, []string{what}, ruleReplicas, func(*verdict.Change) error {
		if err := c.r.Mesh.RolledOut(ctx, c.r.deployment(name)); err != nil {
			return err
		}
		if _, err := c.lookAgain(ctx); err != nil {
			return err
		}
		if err := c.r.AwaitRouting(ctx); err != nil {
			return err
		}
		return c.r.AwaitEndpoints(ctx, c.r.workload(name))
	})
}

// deployment names the Deployment of a workload.
func (r *Runner) deployment(name string) *unstructured.Unstructured {
	workload, object := r.workload(name), &unstructured.Unstructured{}
	object.SetAPIVersion("apps/v1")
	object.SetKind("Deployment")
	object.SetNamespace(workload.Namespace)
	object.SetName(workload.Name)
	return object
}
