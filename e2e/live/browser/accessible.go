//go:build browser

package browser

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
)

// Themes are the colours that a page has.
var Themes = []string{"light", "dark"}

// oneSign is an element with one character, of whose contrast axe says nothing. It has the colours of a badge, of which axe does.
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

// Theme gives the page the colours of a theme.
func (p *Page) Theme(name string) {
	p.t.Helper()
	Value[any](p, fmt.Sprintf("document.documentElement.dataset.theme = %q", name))
}

// Accessible has axe-core, which AXE names, look at the page. What axe finds is an error of the test, and what it leaves undecided too.
func (p *Page) Accessible() {
	p.t.Helper()
	script, err := os.ReadFile(given(p.t, "AXE"))
	if err != nil {
		p.t.Fatal(err)
	}
	Value[any](p, string(script)+"; true")
	var found struct {
		Violations, Incomplete []struct {
			ID    string
			Help  string
			Nodes []struct{ HTML string }
		}
	}
	text := Value[string](p, `axe.run({resultTypes: ["violations", "incomplete"]}).then((found) => JSON.stringify(found))`)
	if err := json.Unmarshal([]byte(text), &found); err != nil {
		p.t.Fatal(err)
	}
	for _, v := range found.Violations {
		p.t.Errorf("%s: %s, at %d places, first %s", v.ID, v.Help, len(v.Nodes), v.Nodes[0].HTML)
	}
	for _, v := range found.Incomplete {
		for _, node := range v.Nodes {
			if v.ID != "color-contrast" || !oneSign.MatchString(node.HTML) && !drawnText.MatchString(node.HTML) {
				p.t.Errorf("undecided: %s: %s: %s", v.ID, v.Help, node.HTML)
			}
		}
	}
	for _, faint := range Value[[]string](p, faintText) {
		p.t.Errorf("in a picture: %s", faint)
	}
}
