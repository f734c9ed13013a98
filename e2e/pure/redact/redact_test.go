package redact_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"mtls.test/conformance/e2e/pure/history"
	"mtls.test/conformance/e2e/pure/oracle"
	"mtls.test/conformance/e2e/pure/page"
	"mtls.test/conformance/e2e/pure/redact"
	"mtls.test/conformance/e2e/pure/report"
)

// recorded is a part of a run that was red, as it was written.
func recorded(t *testing.T) report.Report {
	t.Helper()
	content, err := os.ReadFile("testdata/report.json")
	if err != nil {
		t.Fatal(err)
	}
	r, err := report.Decode(content)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// written is report.json with every value where it stands.
func written(t *testing.T, r report.Report) string {
	t.Helper()
	var packed bytes.Buffer
	if err := r.Encode(&packed); err != nil {
		t.Fatal(err)
	}
	content, err := report.Expand(packed.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func rendered(t *testing.T, r report.Report) string {
	t.Helper()
	var out bytes.Buffer
	if err := page.Write(&out, r, page.Beside{}); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// leaves calls a function for each text of a JSON value, with the path to it. Elements of a list share one.
func leaves(tree any, path string, each func(path, text string)) {
	switch tree := tree.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(tree)) {
			if strings.HasSuffix(path, ".cases.secrets") {
				pod, _, _ := strings.Cut(name, " ")
				each(path+" key", pod)
			}
			leaves(tree[name], path+"."+name, each)
		}
	case []any:
		for _, one := range tree {
			leaves(one, path, each)
		}
	case string:
		each(path, tree)
	}
}

func tree(t *testing.T, content string) any {
	t.Helper()
	var all any
	if err := json.Unmarshal([]byte(content), &all); err != nil {
		t.Fatal(err)
	}
	return all
}

// The forms by which names and addresses are found in whatever has been recorded.
var (
	addresses = regexp.MustCompile(`\b\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}\b`)
	spiffe    = regexp.MustCompile(`spiffe://([^/"\]]+)/ns/([^/"\]]+)/sa/([^/"\],]+)`)
	podNames  = regexp.MustCompile(`\b[a-z-]+-([a-z0-9]{8,10})-([a-z0-9]{5})\b`)
	serials   = regexp.MustCompile(`\b[0-9a-f]{28,}\b`)
	runs      = regexp.MustCompile(`(?i)\b\d{8}-\d{6}-([A-Z2-7]{6})(?:-([A-Z2-7]{4}))?\b`)
	hosts     = regexp.MustCompile(`\b([a-z0-9-]+)\.([a-z0-9-]+)\.(?:svc\b|test\b)`)
	objects   = regexp.MustCompile(`^[A-Z][A-Za-z]+ ([a-z0-9.-]+)/([a-z0-9.-]+)$`)
	inNames   = regexp.MustCompile(`[^/:,=]+`)
)

// holders are the ends of paths to what holds a name, and nothing else.
var holders = regexp.MustCompile(`(?:\.identities|\.changes|\.checks|\.tls|\.cases|client|server|application|wire|probe)\.(from|to|reaches|by|server|client|names|serverNames|chainNames|subject|issuer|serial|namespace|pod|workload|sni|subset|SERVICE|secrets key)$`)

// nobodys are names that everybody has.
var nobodys = words("default istio-system istio-ingressgateway istio-ingressgateway-service-account kubernetes kube-system kube-dns istiod cluster.local cluster local svc ns sa spiffe ROOTCA CN O test")

// spoken are names that are words of sentences too: they are looked for where names stand alone.
var spoken = words("client clients gateway tap ingress products foreign mesh")

func words(text string) map[string]bool {
	all := map[string]bool{}
	for _, one := range strings.Fields(text) {
		all[one] = true
	}
	return all
}

// namesOf are the names and addresses of a report.json, found without what takes them out.
func namesOf(t *testing.T, content, suite string) map[string]bool {
	t.Helper()
	all := map[string]bool{}
	for _, form := range []*regexp.Regexp{spiffe, podNames, runs, hosts} {
		for _, found := range form.FindAllStringSubmatch(content, -1) {
			for _, part := range found[1:] {
				all[part] = true
			}
		}
	}
	for _, form := range []*regexp.Regexp{addresses, serials, podNames} {
		for _, found := range form.FindAllString(content, -1) {
			all[found] = true
		}
	}
	leaves(tree(t, content), "", func(path, text string) {
		if parts := objects.FindStringSubmatch(text); parts != nil {
			all[parts[1]], all[parts[2]] = true, true
		}
		if !holders.MatchString(path) || strings.Contains(text, "|") || strings.HasPrefix(text, "outbound_.") {
			return
		}
		for _, part := range inNames.FindAllString(text, -1) {
			all[part] = true
		}
	})
	for name := range all {
		if len(name) < 2 || name == suite || nobodys[name] || strings.Trim(name, "0123456789") == "" || name == "0.0.0.0" || strings.HasPrefix(name, "127.") || strings.HasSuffix(name, ".cluster.local") && nobodys[strings.TrimSuffix(name, ".cluster.local")] {
			delete(all, name)
		}
	}
	return all
}

// looks are a page's style and script.
var looks = regexp.MustCompile(`(?s)<style>.*?</style>|<script>.*?</script>`)

// stands is where a name stands in a text, with what is around it; of one that is a word of sentences, where it is a name.
func stands(text, name string) string {
	quoted := regexp.QuoteMeta(name)
	form := `(?:^|[^A-Za-z0-9-])` + quoted + `(?:[^A-Za-z0-9-]|$)`
	if spoken[name] {
		form = `[/.@]` + quoted + `\b[^-]|[^-A-Za-z]` + quoted + `[/.@][a-z]|[^-]\b` + quoted + `(?::\d| ->)|"(?:from|to|subset|namespace|SERVICE)":"` + quoted + `[":]|<text[^>]*>` + quoted + `<`
	}
	found := regexp.MustCompile(form).FindStringIndex(text)
	if found == nil {
		return ""
	}
	return text[max(0, found[0]-60):min(len(text), found[1]+60)]
}

func TestNoNameOfARecordedReportStays(t *testing.T) {
	r := recorded(t)
	before := written(t, r)
	redacted, _ := redact.Report(r, nil)
	names := namesOf(t, before, r.Environment.Suite)
	for _, some := range []string{"product-service", "client", "clients", "plain-client", "ingress", "10.244.0.10", "GCRDWS", "foreign"} {
		if !names[some] && !strings.Contains(before, some) {
			t.Errorf("%s is not among the names that are looked for: %v", some, slices.Sorted(maps.Keys(names)))
		}
	}
	if len(names) < 40 {
		t.Errorf("only %d names are looked for: %v", len(names), slices.Sorted(maps.Keys(names)))
	}
	var rules []string
	for _, rule := range oracle.Rules() {
		rules = append(rules, string(rule), "")
	}
	for what, text := range map[string]string{"report.json": written(t, redacted), "the page": rendered(t, redacted)} {
		text = strings.NewReplacer(rules...).Replace(looks.ReplaceAllString(text, ""))
		for _, name := range slices.Sorted(maps.Keys(names)) {
			if found := stands(text, name); found != "" {
				t.Errorf("%s is still in %s: %s", name, what, found)
			}
		}
	}
	if written(t, r) != before {
		t.Error("what was given is another now")
	}
}

// Who reads a page can follow who is who.
func TestEqualNamesStayEqualAndOthersDiffer(t *testing.T) {
	r := recorded(t)
	redacted, _ := redact.Report(r, nil)
	var before, after []string
	collect := func(into *[]string) func(path, text string) {
		return func(path, text string) {
			if holders.MatchString(path) && !strings.Contains(path, ".cases.secrets") { // whose order is another one
				*into = append(*into, text)
			}
		}
	}
	leaves(tree(t, written(t, r)), "", collect(&before))
	leaves(tree(t, written(t, redacted)), "", collect(&after))
	if len(before) != len(after) || len(before) < 200 {
		t.Fatalf("%d names, and %d after", len(before), len(after))
	}
	there, back := map[string]string{}, map[string]string{}
	for i, name := range before {
		if known, met := there[name]; met && known != after[i] {
			t.Errorf("%s is %s, and %s elsewhere", name, known, after[i])
		}
		if known, met := back[after[i]]; met && known != name {
			t.Errorf("%s and %s are both %s", name, known, after[i])
		}
		there[name], back[after[i]] = after[i], name
	}
}

func TestTheSameReportIsRedactedTheSame(t *testing.T) {
	given := func() report.Report {
		r := recorded(t)
		r.Environment.Digests = map[string]string{"hub.a.example/a:1": "sha256:1", "hub.b.example/b:1": "sha256:2", "hub.c.example/c:1": "sha256:3", "hub.d.example/d:1": "sha256:4"}
		return r
	}
	first, _ := redact.Report(given(), nil)
	for range 5 {
		again, _ := redact.Report(given(), nil)
		if written(t, first) != written(t, again) || rendered(t, first) != rendered(t, again) {
			t.Fatal("two times, two reports")
		}
	}
}

func TestARedactedReportSaysAsMuch(t *testing.T) {
	r := recorded(t)
	redacted, _ := redact.Report(r, nil)
	again, err := report.Decode([]byte(written(t, redacted)))
	if err != nil || written(t, again) != written(t, redacted) {
		t.Errorf("it is another one once it has been read: %v", err)
	}
	if again.Result != r.Result || again.Summary != r.Summary || again.Measures != r.Measures || again.Durations != r.Durations {
		t.Errorf("%+v, want %+v", again.Summary, r.Summary)
	}
	groups, others := r.Groups(), again.Groups()
	if len(groups) < 2 || len(groups) != len(others) {
		t.Fatalf("%d causes, and %d after", len(groups), len(others))
	}
	for i, g := range groups {
		if other := others[i]; g.Result != other.Result || len(g.Cases) != len(other.Cases) || g.Cases[0].ID != other.Cases[0].ID || !reflect.DeepEqual(g.Explained(), other.Explained()) {
			t.Errorf("cause %d is %s of %d cases, and was %s of %d", i, other.Result, len(other.Cases), g.Result, len(g.Cases))
		}
	}
	before, after := rendered(t, r), rendered(t, redacted)
	for _, part := range []string{`<li id="case-`, `class="check"`, `class="group`, `data-hop=`, `class="out"`, `class="mute"`, `class="badge`, `<details`, `<dt>`, `<text`, `<td>`} {
		if was, is := strings.Count(before, part), strings.Count(after, part); was == 0 && part != `class="mute"` || was != is {
			t.Errorf("the page had %d of %s, and has %d", was, part, is)
		}
	}
}

func TestAHistoryHasThePseudonymsOfItsReport(t *testing.T) {
	r := recorded(t)
	line := history.Line{
		Run: r.RunID, Cell: "full istio-1.31 kubernetes-1.36", Case: r.Cases[0].ID, Reason: r.Cases[0].Reason + "; and zanzibar-prod/zanzibar", Rerun: r.Cases[0].Rerun,
		On: history.Ground{Istio: r.Environment.Istio, Machine: "zanzibar"},
	}
	redacted, past := redact.Report(r, []history.Line{line})
	got := past[0]
	if got.Run != redacted.RunID || got.Run == r.RunID || got.Cell != line.Cell || got.Case != line.Case || got.Rerun != line.Rerun || got.On.Istio != line.On.Istio ||
		!strings.HasPrefix(got.Reason, redacted.Cases[0].Reason+"; and ") || strings.Contains(got.Reason+got.On.Machine, "zanzibar") {
		t.Errorf("%+v", got)
	}
}
