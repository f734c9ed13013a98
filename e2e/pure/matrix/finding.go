package matrix

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/verdict"
)

// finding is what a number of cases have in common that are not alike in all cells: which result goes with which version.
type finding struct {
	Text   string
	Result hop.Result // the worst
	Cases  []string
}

// factor is one thing by which cells differ. Envoy is none: it comes with Istio.
type factor struct {
	word string
	of   func(cell) string
}

var (
	byIstio      = factor{"Istio", func(c cell) string { return c.IstioName }}
	byKubernetes = factor{"Kubernetes", func(c cell) string { return c.KubernetesName }}

	factors = []factor{
		byIstio, byKubernetes,
		{"the proxies' profile", func(c cell) string { return "profile " + cmp.Or(c.Profile, "unknown") }},
		{"the lane", func(c cell) string { return "lane " + cmp.Or(c.Lane, "unknown") }},
		{"the suite", func(c cell) string { return c.Suite }},
	}
)

// findings are those of all subjects that are not alike, the worst first.
func findings(cells []cell, subjects []subject) []finding {
	var all []finding
	places := map[string]int{}
	for _, s := range subjects {
		if s.alike() {
			continue
		}
		text := say(cells, s.In)
		place, known := places[text]
		if !known {
			place = len(all)
			places[text] = place
			all = append(all, finding{Text: text, Result: hop.Pass})
		}
		all[place].Cases = append(all[place].Cases, s.ID)
		all[place].Result = verdict.Worse(all[place].Result, s.worst().Result)
	}
	slices.SortStableFunc(all, func(a, b finding) int {
		return cmp.Or(verdict.WorstFirst(a.Result, b.Result), len(b.Cases)-len(a.Cases))
	})
	return all
}

// say says which result goes with what. It names a factor only where each of its values has one result: and where several are so, that
// these runs do not tell which of them decides.
func say(cells []cell, in []seen) string {
	var differ []string
	for i, c := range cells {
		if in[i].Differs {
			differ = append(differ, c.Name())
		}
	}
	if len(differ) > 0 {
		return fmt.Sprintf("%s; the runs in %s do not agree, so none of the versions decides", sayWhere(cells, in), join(differ))
	}
	var deciding []factor
	for _, f := range factors {
		if f.decides(cells, in) {
			deciding = append(deciding, f)
		}
	}
	if len(deciding) == 0 {
		return sayWhere(cells, in) + "; nothing by which these cells differ decides it alone"
	}
	text := deciding[0].say(cells, in)
	if len(deciding) == 1 {
		return text + deciding[0].among(cells, in)
	}
	var others []string
	for _, f := range deciding[1:] {
		others = append(others, f.word)
	}
	return fmt.Sprintf("%s; %s differs along with it, so these runs do not tell which of them decides", text, join(others))
}

// sayWhere names the cells of each result.
func sayWhere(cells []cell, in []seen) string {
	return sayEach("in", in, func(i int) string { return cells[i].Name() })
}

// decides tells whether each value of the factor has one result, and not all have the same.
func (f factor) decides(cells []cell, in []seen) bool {
	results := map[string]hop.Result{}
	different := map[hop.Result]bool{}
	for i, c := range cells {
		if !in[i].ran() {
			continue
		}
		value := f.of(c)
		if result, known := results[value]; known && result != in[i].Result {
			return false
		}
		results[value] = in[i].Result
		different[in[i].Result] = true
	}
	return len(different) > 1
}

// say names the values of each result.
func (f factor) say(cells []cell, in []seen) string {
	return sayEach("with", in, func(i int) string { return f.of(cells[i]) })
}

// sayEach says "PASS with Istio 1.30, FAIL with Istio 1.31", the worst last.
func sayEach(how string, in []seen, name func(int) string) string {
	values := map[hop.Result][]string{}
	for i, one := range in {
		if value := name(i); one.ran() && !slices.Contains(values[one.Result], value) {
			values[one.Result] = append(values[one.Result], value)
		}
	}
	var all []string
	for _, result := range slices.SortedFunc(maps.Keys(values), func(a, b hop.Result) int { return verdict.WorstFirst(b, a) }) {
		all = append(all, fmt.Sprintf("%s %s %s", result, how, join(values[result])))
	}
	return strings.Join(all, ", ")
}

// among says on what each version of Istio ran, of a factor that is Istio, and the other way round.
func (f factor) among(cells []cell, in []seen) string {
	other, how := byKubernetes, "on"
	switch f.word {
	case byIstio.word:
	case byKubernetes.word:
		other, how = byIstio, "with"
	default:
		return ""
	}
	values := map[string][]string{}
	for i, c := range cells {
		if value := other.of(c); in[i].ran() && !slices.Contains(values[f.of(c)], value) {
			values[f.of(c)] = append(values[f.of(c)], value)
		}
	}
	sets := slices.Collect(maps.Values(values))
	switch first := sets[0]; {
	case slices.ContainsFunc(sets, func(set []string) bool { return !slices.Equal(set, first) }):
		return fmt.Sprintf(", %s each %s that it ran %s", how, other.word, how)
	case len(first) == 1:
		return fmt.Sprintf(", %s %s", how, first[0])
	default:
		var versions []string
		for _, value := range first {
			versions = append(versions, strings.TrimPrefix(value, other.word+" "))
		}
		return fmt.Sprintf(", %s every %s (%s)", how, other.word, join(versions))
	}
}
