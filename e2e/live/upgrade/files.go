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
	return laid(fixtures.FS, "upgrade/world", injection(mode))
}

// BaseFiles are the fixtures without that world: what cases know. They settle in the time that the base takes.
func BaseFiles(mode upgrade.Mode) (fs.FS, error) { return laid(fixtures.FS, injection(mode)) }

// WatchedFiles are Files of an upgrade that others make, on a cluster of theirs.
func WatchedFiles() (fs.FS, error) {
	return laid(fixtures.FS, "upgrade/world", injection(upgrade.InPlace), "upgrade/watched")
}

// injection is the folder of the namespaces that are injected as the mode wants it.
func injection(mode upgrade.Mode) string {
	if mode.Revisions() {
		return "upgrade/revisions"
	}
	return "upgrade/in-place"
}

func laid(files fs.FS, folders ...string) (fs.FS, error) {
	for _, folder := range folders {
		upper, err := fs.Sub(fixtures.FS, folder)
		if err != nil {
			return nil, err
		}
		files = fixture.Overlay(files, upper)
	}
	return files, nil
}
