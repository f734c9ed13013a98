//go:build browser

package main

import (
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/chromedp/chromedp"

	"mtls.test/conformance/e2e/live/browser"
	"mtls.test/conformance/e2e/pure/history"
	"mtls.test/conformance/e2e/pure/matrix"
	"mtls.test/conformance/e2e/pure/page"
)

// wide is a window beside which there is nothing, and narrow half of it.
const (
	wide   = 1400
	narrow = 700
)

// runsBefore writes the page of a stored report with a history of thirty runs.
func runsBefore(t *testing.T) func(io.Writer) error {
	t.Helper()
	lines, err := history.ReadFile(os.DirFS("../../e2e/pure/history/testdata"), "thirty.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	r := storedReport(t)
	return func(to io.Writer) error { return page.Write(to, r, page.Beside{History: lines}) }
}

// byVersions writes the matrix of recorded runs, as though each mesh of Istio 1.31 had been broken as the one was that had been.
func byVersions(t *testing.T) func(io.Writer) error {
	t.Helper()
	const folder = "../../e2e/pure/matrix/testdata"
	broken, err := read(filepath.Join(folder, "broken.json"))
	if err != nil {
		t.Fatal(err)
	}
	var runs []matrix.Run
	for _, name := range []string{"istio-1.30-kubernetes-1.35", "istio-1.30-kubernetes-1.36", "istio-1.31-kubernetes-1.35", "istio-1.31-kubernetes-1.36", "mutants", "upgrade"} {
		run, err := readRun(filepath.Join(folder, name+".json"), folder)
		if err != nil {
			t.Fatal(err)
		}
		run.Page = name + "/report.html"
		if history.Minor(run.Report.Environment.Istio) == "1.31" && len(run.Report.Cases) > 0 {
			run.Report.Cases, run.Report.Result, run.Report.Reason, run.Report.Summary = broken.Cases, broken.Result, broken.Reason, broken.Summary
		}
		runs = append(runs, run)
	}
	m, err := matrix.Of(runs)
	if err != nil {
		t.Fatal(err)
	}
	return m.Write
}

func TestNothingKeepsPeopleFromTheTablesOfRuns(t *testing.T) {
	for name, write := range map[string]func(io.Writer) error{"history": runsBefore(t), "matrix": byVersions(t)} {
		for _, theme := range browser.Themes {
			t.Run(name+" "+theme, func(t *testing.T) {
				o := browser.Open(t, write)
				o.Theme(theme)
				o.Accessible()
				for _, window := range []struct {
					name  string
					width int64
				}{{"", wide}, {"-narrow", narrow}} {
					o.Do(chromedp.EmulateViewport(window.width, 1000))
					browser.Value[any](o, `(document.getElementById("history") || document.body).scrollIntoView(); true`)
					if over := browser.Value[bool](o, "document.documentElement.scrollWidth > document.documentElement.clientWidth"); over {
						t.Errorf("the page is wider than its window of %d px", window.width)
					}
					o.Picture(name + "-" + theme + window.name)
				}
			})
		}
	}
}

// A case that the history knows leads to the report's own, which opens.
func TestACaseOfTheRunsBeforeLeadsToItsOwn(t *testing.T) {
	lines, err := history.ReadFile(os.DirFS("../../e2e/pure/page/testdata"), "history.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	r := storedReport(t)
	o := browser.Open(t, func(to io.Writer) error { return page.Write(to, r, page.Beside{History: lines}) })
	o.Do(chromedp.Click(chromedp.CSS(`.past a[href="#case-mesh-strict"]`)), chromedp.WaitReady(chromedp.CSS(`#case-mesh-strict details[open]`)))
}

// Each mark of the matrix that is of a case leads to the case in the page of its run.
func TestAMarkOfTheMatrixLeadsToItsCase(t *testing.T) {
	o := browser.Open(t, byVersions(t))
	links := browser.Value[[]string](o, `Array.from(document.querySelectorAll(".differ a")).map((link) => link.getAttribute("href"))`)
	if len(links) == 0 || !slices.Contains(links, "istio-1.31-kubernetes-1.36/report.html#case-mesh-strict") {
		t.Errorf("%q", links)
	}
}
