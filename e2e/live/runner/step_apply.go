package runner

import (
	"context"
	"slices"

	"sigs.k8s.io/e2e-framework/klient/k8s"

	"mtls.test/conformance/e2e/pure/fixture"
)

func (c *CaseRun) apply(ctx context.Context, step int, s fixture.Step) error {
	var files []file
	var objects []k8s.Object
	for _, name := range s.Apply {
		if slices.Contains(c.r.changed.Applied[c.Case.ID], name) {
			continue
		}
		decoded, err := c.r.Policies.Decode(ctx, c.Case.Path(name))
		if err != nil {
			return err
		}
		files = append(files, file{name: name, objects: decoded})
		objects = append(objects, decoded...)
	}
	if len(objects) == 0 {
		return nil
	}
	on, err := c.Lease(ctx)
	if err != nil {
		return err
	}
	return c.Change(ctx, step, "apply", objects, func() error {
		if err := on.Apply(ctx, objects, s.Created); err != nil {
			return err
		}
		c.applied = append(c.applied, files...)
		for _, f := range files {
			c.Evidence.Policies[f.name] = f.objects
		}
		return nil
	})
}

func (c *CaseRun) delete(ctx context.Context, step int, names []string) error {
	var objects []k8s.Object
	for _, f := range c.applied {
		if slices.Contains(names, f.name) {
			objects = append(objects, f.objects...)
		}
	}
	return c.Change(ctx, step, "delete", objects, func() error {
		if err := c.r.Policies.Delete(ctx, objects); err != nil {
			return err
		}
		c.applied = slices.DeleteFunc(c.applied, func(f file) bool { return slices.Contains(names, f.name) })
		return nil
	})
}

// edit gives objects that the case applied another content.
func (c *CaseRun) edit(ctx context.Context, step int, names []string) error {
	var files []file
	var objects []k8s.Object
	for _, name := range names {
		decoded, err := c.r.Policies.Decode(ctx, c.Case.Path(name))
		if err != nil {
			return err
		}
		files = append(files, file{name: name, objects: decoded})
		objects = append(objects, decoded...)
	}
	on, err := c.Lease(ctx)
	if err != nil {
		return err
	}
	return c.Change(ctx, step, "edit", objects, func() error {
		if err := on.Edit(ctx, objects); err != nil {
			return err
		}
		for _, f := range files {
			c.Evidence.Policies[f.name] = f.objects
		}
		return nil
	})
}
