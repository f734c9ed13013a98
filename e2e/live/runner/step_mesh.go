package runner

import (
	"context"
	"fmt"
)

// mesh overrides keys of the mesh's settings until the case ends.
func (c *CaseRun) mesh(ctx context.Context, step int, keys map[string]any) error {
	on, err := c.Lease(ctx)
	if err != nil {
		return err
	}
	marked, err := c.r.Mesh.MarkSettings(ctx, keys)
	if err != nil {
		return err
	}
	c.settings = keys
	return c.settle(ctx, step, "mesh", []string{fmt.Sprint(keys)}, settings, func() error { return on.SetMesh(ctx, marked) })
}

// unset restores the mesh's settings.
func (c *CaseRun) unset(ctx context.Context, step int) error {
	c.settings = nil
	return c.settle(ctx, step, "mesh", []string{fmt.Sprint(c.settings)}, settings, func() error {
		if err := c.lease.Restore(ctx); err != nil {
			return err
		}
		return c.r.setMesh(ctx, c.r.changed.Settings)
	})
}
