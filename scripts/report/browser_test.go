//go:build browser

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"mtls.test/conformance/e2e/live/artifact"
	"mtls.test/conformance/e2e/pure/explain"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/oracle"
	"mtls.test/conformance/e2e/pure/page"
	"mtls.test/conformance/e2e/pure/report"
	"mtls.test/conformance/e2e/pure/verdict"
	"mtls.test/conformance/fixtures"
)

// patience bounds what a browser takes for one test.
const patience = time.Minute

// pictures is where screenshots are kept.
const pictures = "../../artifacts/pictures"

// opened is a page in a browser, from disk and without a network.
type opened struct {
	context.Context
	t     *testing.T
	mu    sync.Mutex
	wrong []string // requests that left the disk, and what the console complained of
}

// hear takes the browser's events.
func (o *opened) hear(event any) {
	said := ""
	switch event := event.(type) {
	case *network.EventRequestWillBeSent:
		if !strings.HasPrefix(event.Request.URL, "file://") {
			said = "it asks for " + event.Request.URL
		}
	case *runtime.EventExceptionThrown:
		said = event.ExceptionDetails.Text
	case *runtime.EventConsoleAPICalled:
		said = fmt.Sprintf("the console has a line of %v", event.Type)
	case *log.EventEntryAdded:
		said = event.Entry.Text
	}
	if said != "" {
		o.mu.Lock()
		defer o.mu.Unlock()
		o.wrong = append(o.wrong, said)
	}
}

// given is a variable that make test-report sets.
func given(t *testing.T, name string) string {
	t.Helper()
	path := os.Getenv(name)
	if path == "" {
		t.Fatalf("%s is not set: use make test-report", name)
	}
	return path
}

// open opens the page of a report.
func open(t *testing.T, r report.Report) *opened {
	t.Helper()
	beside, err := page.ReadBeside(fixtures.FS, os.DirFS(t.TempDir()))
	if err != nil {
		t.Fatal(err)
	}
	return openWritten(t, func(to io.Writer) error { return page.Write(to, r, beside) })
}

// openWritten opens what is written.
func openWritten(t *testing.T, write func(io.Writer) error) *opened {
	t.Helper()
	file := filepath.Join(t.TempDir(), page.File)
	if err := artifact.Write(file, write); err != nil {
		t.Fatal(err)
	}
	o := &opened{t: t}
	tab, stop := chromedp.NewContext(t.Context(), chromedp.WithListener(o.hear),
		chromedp.WithAllocatorOptions(chromedp.ExecPath(given(t, "CHROMIUM")), chromedp.NoSandbox, chromedp.WindowSize(1400, 1000)))
	t.Cleanup(stop)
	limited, cancel := context.WithTimeout(tab, patience)
	t.Cleanup(cancel)
	o.Context = limited
	o.do(chromedp.Navigate("about:blank"))
	if _, err := chromedp.Call(o, network.Enable, network.EnableParams{}); err != nil {
		t.Fatal(err)
	}
	if _, err := chromedp.Call(o, log.Enable, cdp.Empty{}); err != nil {
		t.Fatal(err)
	}
	o.do(chromedp.Navigate("file://" + file))
	t.Cleanup(func() {
		o.mu.Lock()
		defer o.mu.Unlock()
		if len(o.wrong) > 0 {
			t.Errorf("%s", strings.Join(o.wrong, "\n"))
		}
	})
	return o
}

func (o *opened) do(actions ...chromedp.Action[chromedp.Void]) {
	o.t.Helper()
	if err := chromedp.Do(o, actions...); err != nil {
		o.t.Fatal(err)
	}
}

