//go:build browser

package clusterpage

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"mtls.test/conformance/e2e/live/browser"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/tlscheck"
)

func opened(t *testing.T, hosts []tlscheck.Host) *browser.Page {
	t.Helper()
	p := New()
	for _, host := range hosts {
		p.Add(host)
	}
	return browser.Open(t, func(to io.Writer) error { return p.Write(to, about) })
}

// left are the services that the filter leaves, by the first part of their names.
func left(p *browser.Page) []string {
	return browser.Value[[]string](p, `Array.from(document.querySelectorAll(".service"), (one) => one.closest("li[hidden]") ? "" : one.querySelector("code").textContent.split(".")[0]).filter((name) => name).sort()`)
}

func TestFiltersLeaveWhatIsAskedFor(t *testing.T) {
	p := opened(t, everyStatus())
	p.Picture("cluster")
	if all := left(p); len(all) != 6 {
		t.Fatalf("%v", all)
	}
	for _, row := range []struct {
		name, act string
		want      []string
		hash      string
	}{
		{"words of a reason", `search.value = "filter endpoint"`, []string{"ledger"}, "#?q=filter+endpoint"},
		{"a text in quotes", `search.value = '"the endpoint is disable"'`, []string{"billing"}, ""},
		{"words of the service and of a client", `search.value = "cart ingress"`, []string{"cart"}, ""},
		{"a status", `search.value = ""; document.querySelector('[data-status="UNKNOWN"]').click()`, []string{"stock"}, "#?status=UNKNOWN"},
		{"two statuses", `document.querySelector('[data-status="CONFLICT"]').click()`, []string{"ledger", "stock"}, ""},
		{"a namespace of services", `to.value = "legacy"; to.dispatchEvent(new Event("change"))`, []string{"ledger"}, "#?status=CONFLICT&status=UNKNOWN&to=legacy"},
		{"an address", `location.hash = "#?from=gateway&status=OK"`, []string{"cart", "orders"}, "#?from=gateway&status=OK"},
		{"nothing", `location.hash = "#?"`, []string{"billing", "cart", "ledger", "nobody", "orders", "stock"}, ""},
	} {
		browser.Value[any](p, row.act+`; search.value && search.dispatchEvent(new Event("input")); new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))`)
		if got := left(p); !slices.Equal(got, row.want) {
			t.Errorf("%s: %v are left, want %v", row.name, got, row.want)
		}
		if hash := browser.Value[string](p, "location.hash"); row.hash != "" && hash != row.hash {
			t.Errorf("%s: the address has %s, want %s", row.name, hash, row.hash)
		}
	}
}

// A client of which a line says "all 10" is found by its name.
func TestAClientIsFoundInALineWithAll(t *testing.T) {
	hosts := append(large(3, 50, false), everyStatus()...)
	p := opened(t, hosts)
	browser.Value[any](p, `search.value = "client-17"; search.dispatchEvent(new Event("input")); true`)
	if got := left(p); !slices.Equal(got, []string{"service-0000", "service-0001", "service-0002"}) {
		t.Errorf("%v", got)
	}
}

func TestALinkOpensWhatItLeadsTo(t *testing.T) {
	p := opened(t, large(100, 5, false))
	for _, id := range []string{"ns-team-07", "service-team-03/service-0043.team-03.svc.cluster.local", "cause-no-filter-chain", "clients-2"} {
		p.Home()
		browser.Value[any](p, fmt.Sprintf(`location.hash = "#" + encodeURI(%q); true`, id))
		p.Do(chromedp.WaitReady(chromedp.CSS(fmt.Sprintf("[id=%q][open]", id))))
		if hidden := browser.Value[bool](p, fmt.Sprintf(`document.getElementById(%q).parentElement.closest("details:not([open])") !== null`, id)); hidden {
			t.Errorf("%s is open within what is closed", id)
		}
	}
	p.Home()
	p.Do(chromedp.Click(chromedp.CSS(`.mesh [data-from="team-01"][data-to="team-03"]`)))
	if got := left(p); !slices.Equal(got, []string{"service-0003", "service-0023", "service-0043", "service-0063", "service-0083"}) {
		t.Errorf("a row of the picture leads to %v", got)
	}
	if hash := browser.Value[string](p, "location.hash"); hash != "#?from=team-01&to=team-03" {
		t.Errorf("the address has %s", hash)
	}
	browser.Value[any](p, `document.querySelector(".answer details").open = true; scrollTo(0, 0); document.querySelector("#namespaces").scrollIntoView(); true`)
	p.Picture("cluster-edge")
}

