package oracle

import (
	"maps"
	"slices"
	"strings"
)

// Source says where a rule comes from, so that code can tell what a document states from what was only read in istiod's
// source. A rule that only the source states is one reading with the control plane: a mistake that both share is not found.
type Source struct {
	// Documents state the rule. They are public pages for users of Istio or Envoy.
	Documents []Document
	// Code is where istiod does what the rule says: files of istio/istio, each with the symbol to look for after a comma.
	Code []string
	// Undocumented is what of the rule no document states; empty when the documents state all of it.
	Undocumented string
	// Searched are the pages that were read for what is undocumented.
	Searched []Page
	// Against are documents that say otherwise than the rule. Istio does what the rule says.
	Against []Document
}

// Document is a page and the sentence of it that decides, quoted and shortened.
type Document struct {
	Page Page
	Says string
}

// Page is the address of a public page, with the anchor of the section where it has one.
type Page string

// SourceAlone reports whether the rule, or a part of it, rests on istiod's source alone.
func (s Source) SourceAlone() bool { return s.Undocumented != "" }

// String lists the documents, or returns "none, searched in …" for a rule that rests on istiod's source alone.
func (s Source) String() string {
	var pages []string
	if s.SourceAlone() {
		for _, page := range s.Searched {
			pages = append(pages, string(page))
		}
		return "none, searched in " + strings.Join(pages, ", ")
	}
	for _, document := range s.Documents {
		pages = append(pages, string(document.Page))
	}
	return strings.Join(pages, ", ")
}

// Source returns where the rule comes from; an empty one for a rule that the oracle does not have.
func (r Rule) Source() Source {
	for _, table := range sources {
		if source, found := table[r]; found {
			return source
		}
	}
	return Source{}
}

// Rules lists every rule of the oracle, sorted.
func Rules() []Rule {
	var all []Rule
	for _, table := range sources {
		all = slices.AppendSeq(all, maps.Keys(table))
	}
	slices.Sort(all)
	return all
}

// SourceAlone lists the rules of the answer that rest on istiod's source alone, sorted.
//
// All rules of the answer count, not the last alone: the outcome follows from the modes of both ends, and each rule that
// was used could have changed one of them. One undocumented rule among ten makes the answer no more independent of
// istiod than that rule is.
func (a Answer) SourceAlone() []Rule {
	var all []Rule
	for _, rule := range a.Rules {
		if rule.Source().SourceAlone() {
			all = append(all, rule)
		}
	}
	return all
}

// sources are the rules' sources, in the order of rule.go.
var sources = []map[Rule]Source{serverSources, chainSources, clientSources, autoSources, sidecarSources, routeSources, identitySources}
