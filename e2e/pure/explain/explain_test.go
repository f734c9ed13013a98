package explain

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// constants are the values of the constants of a type in a file.
func constants(t *testing.T, file, of string) []string {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	ast.Inspect(parsed, func(n ast.Node) bool {
		spec, is := n.(*ast.ValueSpec)
		if !is {
			return true
		}
		if name, typed := spec.Type.(*ast.Ident); typed && name.Name == of {
			value, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, value)
		}
		return true
	})
	return all
}

func TestEveryCauseAndEveryFindingIsExplained(t *testing.T) {
	want := slices.Concat(constants(t, "../hop/want.go", "Refusal"), constants(t, "../verdict/copy.go", "Finding"), []string{"mismatch", "inconclusive", "plaintext", "past-the-proxy"})
	if len(want) < 20 {
		t.Fatalf("%v", want)
	}
	var have []string
	for _, c := range Causes {
		have = append(have, c.ID)
		if c.Title == "" || len(c.Seen) == 0 || c.Comes == "" || c.Mend == "" || strings.HasSuffix(c.Title, ".") || !strings.HasSuffix(c.Mend, ".") {
			t.Errorf("%s is not explained: %+v", c.ID, c)
		}
		for _, sight := range c.Seen {
			if !slices.Contains([]string{"client", "probe", "server", "wire", "application", "all"}, sight.Observer) {
				t.Errorf("%s: no observer is %s", c.ID, sight.Observer)
			}
		}
	}
	slices.Sort(want)
	slices.Sort(have)
	if !slices.Equal(have, want) {
		t.Errorf("explained are %v\nwant %v", have, want)
	}
}

func TestACauseIsFoundByItsID(t *testing.T) {
	if c := Find("not-tls"); c == nil || c.Seen[0].Observer != "client" {
		t.Errorf("%+v", c)
	}
	if Find("none") != nil {
		t.Error("there is a cause of no such id")
	}
}