func TestTheKeyboardReachesWhatIsNotOK(t *testing.T) {
	p := opened(t, large(100, 5, false))
	focused := `document.activeElement.querySelector("code").textContent`
	p.Do(chromedp.KeyEvent("n"))
	first := browser.Value[string](p, focused)
	p.Do(chromedp.KeyEvent("n"))
	second := browser.Value[string](p, focused)
	p.Do(chromedp.KeyEvent("p"))
	if again := browser.Value[string](p, focused); first == second || again != first || !strings.HasPrefix(first, "service-") {
		t.Errorf("n leads to %s and %s, p back to %s", first, second, again)
	}
	// The driver would send the character apart from the key.
	if browser.Value[bool](p, `document.body.dispatchEvent(new KeyboardEvent("keydown", {key: "/", bubbles: true, cancelable: true}))`) ||
		!browser.Value[bool](p, `document.activeElement.id === "search"`) {
		t.Error("/ does not lead to the filter, or is written into it")
	}
	p.Do(chromedp.SendKeys(chromedp.ID("search"), "service-0043"))
	if got := left(p); !slices.Equal(got, []string{"service-0043"}) {
		t.Errorf("%v", got)
	}
	if !browser.Value[bool](p, `search.dispatchEvent(new KeyboardEvent("keydown", {key: "Escape", bubbles: true})) && search.value === ""`) || len(left(p)) != 100 {
		t.Error("Escape does not clear the filter")
	}
}

// However long the names and the numbers.
func TestNoTextOfThePictureLiesOnAnother(t *testing.T) {
	long := strings.Repeat("w", 63)
	var hosts []tlscheck.Host
	for s, says := range []hop.Outcome{hop.MTLS, hop.Plaintext, hop.OneWayTLS, hop.Refused} {
		hosts = append(hosts, of(long, fmt.Sprintf("service-%d", s), from(long+"/client", long+"/server", says, "a reason")))
	}
	p := New()
	for _, host := range hosts {
		p.Add(host)
	}
	for _, s := range p.services {
		for _, a := range s.Answers {
			a.Lines[0].Hops, a.Lines[0].Clients[0].Hops = 1234567, 1234567
		}
	}
	page := browser.Open(t, func(to io.Writer) error { return p.Write(to, about) })
	rows := browser.Value[int](page, `document.querySelectorAll(".mesh [data-to]").length`)
	if over := browser.Value[[]string](page, `Array.from(document.querySelectorAll(".mesh [data-to]")).flatMap((row) => {
		const texts = Array.from(row.querySelectorAll("text"), (text) => ({ text: text.firstChild.textContent, at: text.getBoundingClientRect() }));
		return texts.filter((one, i) => i > 0 && one.at.left < texts[i - 1].at.right).map((one) => one.text);
	})`); rows != 1 || len(over) > 0 {
		t.Errorf("%d rows, and what is before %q reaches into it", rows, over)
	}
	page.Picture("cluster-long")
}

func TestAMeshWithoutServicesIsQuiet(t *testing.T) {
	p := opened(t, nil)
	p.Do(chromedp.Click(chromedp.ID("theme")))
	if theme := browser.Value[string](p, "document.documentElement.dataset.theme"); theme != "dark" {
		t.Errorf("the theme is %q", theme)
	}
}

func TestNothingKeepsPeopleFromThePage(t *testing.T) {
	for name, hosts := range map[string][]tlscheck.Host{"every": everyStatus(), "large": large(100, 50, true), "none": nil} {
		for _, theme := range browser.Themes {
			t.Run(name+" "+theme, func(t *testing.T) {
				p := opened(t, hosts)
				for _, width := range []int64{400, 700, 1400} {
					p.Do(chromedp.EmulateViewport(width, 1000))
					if wide := browser.Value[bool](p, "document.documentElement.scrollWidth > document.documentElement.clientWidth"); wide {
						t.Errorf("the page is wider than its window of %d", width)
					}
				}
				browser.Value[any](p, `document.querySelectorAll("details").forEach((one, i) => { one.open = i < 30; }); true`)
				p.Theme(theme)
				p.Accessible()
				p.Picture("cluster-" + name + "-" + theme)
			})
		}
	}
}

// It says how long such a page takes until it is loaded, its first service is open, and it is filtered: the median of seven.
func TestAPageOf1000ServicesAnd50ClientsCanBeUsed(t *testing.T) {
	for name, apart := range map[string]bool{"alike": false, "apart": true} {
		hosts := large(1000, 50, apart)
		var millis []float64
		for range 7 {
			p := opened(t, hosts)
			millis = append(millis, browser.Value[float64](p, `(async () => {
				const drawn = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
				const began = performance.now();
				document.querySelector(".namespace").open = document.querySelector(".service").open = true;
				await drawn();
				search.value = "service-0999 caller-7f6d5c4b3-x2x4z";
				search.dispatchEvent(new Event("input"));
				await drawn();
				return performance.getEntriesByType("navigation")[0].loadEventEnd + performance.now() - began;
			})()`))
			if got := left(p); apart && !slices.Equal(got, []string{"service-0999"}) {
				t.Fatalf("%v", got)
			}
		}
		slices.Sort(millis)
		t.Logf("1,000 services, 50 clients, hops that are %s: loaded, opened and filtered after %.0f ms, the median of %d", name, millis[len(millis)/2], len(millis))
	}
}
