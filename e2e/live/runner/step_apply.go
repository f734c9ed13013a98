package runner

import (
	"context"
	"slices"

	"sigs.k8s.io/e2e-framework/klient/k8s"

	"mtls.test/conformance/e2e/pure/fixture"
)

// apply applies policy files, but for those that a sabotage has applied already.
func (c *CaseRun) apply(ctx context.Context, step int, s fixture.Step) error {
	applied := func(name string) bool { return slices.Contains(c.r.changed.Applied[c.Case.ID], name) }
	files, objects, err := c.decode(ctx, slices.DeleteFunc(slices.Clone(s.Apply), applied))
	if err != nil || len(objects) == 0 {
		return err
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

// delete deletes the objects of files that the case applied.
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

// edit replaces the content of objects that the case applied.
func (c *CaseRun) edit(ctx context.Context, step int, names []string) error {
	files, objects, err := c.decode(ctx, names)
	if err != nil {
		return err
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

// decode reads policy files of the case, and lists the objects of all.
func (c *CaseRun) decode(ctx context.Context, names []string) (files []file, objects []k8s.Object, err error) {
	for _, name := range names {
		decoded, err := c.r.Policies.Decode(ctx, c.Case.Path(name))
		if err != nil {
			return nil, nil, err
		}
		files = append(files, file{name: name, objects: decoded})
		objects = append(objects, decoded...)
	}
	return files, objects, nil
}
