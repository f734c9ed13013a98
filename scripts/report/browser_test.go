//go:build browser

package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"mtls.test/conformance/e2e/live/browser"
	"mtls.test/conformance/e2e/pure/explain"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/oracle"
	"mtls.test/conformance/e2e/pure/page"
	"mtls.test/conformance/e2e/pure/report"
	"mtls.test/conformance/e2e/pure/verdict"
	"mtls.test/conformance/fixtures"
)

// open opens the page of a report.
func open(t *testing.T, r report.Report) *browser.Page {
	t.Helper()
	beside, err := page.ReadBeside(fixtures.FS, os.DirFS(t.TempDir()))
	if err != nil {
		t.Fatal(err)
	}
	return browser.Open(t, func(to io.Writer) error { return page.Write(to, r, beside) })
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
	all := browser.Value[[]string](o, shown)
	if len(all) < 200 {
		t.Fatalf("%d cases", len(all))
	}
	o.Picture("first-screen")
	browser.Value[any](o, `document.querySelector(".mesh").scrollIntoView(); true`)
	o.Picture("mesh")
	o.Do(chromedp.SendKeys(chromedp.ID("search"), `mesh-strict "gateway -> product-service:8080"`))
	few := browser.Value[[]string](o, shown)
	if len(few) == 0 || len(few) >= len(all) || !slices.Contains(few, "mesh-strict") {
		t.Errorf("%d of %d cases are left", len(few), len(all))
	}
	if hash := browser.Value[string](o, "location.hash"); !strings.Contains(hash, "mesh-strict") {
		t.Errorf("what is looked for is not in the address: %s", hash)
	}
	o.Do(chromedp.Click(chromedp.CSS(`.mesh [data-hop="client -> product-service-pooled"]`)))
	others := browser.Value[[]string](o, `Array.from(document.querySelectorAll("#cases > li")).filter((item) => !item.querySelector('[data-at^="client -> product-service-pooled:"]')).map((item) => item.id)`)
	if few := browser.Value[[]string](o, shown); len(few) == 0 || len(few) == len(all) || len(others) > 0 {
		t.Errorf("%d cases go over the hop, and %v do not", len(few), others)
	}
	browser.Value[any](o, `const choice = document.querySelector('[data-token="rule"]'); choice.value = "destination-rule/insecure-skip-verify"; choice.dispatchEvent(new Event("change")); true`)
	if few := browser.Value[[]string](o, shown); len(few) > 0 {
		t.Errorf("%v rest on the rule and go over the hop", few)
	}
	browser.Value[any](o, `location.hash = "#?q=rule:destination-rule/insecure-skip-verify"; true`)
	if few := browser.Value[[]string](o, shown); !slices.Equal(few, []string{"simple-insecure"}) {
		t.Errorf("on the rule rest %v", few)
	}
	if wide := browser.Value[bool](o, "document.documentElement.scrollWidth > document.documentElement.clientWidth"); wide {
		t.Error("the page is wider than its window")
	}
}

func TestTheKeyboardReachesWhatIsNotGreen(t *testing.T) {
	o := open(t, redReport(t))
	o.Do(chromedp.KeyEvent("n"))
	if focused := browser.Value[string](o, `document.activeElement.querySelector("code").textContent`); !strings.HasPrefix(focused, "red-") {
		t.Errorf("n leads to %s", focused)
	}
	// The driver would send the character apart from the key.
	if browser.Value[bool](o, `document.body.dispatchEvent(new KeyboardEvent("keydown", {key: "/", bubbles: true, cancelable: true}))`) ||
		!browser.Value[bool](o, `document.activeElement.id === "search"`) {
		t.Error("/ does not lead to the filter, or is written into it")
	}
	o.Do(chromedp.Click(chromedp.CSS(`[data-verdict="PASS"]`)))
	if few := browser.Value[[]string](o, shown); !slices.Equal(few, []string{"green"}) {
		t.Errorf("green are %v", few)
	}
}

// A run that did not come up has no case, and a page all the same.
func TestAPageWithoutCasesIsQuiet(t *testing.T) {
	o := open(t, report.Fold(report.Run{Cause: "the images could not be pulled"}))
	browser.Value[any](o, `location.hash = "#cause-not-tls"; true`)
	o.Do(chromedp.WaitReady(chromedp.CSS("#cause-not-tls[open]")), chromedp.Click(chromedp.ID("theme")))
	if theme := browser.Value[string](o, "document.documentElement.dataset.theme"); theme != "dark" {
		t.Errorf("the theme is %q", theme)
	}
}

