//go:build !e2e

package e2e_test

import (
	"go/ast"
	"go/types"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/go/packages"
)

// circular are the packages whose files may call one another in a circle. Elsewhere calls go one way: a file calls those below
// it, and none of them calls back up.
var circular = []string{"pure/accesslog", "pure/envoy", "pure/fixture", "pure/oracle"}

func TestCallsInsideAPackageGoOneWay(t *testing.T) {
	loaded, err := packages.Load(&packages.Config{
		Context: t.Context(),
		Mode: packages.NeedName | packages.NeedFiles | packages.NeedCompiledGoFiles | packages.NeedImports | packages.NeedExportFile |
			packages.NeedTypes | packages.NeedSyntax | packages.NeedTypesInfo,
	}, "./pure/...", "./live/...")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range loaded {
		for _, failed := range p.Errors {
			t.Error(failed)
		}
		name := strings.TrimPrefix(p.PkgPath, module+"e2e/")
		circle := circleOf(callsBetweenFiles(p))
		switch allowed := slices.Contains(circular, name); {
		case len(circle) > 0 && !allowed:
			t.Errorf("e2e/%s: %s call one another in a circle: move what two of them share into a file below both", name, strings.Join(circle, ", "))
		case len(circle) == 0 && allowed:
			t.Errorf("e2e/%s has no circle any more: take it off the list", name)
		}
	}
}

// callsBetweenFiles lists, for each file of a package, the other files whose functions it names.
func callsBetweenFiles(p *packages.Package) map[string]map[string]bool {
	calls := map[string]map[string]bool{}
	for _, file := range p.Syntax {
		from := filepath.Base(p.Fset.Position(file.Pos()).Filename)
		calls[from] = map[string]bool{}
		ast.Inspect(file, func(node ast.Node) bool {
			name, isName := node.(*ast.Ident)
			if !isName {
				return true
			}
			function, isFunction := p.TypesInfo.Uses[name].(*types.Func)
			if isFunction && function.Pkg() == p.Types {
				if to := filepath.Base(p.Fset.Position(function.Pos()).Filename); to != from {
					calls[from][to] = true
				}
			}
			return true
		})
	}
	return calls
}

// circleOf lists the files of circles, and those between two circles; none where calls go one way.
func circleOf(calls map[string]map[string]bool) []string {
	left := maps.Clone(calls)
	calledBy := func(file string) bool {
		for other := range left {
			if left[other][file] {
				return true
			}
		}
		return false
	}
	callsOther := func(file string) bool {
		return slices.ContainsFunc(slices.Collect(maps.Keys(left[file])), func(to string) bool { return left[to] != nil })
	}
	for removed := true; removed; {
		removed = false
		for file := range left {
			if !callsOther(file) || !calledBy(file) {
				delete(left, file)
				removed = true
			}
		}
	}
	return slices.Sorted(maps.Keys(left))
}

func TestACircleOfCallsIsFound(t *testing.T) {
	calls := map[string]map[string]bool{"a": {"b": true}, "b": {"c": true}, "c": {}}
	if circle := circleOf(calls); len(circle) > 0 {
		t.Errorf("calls that go one way: %v", circle)
	}
	calls["c"]["b"] = true
	if circle := circleOf(calls); !slices.Equal(circle, []string{"b", "c"}) {
		t.Errorf("b and c call each other: %v", circle)
	}
}
