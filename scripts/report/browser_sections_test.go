//go:build browser

package main

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"

	"mtls.test/conformance/e2e/live/browser"
	"mtls.test/conformance/e2e/pure/report"
)

// sections are parts of the page that recorded runs have, by what they begin with.
func sections(t *testing.T) map[string]struct {
	r     report.Report
	first string // CSS selector
} {
	t.Helper()
	return map[string]struct {
		r     report.Report
		first string
	}{
		"upgrade": {lastReport(t, "../../e2e/pure/page/testdata/upgrade.json"), ".traffic"},
		"leases":  {lastReport(t, "../../e2e/pure/page/testdata/leases.json"), ".leases"},
		"mutants": {lastReport(t, "../versions/reports/*-mutants.json.zst"), ".noticed"},
	}
}

// overlapping lists the texts of pictures that lie on another, or are cut off by the edge of their picture.
const overlapping = `(() => {
	const wrong = [];
	for (const picture of document.querySelectorAll("svg.traffic, svg.leases")) {
		const texts = Array.from(picture.querySelectorAll("text")).map((text) => ({text: text.textContent, box: text.getBBox()}));
		const whole = picture.viewBox.baseVal;
		texts.forEach(({text, box}, i) => {
			if (box.x < 0 || box.x + box.width > whole.width || box.y < 0 || box.y + box.height > whole.height) wrong.push(text + " is cut off");
			for (const other of texts.slice(i + 1)) {
				const b = other.box;
				if (box.x < b.x + b.width && b.x < box.x + box.width && box.y + 2 < b.y + b.height && b.y + 2 < box.y + box.height) wrong.push(text + " lies on " + other.text);
			}
		});
	}
	return wrong;
})()`

func TestNothingKeepsPeopleFromTheSections(t *testing.T) {
	for name, section := range sections(t) {
		for _, theme := range browser.Themes {
			t.Run(name+" "+theme, func(t *testing.T) {
				o := open(t, section.r)
				o.Theme(theme)
				for _, window := range []struct {
					name  string
					width int64
				}{{"", wide}, {"-narrow", narrow}} {
					o.Do(chromedp.EmulateViewport(window.width, 1000))
					browser.Value[any](o, fmt.Sprintf(`document.querySelector(%q).closest("section").scrollIntoView(); true`, section.first))
					if over := browser.Value[bool](o, "document.documentElement.scrollWidth > document.documentElement.clientWidth"); over {
						t.Errorf("the page is wider than its window of %d px", window.width)
					}
					o.Picture(name + "-" + theme + window.name)
				}
				for _, wrong := range browser.Value[[]string](o, overlapping) {
					t.Error(wrong)
				}
				// Of what is beyond the edge of a region that scrolls axe says nothing.
				o.Do(chromedp.EmulateViewport(wide, 1000))
				browser.Value[any](o, `document.querySelectorAll("main details:not(.noticed details)").forEach((one) => { one.open = true; }); true`)
				o.Accessible()
			})
		}
	}
}

// From who noticed to the mutant.
func TestANameInTheMatrixLeadsToItsMutant(t *testing.T) {
	o := open(t, sections(t)["mutants"].r)
	o.Do(chromedp.Click(chromedp.CSS(".noticed details summary")), chromedp.Click(chromedp.CSS(".noticed details[open] a")), chromedp.WaitReady(chromedp.CSS("tr:target")))
	if led := browser.Value[string](o, `document.querySelector("tr:target").id === document.querySelector(".noticed details[open] a").hash.slice(1) ? "" : location.hash`); led != "" {
		t.Errorf("it leads to %s", led)
	}
}
