package oracle

import (
	"fmt"
	"io"
	"strings"
)

// Independence says in one sentence on what the oracle's rules rest.
func Independence() string {
	alone, partly, against := 0, 0, 0
	rules := Rules()
	for _, rule := range rules {
		source := rule.Source()
		if source.SourceAlone() {
			alone++
			if len(source.Documents) > 0 {
				partly++
			}
		}
		if len(source.Against) > 0 {
			against++
		}
	}
	return fmt.Sprintf("Of its %d rules %d are stated by documents of Istio or Envoy; %d rest on istiod's source alone, %d of them in part; %d are contradicted by a document.",
		len(rules), len(rules)-alone, alone, partly, against)
}

// WriteRules writes the table of the oracle's rules and their sources as Markdown.
func WriteRules(to io.Writer) error {
	var text strings.Builder
	fmt.Fprintf(&text, "%s Istio does what each rule says.\n\n| rule | documents | in istio/istio | a document says otherwise |\n|---|---|---|---|\n", Independence())
	for _, rule := range Rules() {
		source := rule.Source()
		fmt.Fprintf(&text, "| %s | %s | %s | %s |\n", rule, documents(source), code(source.Code), quoted(source.Against))
	}
	_, err := io.WriteString(to, text.String())
	return err
}

// documents are those that state a rule, or what none states and where it was searched for.
func documents(source Source) string {
	if !source.SourceAlone() {
		return quoted(source.Documents)
	}
	var pages []string
	for _, page := range source.Searched {
		pages = append(pages, link(page))
	}
	none := "none, searched in " + strings.Join(pages, ", ")
	if len(source.Documents) == 0 {
		return none
	}
	return fmt.Sprintf("%s; %s: %s", quoted(source.Documents), cell(source.Undocumented), none)
}

func quoted(all []Document) string {
	var parts []string
	for _, document := range all {
		parts = append(parts, fmt.Sprintf("%s: \"%s\"", link(document.Page), cell(document.Says)))
	}
	return strings.Join(parts, "; ")
}

// link is a page by its last folder and its anchor.
func link(page Page) string {
	path, anchor, found := strings.Cut(string(page), "#")
	folders := strings.Split(strings.TrimSuffix(path, "/"), "/")
	name := folders[len(folders)-1]
	if found {
		name += "#" + anchor
	}
	return fmt.Sprintf("[%s](%s)", name, page)
}

func code(all []string) string {
	var parts []string
	for _, file := range all {
		parts = append(parts, "`"+cell(file)+"`")
	}
	return strings.Join(parts, ", ")
}