// value is what an expression comes to.
func value[Of any](o *opened, expression string) Of {
	o.t.Helper()
	of, err := chromedp.Run(o, chromedp.Evaluate[Of](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		o.t.Fatal(err)
	}
	return of
}

// home leads back to the first screen, where every case is closed.
func (o *opened) home() {
	o.t.Helper()
	value[any](o, `location.hash = ""; document.querySelectorAll("details").forEach((one) => { one.open = false; }); scrollTo(0, 0); true`)
}

func (o *opened) picture(name string) {
	o.t.Helper()
	png, err := chromedp.Run(o, chromedp.CaptureScreenshot())
	if err != nil {
		o.t.Fatal(err)
	}
	if err := artifact.WriteText(filepath.Join(pictures, name+".png"), string(png)); err != nil {
		o.t.Fatal(err)
	}
}

// shown are the ids of the cases that the filter leaves.
const shown = `Array.from(document.querySelectorAll("#cases > li summary code")).map((code) => code.textContent)`

// storedReport is the report of the last of the whole runs that are stored beside the table of versions.
func storedReport(t *testing.T) report.Report {
	return lastReport(t, "../versions/reports/*-cases.json.zst")
}

// lastReport reads the last of the stored reports of a pattern.
func lastReport(t *testing.T, pattern string) report.Report {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	r, err := read(files[len(files)-1])
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// redReport has a case of each result, and one for each cause: recorded checks, judged as though something else had been wanted of them.
func redReport(t *testing.T) report.Report {
	t.Helper()
	stored := storedReport(t)
	verdicts := map[string]report.Case{}
	add := func(id string, c report.Case) {
		c.ID, c.Rerun = id, "make e2e FOCUS="+id+":"
		c.Conclude()
		verdicts[id] = c
	}
	add("green", recorded(t, stored, func(check verdict.Check) bool { return check.Want == hop.MTLS }))
	skipped := verdicts["green"]
	skipped.ID, skipped.Result, skipped.Reason = "skipped", hop.Skipped, "no gateway"
	verdicts["skipped"] = skipped
	for _, cause := range explain.Causes {
		add("red-"+cause.ID, redCase(t, stored, cause.ID))
	}
	return report.Fold(report.Run{RunID: "20261129-031700-ABCDEF", Verdicts: verdicts})
}

// recorded is a case of a report with the first check that is looked for, and no other.
func recorded(t *testing.T, r report.Report, wanted func(verdict.Check) bool) report.Case {
	t.Helper()
	for _, c := range r.Cases {
		if i := slices.IndexFunc(c.Checks, wanted); i >= 0 {
			c.Checks = []verdict.Check{c.Checks[i]}
			return c
		}
	}
	t.Fatal("no such check is recorded")
	return report.Case{}
}

// redCase is a case that is red for a cause.
func redCase(t *testing.T, stored report.Report, cause string) report.Case {
	t.Helper()
	mutual := func(check verdict.Check) bool { return check.Want == hop.MTLS && check.Observers.Client != nil }
	switch cause {
	case "mismatch": // what a server's log says of a connection that its proxy took in clear
		c := recorded(t, stored, mutual)
		server := *c.Checks[0].Observers.Server
		server.Says, server.TLS = hop.Plaintext, nil
		c.Checks[0].Observers.Server = &server
		c.Checks[0].Judge()
		return c
	case "past-the-proxy": // what excludeInboundPorts makes of a client that speaks plaintext
		c := recorded(t, stored, func(check verdict.Check) bool { return check.Want == hop.Plaintext && check.Observers.Server != nil })
		c.Checks[0].Observers.Server = &hop.Observation{Source: hop.Server, Says: hop.Absent}
		c.Checks[0].Judge()
		return c
	case string(verdict.ClearCopy):
		c := recorded(t, stored, mutual)
		c.AddCopies(0, []verdict.Copy{{From: "default/product-service", To: "default/mirror", Request: c.Checks[0].ID, Sightings: 1}})
		return c
	case "inconclusive":
		c := recorded(t, stored, mutual)
		c.Checks[0].Observers.Wire = &hop.Observation{Source: hop.Wire, Missing: "the tap has lost packets"}
		c.Checks[0].Judge()
		return c
	case string(hop.Plaintext):
		c := recorded(t, stored, func(check verdict.Check) bool { return check.Want == hop.Plaintext })
		c.Checks[0].Want = hop.MTLS
		c.Checks[0].Judge()
		return c
	case string(hop.NoSharedCipher): // no proxy of the world refuses so
		c := recorded(t, stored, func(check verdict.Check) bool { return check.Cause == hop.ProtocolVersion })
		c.Checks[0].Want, c.Checks[0].Cause = hop.MTLS, ""
		for _, says := range []*hop.Refusal{&c.Checks[0].Intent.Refusal, &c.Checks[0].Config.Refusal} {
			*says = hop.NoSharedCipher
		}
		probe := *c.Checks[0].Observers.Probe
		probe.Refusal = hop.NoSharedCipher
		c.Checks[0].Observers.Probe = &probe
		c.Checks[0].Judge()
		return c
	}
	c := recorded(t, stored, func(check verdict.Check) bool { return string(check.Cause) == cause })
	c.Checks[0].Want, c.Checks[0].Cause = hop.MTLS, ""
	c.Checks[0].Judge()
	return c
}

func TestThePageIsQuietAndFiltersByWords(t *testing.T) {
	o := open(t, storedReport(t))
	all := value[[]string](o, shown)
	if len(all) < 200 {
		t.Fatalf("%d cases", len(all))
	}
	o.picture("first-screen")
	value[any](o, `document.querySelector(".mesh").scrollIntoView(); true`)
	o.picture("mesh")
	o.do(chromedp.SendKeys(chromedp.ID("search"), `mesh-strict "gateway -> product-service:8080"`))
	few := value[[]string](o, shown)
	if len(few) == 0 || len(few) >= len(all) || !slices.Contains(few, "mesh-strict") {
		t.Errorf("%d of %d cases are left", len(few), len(all))
	}
	if hash := value[string](o, "location.hash"); !strings.Contains(hash, "mesh-strict") {
		t.Errorf("what is looked for is not in the address: %s", hash)
	}
	o.do(chromedp.Click(chromedp.CSS(`.mesh [data-hop="client -> product-service-pooled"]`)))
	others := value[[]string](o, `Array.from(document.querySelectorAll("#cases > li")).filter((item) => !item.querySelector('[data-at^="client -> product-service-pooled:"]')).map((item) => item.id)`)
	if few := value[[]string](o, shown); len(few) == 0 || len(few) == len(all) || len(others) > 0 {
		t.Errorf("%d cases go over the hop, and %v do not", len(few), others)
	}
	value[any](o, `const choice = document.querySelector('[data-token="rule"]'); choice.value = "destination-rule/insecure-skip-verify"; choice.dispatchEvent(new Event("change")); true`)
	if few := value[[]string](o, shown); len(few) > 0 {
		t.Errorf("%v rest on the rule and go over the hop", few)
	}
	value[any](o, `location.hash = "#?q=rule:destination-rule/insecure-skip-verify"; true`)
	if few := value[[]string](o, shown); !slices.Equal(few, []string{"simple-insecure"}) {
		t.Errorf("on the rule rest %v", few)
	}
	if wide := value[bool](o, "document.documentElement.scrollWidth > document.documentElement.clientWidth"); wide {
		t.Error("the page is wider than its window")
	}
}

func TestTheKeyboardReachesWhatIsNotGreen(t *testing.T) {
	o := open(t, redReport(t))
	o.do(chromedp.KeyEvent("n"))
	if focused := value[string](o, `document.activeElement.querySelector("code").textContent`); !strings.HasPrefix(focused, "red-") {
		t.Errorf("n leads to %s", focused)
	}
	// The driver would send the character apart from the key.
	if value[bool](o, `document.body.dispatchEvent(new KeyboardEvent("keydown", {key: "/", bubbles: true, cancelable: true}))`) ||
		!value[bool](o, `document.activeElement.id === "search"`) {
		t.Error("/ does not lead to the filter, or is written into it")
	}
	o.do(chromedp.Click(chromedp.CSS(`[data-verdict="PASS"]`)))
	if few := value[[]string](o, shown); !slices.Equal(few, []string{"green"}) {
		t.Errorf("green are %v", few)
	}
}

// A run that did not come up has no case, and a page all the same.
func TestAPageWithoutCasesIsQuiet(t *testing.T) {
	o := open(t, report.Fold(report.Run{Cause: "the images could not be pulled"}))
	value[any](o, `location.hash = "#cause-not-tls"; true`)
	o.do(chromedp.WaitReady(chromedp.CSS("#cause-not-tls[open]")), chromedp.Click(chromedp.ID("theme")))
	if theme := value[string](o, "document.documentElement.dataset.theme"); theme != "dark" {
		t.Errorf("the theme is %q", theme)
	}
}

// What a green case shows is drawn when it is opened.
func TestALinkOpensItsCase(t *testing.T) {
	o := open(t, storedReport(t))
	if drawn := value[int](o, `document.querySelectorAll(".sequence, .timeline").length`); drawn > 0 {
		t.Errorf("%d pictures are drawn before", drawn)
	}
	value[any](o, `location.hash = "#case-mesh-strict"; true`)
	o.do(chromedp.WaitReady(chromedp.CSS(`#case-mesh-strict details[open] .sequence`)), chromedp.WaitReady(chromedp.CSS(`#case-mesh-strict .timeline`)), chromedp.WaitReady(chromedp.CSS(`#case-mesh-strict .guide`)))
	o.picture("case")
}

// From the first screen to why, for every result and every cause.
func TestThreeClicksLeadToWhy(t *testing.T) {
	r := redReport(t)
	o := open(t, r)
	decided := 0
	for _, cause := range explain.Causes {
		id := "red-" + cause.ID
		o.home()
		o.do(chromedp.Click(chromedp.CSS(fmt.Sprintf(`.group a[href="#case-%s"]`, id))), chromedp.WaitReady(chromedp.CSS("#case-"+id+" details[open] .strip")))
		text := value[string](o, fmt.Sprintf("document.getElementById(%q).innerText", "case-"+id))
		for _, want := range []string{"make e2e FOCUS=" + id + ":", cause.Title} {
			if !strings.Contains(text, want) {
				t.Errorf("%s: no %q in %s", id, want, text)
			}
		}
		if !value[bool](o, fmt.Sprintf(`document.querySelectorAll("#case-%s .strip .out, #case-%s .strip .mute").length > 0`, id, id)) {
			t.Errorf("%s: who disagrees does not stand out", id)
		}
		c := r.Cases[slices.IndexFunc(r.Cases, func(c report.Case) bool { return c.ID == id })]
		wanted := deciding(c.Checks[0].Intent.Policies)
		marked := value[[]string](o, fmt.Sprintf(`Array.from(document.querySelectorAll("#case-%s .policy mark")).map((line) => line.innerText.replace("▶ ", ""))`, id))
		if !slices.Equal(marked, wanted) || !strings.Contains(text, "By the policies the server is "+string(c.Checks[0].Intent.Server.Mode)) {
			t.Errorf("%s: the lines %q are marked, want %q, in %s", id, marked, wanted, text)
		}
		decided += len(wanted)
		o.do(chromedp.Click(chromedp.CSS(fmt.Sprintf(`#case-%s a[href="#cause-%s"]`, id, cause.ID))), chromedp.WaitReady(chromedp.CSS("#cause-"+cause.ID+"[open]")))
		if text := value[string](o, fmt.Sprintf("document.getElementById(%q).innerText", "cause-"+cause.ID)); !strings.Contains(text, cause.Mend) || !strings.Contains(text, cause.Comes) {
			t.Errorf("%s: %s", id, text)
		}
	}
	if decided == 0 {
		t.Error("no policy decides a case, so none can be seen to")
	}
	o.home()
	o.picture("red")
	o.do(chromedp.Click(chromedp.CSS(`.group a[href="#case-red-no-filter-chain"]`)), chromedp.WaitReady(chromedp.CSS("#case-red-no-filter-chain details[open] .sequence")))
	o.picture("red-case")
}

// deciding are the lines of policies that decide.
func deciding(policies []oracle.Policy) []string {
	lines := []string{}
	for _, policy := range policies {
		all := strings.Split(policy.Text, "\n")
		for _, number := range policy.Lines {
			lines = append(lines, all[number-1])
		}
	}
	return lines
}

// oneSign is an element with one character, of whose contrast axe says nothing. Those of the cells have the colours of the badges, of
// which it does.
var oneSign = regexp.MustCompile(`^<span aria-hidden="true">[^<]</span>$`)

// drawnText is text of a picture, whose ground axe does not know; faintText looks at it.
var drawnText = regexp.MustCompile(`^<(text|tspan)[ >]`)

// faintText lists the texts of pictures that have less contrast than 4.5 with one of the two grounds on which pictures have text
// (https://www.w3.org/TR/WCAG22/#contrast-minimum).
const faintText = `(() => {
	const light = (colour) => colour.match(/\d+(\.\d+)?/g).slice(0, 3).map((part) => part / 255)
		.map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
		.reduce((sum, part, i) => sum + part * [0.2126, 0.7152, 0.0722][i], 0);
	const ground = document.createElement("i");
	document.body.append(ground);
	const grounds = ["--ground", "--raised"].map((name) => {
		ground.style.setProperty("background", "var(" + name + ")");
		return light(getComputedStyle(ground).backgroundColor);
	});
	ground.remove();
	return Array.from(document.querySelectorAll("svg text")).filter((text) => grounds.some((under) => {
		const ink = light(getComputedStyle(text).fill);
		return (Math.max(ink, under) + 0.05) / (Math.min(ink, under) + 0.05) < 4.5;
	})).map((text) => text.outerHTML);
})()`

func TestNothingKeepsPeopleFromThePage(t *testing.T) {
	for name, r := range map[string]report.Report{
		"red": redReport(t), "whole": storedReport(t),
		"upgrade": lastReport(t, "../../e2e/pure/page/testdata/upgrade.json"), "mutants": lastReport(t, "../versions/reports/*-mutants.json.zst"),
	} {
		for _, theme := range themes {
			t.Run(name+" "+theme, func(t *testing.T) {
				o := open(t, r)
				o.theme(theme)
				o.keepsNobody()
				o.picture(name + "-" + theme)
			})
		}
	}
}

var themes = []string{"light", "dark"}

func (o *opened) theme(name string) {
	o.t.Helper()
	value[any](o, fmt.Sprintf("document.documentElement.dataset.theme = %q", name))
}

// keepsNobody fails where something keeps people from the page, by axe-core.
func (o *opened) keepsNobody() {
	o.t.Helper()
	script, err := os.ReadFile(given(o.t, "AXE"))
	if err != nil {
		o.t.Fatal(err)
	}
	value[any](o, string(script)+"; true")
	var found struct {
		Violations, Incomplete []struct {
			ID    string
			Help  string
			Nodes []struct{ HTML string }
		}
	}
	text := value[string](o, `axe.run({resultTypes: ["violations", "incomplete"]}).then((found) => JSON.stringify(found))`)
	if err := json.Unmarshal([]byte(text), &found); err != nil {
		o.t.Fatal(err)
	}
	for _, v := range found.Violations {
		o.t.Errorf("%s: %s, at %d places, first %s", v.ID, v.Help, len(v.Nodes), v.Nodes[0].HTML)
	}
	for _, v := range found.Incomplete {
		for _, node := range v.Nodes {
			if v.ID != "color-contrast" || !oneSign.MatchString(node.HTML) && !drawnText.MatchString(node.HTML) {
				o.t.Errorf("undecided: %s: %s: %s", v.ID, v.Help, node.HTML)
			}
		}
	}
	for _, faint := range value[[]string](o, faintText) {
		o.t.Errorf("in a picture: %s", faint)
	}
}

// big is a report of so many cases, those of a stored one again and again, of which some are red for causes of their own.
func big(t *testing.T, cases, red int) report.Report {
	stored := storedReport(t)
	verdicts := map[string]report.Case{}
	for i := range cases {
		c := stored.Cases[i%len(stored.Cases)]
		c.ID = fmt.Sprintf("case-%03d", i)
		if i < red {
			c.Result, c.Reason = hop.Fail, fmt.Sprintf("client -> product-service:8080: istiod ended after %d ms", i)
			c.Checks = slices.Clone(c.Checks)
			for at := range c.Checks {
				c.Checks[at].Result, c.Checks[at].Reason = c.Result, c.Reason
			}
		}
		verdicts[c.ID] = c
	}
	return report.Fold(report.Run{RunID: "20261129-031700-ABCDEF", Verdicts: verdicts})
}

// It says how long a page of 500 cases takes until it is loaded, filtered and drawn: the median of seven.
func TestAPageOf500CasesCanBeUsed(t *testing.T) {
	var millis []float64
	r := big(t, 500, 100)
	for range 7 {
		o := open(t, r)
		millis = append(millis, value[float64](o, `(async () => {
			const began = performance.now();
			const search = document.getElementById("search");
			search.value = "case-499";
			search.dispatchEvent(new Event("input"));
			await new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)));
			return performance.getEntriesByType("navigation")[0].loadEventEnd + performance.now() - began;
		})()`))
		if few := value[[]string](o, shown); !slices.Equal(few, []string{"case-499"}) {
			t.Fatalf("%v", few)
		}
	}
	slices.Sort(millis)
	t.Logf("500 cases: loaded, filtered and drawn after %.0f ms, the median of %d", millis[len(millis)/2], len(millis))
}
