package upgrade

import (
	"regexp"
	"strings"
)

// Names are what the placeholders of a mutant's files stand for, by the placeholder.
type Names map[string]string

// NamesOf are those of the versions and revisions of a run.
func NamesOf(versions Versions, revisions map[Side]string) Names {
	names := Names{}
	for side, placeholder := range map[Side]string{From: "FROM", To: "TO"} {
		names[placeholder+"_VERSION"] = versions[side]
		names[placeholder+"_REVISION"] = revisions[side]
		major, rest, _ := strings.Cut(versions[side], ".")
		minor, _, _ := strings.Cut(rest, ".")
		names[placeholder+"_MINOR"] = major + `\.` + minor
	}
	return names
}

// Plain puts the names in the place of the placeholders.
func (n Names) Plain() *strings.Replacer { return n.replacer(func(name string) string { return name }) }

// Quoted does so within a regular expression.
func (n Names) Quoted() *strings.Replacer { return n.replacer(regexp.QuoteMeta) }

func (n Names) replacer(written func(string) string) *strings.Replacer {
	var pairs []string
	for placeholder, name := range n {
		pairs = append(pairs, placeholder, written(name))
	}
	return strings.NewReplacer(pairs...)
}
