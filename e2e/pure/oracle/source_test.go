package oracle

import (
	"go/ast"
	"go/parser"
	"go/token"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

var (
	ofIstio  = regexp.MustCompile(`^https://istio\.io/(latest|v\d+\.\d+)/(docs|news)/([a-z0-9._-]+/)+(#[A-Za-z0-9_-]+)?$`)
	ofOthers = regexp.MustCompile(`^https://(pkg\.go\.dev/istio\.io/api/|gateway-api\.sigs\.k8s\.io/|www\.envoyproxy\.io/docs/envoy/latest/|github\.com/istio/istio/tree/release-\d+\.\d+/)[A-Za-z0-9_./#-]+$`)
	inIstio  = regexp.MustCompile(`^(pilot/pkg|manifests)/[a-z0-9_/-]+\.(go|yaml)(, \S.*)?$`)
)

// faultOf says what is wrong with a rule's source; empty when nothing is.
func faultOf(s Source) string {
	pages := slices.Clone(s.Searched)
	for _, document := range slices.Concat(s.Documents, s.Against) {
		pages = append(pages, document.Page)
		if says := document.Says; says == "" || says != strings.TrimSpace(says) || len(says) > 300 {
			return "a document says nothing, or too much: " + says
		}
	}
	for _, page := range pages {
		if !ofIstio.MatchString(string(page)) && !ofOthers.MatchString(string(page)) {
			return "no address of a public page: " + string(page)
		}
	}
	for _, file := range s.Code {
		if !inIstio.MatchString(file) {
			return "no file of istio/istio: " + file
		}
	}
	switch {
	case s.SourceAlone() && len(s.Code) == 0:
		return "neither documents nor code state all of it"
	case s.SourceAlone() && len(s.Searched) == 0:
		return "no document states all of it, and none was searched"
	case s.Undocumented == allOfIt && len(s.Documents) > 0:
		return "nothing of it is documented, and it has documents"
	case !s.SourceAlone() && len(s.Documents) == 0:
		return "it has no source"
	case !s.SourceAlone() && len(s.Searched) > 0:
		return "documents were searched for what is documented"
	}
	return ""
}

func TestEveryRuleHasASource(t *testing.T) {
	declared := declaredRules(t)
	if rules := Rules(); !slices.Equal(rules, declared) {
		t.Errorf("rule.go declares\n%v\nand the tables of sources have\n%v", declared, rules)
	}
	for _, rule := range declared {
		if fault := faultOf(rule.Source()); fault != "" {
			t.Errorf("%s: %s", rule, fault)
		}
	}
}

// declaredRules are the constants of rule.go, sorted.
func declaredRules(t *testing.T) []Rule {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "rule.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var all []Rule
	ast.Inspect(file, func(node ast.Node) bool {
		spec, is := node.(*ast.ValueSpec)
		if !is {
			return true
		}
		if kind, is := spec.Type.(*ast.Ident); !is || kind.Name != "Rule" {
			t.Errorf("%s is not declared as a Rule", spec.Names[0].Name)
			return false
		}
		text, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
		if err != nil {
			t.Error(err)
		}
		all = append(all, Rule(text))
		return false
	})
	slices.Sort(all)
	return all
}

func TestASourceThatLacksSomethingIsNoticed(t *testing.T) {
	page := Document{peerReference, "It is so."}
	for name, source := range map[string]Source{
		"nothing":                    {},
		"code alone, unsaid":         {Code: []string{codeCompose}},
		"code alone, unsearched":     {Code: []string{codeCompose}, Undocumented: allOfIt},
		"no code":                    {Undocumented: allOfIt, Searched: searchedPeer},
		"documented and not":         {Documents: []Document{page}, Code: []string{codeCompose}, Undocumented: allOfIt, Searched: searchedPeer},
		"documented and searched":    {Documents: []Document{page}, Searched: searchedPeer},
		"a page that says nothing":   {Documents: []Document{{peerReference, ""}}},
		"another site":               {Documents: []Document{{"https://example.com/docs/", "It is so."}}},
		"a page without its folder":  {Documents: []Document{{"https://istio.io/latest/docs/x", "It is so."}}},
		"a page against, misspelled": {Documents: []Document{page}, Against: []Document{{"http://istio.io/latest/docs/x/", "It is not."}}},
		"a file of another tree":     {Documents: []Document{page}, Code: []string{"e2e/pure/oracle/rule.go"}},
	} {
		if faultOf(source) == "" {
			t.Errorf("%s: not noticed", name)
		}
	}
	if fault := faultOf(Source{Documents: []Document{page}, Code: []string{codeCompose}}); fault != "" {
		t.Error(fault)
	}
}

func TestWhatRestsOnSourceAlone(t *testing.T) {
	answer := Answer{Rules: []Rule{AutoClusters, ServerDefault, ChainIstioALPN}}
	if got := answer.SourceAlone(); !slices.Equal(got, []Rule{AutoClusters, ChainIstioALPN}) {
		t.Errorf("got %v", got)
	}
	if got := (Answer{Rules: []Rule{ServerDefault, ChainPlaintext}}).SourceAlone(); got != nil {
		t.Errorf("got %v", got)
	}
	if got, want := ServerTie.Source().String(), "none, searched in "+string(peerReference)+", "; !strings.HasPrefix(got, want) {
		t.Errorf("got %s, want %s…", got, want)
	}
	if got := ServerMesh.Source().String(); got != string(conceptsSelector) {
		t.Error(got)
	}
	if source := Rule("no such rule").Source(); source.SourceAlone() || faultOf(source) == "" {
		t.Errorf("a rule that is none has source %v", source)
	}
}