// What a green case shows is drawn when it is opened.
func TestALinkOpensItsCase(t *testing.T) {
	o := open(t, storedReport(t))
	if drawn := browser.Value[int](o, `document.querySelectorAll(".sequence, .timeline").length`); drawn > 0 {
		t.Errorf("%d pictures are drawn before", drawn)
	}
	browser.Value[any](o, `location.hash = "#case-mesh-strict"; true`)
	o.Do(chromedp.WaitReady(chromedp.CSS(`#case-mesh-strict details[open] .sequence`)), chromedp.WaitReady(chromedp.CSS(`#case-mesh-strict .timeline`)), chromedp.WaitReady(chromedp.CSS(`#case-mesh-strict .guide`)))
	o.Picture("case")
}

// From the first screen to why, for every result and every cause.
func TestThreeClicksLeadToWhy(t *testing.T) {
	r := redReport(t)
	o := open(t, r)
	decided := 0
	for _, cause := range explain.Causes {
		id := "red-" + cause.ID
		o.Home()
		o.Do(chromedp.Click(chromedp.CSS(fmt.Sprintf(`.group a[href="#case-%s"]`, id))), chromedp.WaitReady(chromedp.CSS("#case-"+id+" details[open] .strip")))
		text := browser.Value[string](o, fmt.Sprintf("document.getElementById(%q).innerText", "case-"+id))
		for _, want := range []string{"make e2e FOCUS=" + id + ":", cause.Title} {
			if !strings.Contains(text, want) {
				t.Errorf("%s: no %q in %s", id, want, text)
			}
		}
		if !browser.Value[bool](o, fmt.Sprintf(`document.querySelectorAll("#case-%s .strip .out, #case-%s .strip .mute").length > 0`, id, id)) {
			t.Errorf("%s: who disagrees does not stand out", id)
		}
		c := r.Cases[slices.IndexFunc(r.Cases, func(c report.Case) bool { return c.ID == id })]
		wanted := deciding(c.Checks[0].Intent.Policies)
		marked := browser.Value[[]string](o, fmt.Sprintf(`Array.from(document.querySelectorAll("#case-%s .policy mark")).map((line) => line.innerText.replace("▶ ", ""))`, id))
		mode := "By the policies: " // of a kept connection
		switch intent := c.Checks[0].Intent; {
		case intent.Server.Mode != "":
			mode = "By the policies the server is " + string(intent.Server.Mode)
		case intent.Client.Mode != "": // no server is reached
			mode = "By the policies the client is " + string(intent.Client.Mode)
		}
		if !slices.Equal(marked, wanted) || !strings.Contains(text, mode) {
			t.Errorf("%s: the lines %q are marked, want %q, in %s", id, marked, wanted, text)
		}
		decided += len(wanted)
		o.Do(chromedp.Click(chromedp.CSS(fmt.Sprintf(`#case-%s a[href="#cause-%s"]`, id, cause.ID))), chromedp.WaitReady(chromedp.CSS("#cause-"+cause.ID+"[open]")))
		if text := browser.Value[string](o, fmt.Sprintf("document.getElementById(%q).innerText", "cause-"+cause.ID)); !strings.Contains(text, cause.Mend) || !strings.Contains(text, cause.Comes) {
			t.Errorf("%s: %s", id, text)
		}
	}
	if decided == 0 {
		t.Error("no policy decides a case, so none can be seen to")
	}
	o.Home()
	o.Picture("red")
	o.Do(chromedp.Click(chromedp.CSS(`.group a[href="#case-red-no-filter-chain"]`)), chromedp.WaitReady(chromedp.CSS("#case-red-no-filter-chain details[open] .sequence")))
	o.Picture("red-case")
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

func TestNothingKeepsPeopleFromThePage(t *testing.T) {
	for name, r := range map[string]report.Report{"red": redReport(t), "whole": storedReport(t)} {
		for _, theme := range browser.Themes {
			t.Run(name+" "+theme, func(t *testing.T) {
				o := open(t, r)
				o.Theme(theme)
				o.Accessible()
				o.Picture(name + "-" + theme)
			})
		}
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
		millis = append(millis, browser.Value[float64](o, `(async () => {
			const began = performance.now();
			const search = document.getElementById("search");
			search.value = "case-499";
			search.dispatchEvent(new Event("input"));
			await new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)));
			return performance.getEntriesByType("navigation")[0].loadEventEnd + performance.now() - began;
		})()`))
		if few := browser.Value[[]string](o, shown); !slices.Equal(few, []string{"case-499"}) {
			t.Fatalf("%v", few)
		}
	}
	slices.Sort(millis)
	t.Logf("500 cases: loaded, filtered and drawn after %.0f ms, the median of %d", millis[len(millis)/2], len(millis))
}
