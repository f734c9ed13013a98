package oracle

import (
	"fmt"
	"io"
	"strings"
)

// SourceSummary counts in one sentence the oracle's rules by where they are stated.
func SourceSummary() string {
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

// WriteRuleTable writes the table of the oracle's rules and their sources as Markdown.
func WriteRuleTable(to io.Writer) error {
	var text strings.Builder
	fmt.Fprintf(&text, "%s Istio does what each rule says.\n\n| rule | documents | in istio/istio | a document says otherwise |\n|---|---|---|---|\n", SourceSummary())
	for _, rule := range Rules() {
		source := rule.Source()
		fmt.Fprintf(&text, "| %s | %s | %s | %s |\n", rule, documentsCell(source), codeSpans(source.Code), quotations(source.Against))
	}
	_, err := io.WriteString(to, text.String())
	return err
}

// documentsCell lists the documents that state a rule, or says that none does and where one was searched for.
func documentsCell(source Source) string {
	if !source.SourceAlone() {
		return quotations(source.Documents)
	}
	var pages []string
	for _, page := range source.Searched {
		pages = append(pages, pageLink(page))
	}
	none := "none, searched in " + strings.Join(pages, ", ")
	if len(source.Documents) == 0 {
		return none
	}
	return fmt.Sprintf("%s; %s: %s", quotations(source.Documents), tableCell(source.Undocumented), none)
}

func quotations(all []Document) string {
	var parts []string
	for _, document := range all {
		parts = append(parts, fmt.Sprintf("%s: \"%s\"", pageLink(document.Page), tableCell(document.Says)))
	}
	return strings.Join(parts, "; ")
}

// pageLink is a link to a page, named by its last folder and its anchor.
func pageLink(page Page) string {
	path, anchor, found := strings.Cut(string(page), "#")
	folders := strings.Split(strings.TrimSuffix(path, "/"), "/")
	name := folders[len(folders)-1]
	if found {
		name += "#" + anchor
	}
	return fmt.Sprintf("[%s](%s)", name, page)
}

func codeSpans(all []string) string {
	var parts []string
	for _, file := range all {
		parts = append(parts, "`"+tableCell(file)+"`")
	}
	return strings.Join(parts, ", ")
}
