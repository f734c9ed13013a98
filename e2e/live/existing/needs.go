package existing

import (
	"io/fs"

	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/oracle"
)

// Needs tells why a case cannot be played at a world's placement; none where it can. A case's wants hold where its policies ask
// for the same as on a cluster of the suite's own.
func Needs(files fs.FS, world fixture.World, c fixture.Case) ([]string, error) {
	needs, err := c.Needs(files, world)
	if err != nil || len(needs) > 0 || !world.Placement.Existing || world.Placement.ByIntent != "" {
		return needs, err
	}
	other, err := oracle.PlacementConflict(files, world, c)
	if err != nil || other == "" {
		return nil, err
	}
	return []string{other}, nil
}
