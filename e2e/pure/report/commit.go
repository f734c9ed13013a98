package report

import "strings"

// ShortCommit is the begin of Environment.Suite as git shortens a commit, with the mark of files that were not as committed: e298a9c of
// e298a9cecccae0c4399fb58eb40904ed3a0f78ce. It is empty of none.
func ShortCommit(suite string) string {
	const digits = 7
	hash, mark, marked := strings.Cut(suite, "-")
	short := hash[:min(len(hash), digits)]
	if marked {
		short += "-" + mark
	}
	return short
}
