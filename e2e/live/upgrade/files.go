package upgrade

import (
	"io/fs"

	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/upgrade"
	"mtls.test/conformance/fixtures"
)

// Files are the fixtures as an upgrade has them: with a world of its own beside the base (fixtures/upgrade/world), and namespaces
// that are injected as the mode wants it.
func Files(mode upgrade.Mode) (fs.FS, error) {
	injection := "upgrade/in-place"
	if mode.Revisions() {
		injection = "upgrade/revisions"
	}
	var files fs.FS = fixtures.FS
	for _, folder := range []string{"upgrade/world", injection} {
		upper, err := fs.Sub(fixtures.FS, folder)
		if err != nil {
			return nil, err
		}
		files = fixture.Overlay(files, upper)
	}
	return files, nil
}
