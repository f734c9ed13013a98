package clusterpage

import (
	"crypto/sha256"
	"encoding/base64"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/kiali"
	"mtls.test/conformance/e2e/pure/tlscheck"
)

func TestThePageNeedsNothingElse(t *testing.T) {
	page := written(t, everyStatus()...)
	for _, element := range []string{"style", "script"} {
		text := regexp.MustCompile(`(?s)<`+element+`>(.*?)</`+element+`>`).FindAllStringSubmatch(page, -1)
		sum := sha256.Sum256([]byte(text[0][1]))
		if len(text) != 1 || !strings.Contains(page, element+"-src &#39;sha256-"+strings.ReplaceAll(base64.StdEncoding.EncodeToString(sum[:]), "+", "&#43;")+"&#39;") {
			t.Errorf("%d of %s, or its hash is not in the policy", len(text), element)
		}
	}
	for _, outside := range []string{"http://", "https://", "url(", "@import", " style=", " onclick=", "innerHTML"} {
		if strings.Contains(page, outside) {
			t.Errorf("the page has %q", outside)
		}
	}
}

// What it says it says without a script.
func TestThePageSaysAllOfAMesh(t *testing.T) {
	page := written(t, everyStatus()...)
	for _, want := range []string{
		"<h1>Of 7 hops 3 are mutual TLS, 3 are not, and of 1 it is not known, so that it does not count as OK; 1 is set up otherwise than the policies ask.</h1>",
		"<p>1 hop of mutual TLS leads to endpoints that take plaintext as well (PERMISSIVE). Pods without a proxy can send it: </p>",
		"<dt>Istio</dt><dd>1.31.0</dd>", "<dt>Kubernetes</dt><dd>v1.36.3</dd>", "<dt>from</dt><dd>kind-mesh</dd>", "<time>2026-11-29 03:17:00 UTC</time>",
		"≠ MISMATCH</dt><dd>1</dd>", "✗ CONFLICT</dt><dd>1</dd>", "? UNKNOWN</dt><dd>1</dd>", "! PLAINTEXT</dt><dd>1</dd>", "✓ OK</dt><dd>3</dd>",
		"<li><b>server</b>STRICT by shop/</li><li><b>client</b>-</li><li><b>policies ask</b>mtls</li><li class=\"out\"><b>proxies</b>plaintext</li>",
		"the policies ask for mtls (), and the proxies are configured for plaintext: the cluster has no TLS",
		"this account may not list /api/v1/endpoints", "the client sends plaintext, and the endpoint is DISABLE", "no-filter-chain: the client sends plaintext, and the endpoint is STRICT",
		`<a href="#cause-no-filter-chain">`, `<details class="cause" id="cause-no-filter-chain">`, "takes plaintext as well",
		"1 hop from <code>gateway/ingress</code>", "<dt>– NO CLIENT</dt><dd>1 service</dd>", "<li>not verified on the node</li>", "<code>batch/cron</code>",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("no %s", want)
		}
	}
	if strings.Contains(page, `id="cause-expired"`) {
		t.Error("a cause is explained that nothing on the page has")
	}
}

func TestTheWorstIsFirst(t *testing.T) {
	page := written(t, everyStatus()...)
	var ids []string
	for _, match := range regexp.MustCompile(`<details class="(?:namespace|service)" id="([^"]*)"`).FindAllStringSubmatch(page, -1) {
		ids = append(ids, strings.TrimSuffix(match[1], ".svc.cluster.local"))
	}
	want := []string{
		"ns-shop", "service-shop/cart.shop", "service-shop/stock.shop", "service-shop/orders.shop", "ns-legacy", "service-legacy/ledger.legacy",
		"service-legacy/billing.legacy", "ns-idle", "service-idle/nobody.idle",
	}
	if !slices.Equal(ids, want) {
		t.Errorf("%q, want %q", ids, want)
	}
	cart := page[strings.Index(page, `id="service-shop/cart`):]
	if strings.Index(cart, "✓ OK") < strings.Index(cart, "≠ MISMATCH") {
		t.Error("the answers of a service begin with one that is OK")
	}
}

func TestWhatIsNotOKIsOpenWhereItIsLittle(t *testing.T) {
	few := written(t, everyStatus()...)
	if open := strings.Count(few, " open><summary>"); open != 6 {
		t.Errorf("%d are open, want two namespaces and their four services that are not OK", open)
	}
	if many := written(t, large(50, 2, false)...); strings.Contains(many, " open><summary>") {
		t.Error("something is open among many")
	}
}

func TestTheSameMeshIsTheSamePage(t *testing.T) {
	hosts := append(everyStatus(), large(60, 7, true)...)
	first := written(t, hosts...)
	slices.Reverse(hosts)
	if written(t, hosts...) != first {
		t.Error("the order of the services makes another page")
	}
}

// Names and reasons come from a cluster, and may be anything.
func TestNothingOfAClusterIsMarkupOrUnseen(t *testing.T) {
	const evil = "<script>alert(1)</script>\x00\x1b[2J\u202e\"'`&--></style>"
	h := from(evil+"/"+evil, evil+"/"+evil, hop.Plaintext, evil)
	h.Asked.Server.Policy, h.Asked.Client.Object = "PeerAuthentication "+evil+"/"+evil, "DestinationRule "+evil+"/"+evil
	h.Route = &hop.Route{Match: evil, Share: 0.1, To: hop.ServicePort{Service: evil, Port: 1}}
	host := tlscheck.Of(evil, []tlscheck.Hop{h}, evil)
	host.Namespace, host.WithoutProxy, host.Kiali = evil, []string{evil}, &kiali.Statement{Namespace: evil, Differs: evil}
	p := New()
	p.Add(host)
	var out strings.Builder
	if err := p.Write(&out, About{Asked: evil, From: evil, Istio: []string{evil}, Kubernetes: evil, Notes: []string{evil}}); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(out.String(), "<script"); n != 1 {
		t.Errorf("%d scripts", n)
	}
	if n := strings.Count(out.String(), "</style"); n != 1 {
		t.Errorf("%d ends of a style", n)
	}
	if at := strings.IndexAny(out.String(), "\x00\x1b\u202e"); at >= 0 {
		t.Errorf("%q", out.String()[at-20:at+20])
	}
	for _, attribute := range regexp.MustCompile(`<[^>]*alert[^>]*>`).FindAllString(out.String(), -1) {
		if !strings.Contains(attribute, "&lt;script") && !strings.Contains(attribute, "%3cscript") {
			t.Errorf("%s", attribute)
		}
	}
}

func TestTheHeadlineSaysWhatIsAndIsNotMutual(t *testing.T) {
	mutual, plain := from("a/x", "b/y", hop.MTLS, ""), from("a/x", "b/y", hop.Plaintext, "")
	unknown := mutual
	unknown.Unknown = "it cannot be told"
	differs := mutual
	differs.Differs = []string{"another route"}
	for want, hops := range map[string][]tlscheck.Hop{
		"Nothing was checked: no client has a way to a service.":                                          nil,
		"The one hop is mutual TLS.":                                                                      {mutual},
		"All of 2 hops are mutual TLS.":                                                                   {mutual, mutual},
		"All of 2 hops are mutual TLS; 1 is set up otherwise than the policies ask.":                      {mutual, differs},
		"Of 1 hop none is mutual TLS and 1 is not.":                                                       {plain},
		"Of 3 hops 2 are mutual TLS and 1 is not.":                                                        {mutual, mutual, plain},
		"Of 2 hops 1 is mutual TLS, and of 1 it is not known, so that it does not count as OK.":           {mutual, unknown},
		"Of 4 hops 1 is mutual TLS, 1 is not, and of 2 it is not known, so that they do not count as OK.": {mutual, plain, unknown, unknown},
	} {
		if got := headline(serviceOf(of("b", "y", hops...)).totals); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// The clients of a namespace are named once, and in lines with all of them, or all but a few, they are counted.
func TestAllClientsOfANamespaceAreNamedOnce(t *testing.T) {
	var all, most []tlscheck.Hop
	for _, name := range []string{"a", "b", "c", "d", "e", "f"} {
		all = append(all, from("team/"+name, "shop/cart", hop.MTLS, ""))
	}
	most = append(most, all[:5]...)
	page := written(t, of("shop", "cart", all...), of("shop", "stock", most...))
	for _, want := range []string{
		`<summary>6 clients</summary><p><b>team</b> <a href="#clients-0" data-all="0">all 6</a></p>`,
		`<summary>5 clients</summary><p><b>team</b> <a href="#clients-0" data-all="0">all 6</a> but f</p>`,
		`id="clients-0"><summary>team <span class="soft">6 clients</span></summary><p>a, b, c, d, e, f</p>`,
	} {
		if !strings.Contains(page, want) {
			t.Errorf("no %s", want)
		}
	}
}

// limit is how many bytes the page of 1,000 services and 50 clients may have.
const limit = 20e6

func TestAPageOf1000ServicesAnd50ClientsIsSmall(t *testing.T) {
	for name, apart := range map[string]bool{"alike": false, "apart": true} {
		hosts := large(1000, 50, apart)
		began := time.Now()
		page := written(t, hosts...)
		size := len(page)
		if lines := strings.Count(page, "<li data-from="); apart != (lines == 50_000) {
			t.Errorf("%s: %d lines", name, lines)
		}
		t.Logf("1,000 services, 50 clients, hops that are %s: %.1f MB, folded and written in %.1f s", name, float64(size)/1e6, time.Since(began).Seconds())
		if size >= limit {
			t.Errorf("%s: %d bytes", name, size)
		}
	}
}

func BenchmarkPageOf1000ServicesAnd50Clients(b *testing.B) {
	for name, apart := range map[string]bool{"alike": false, "apart": true} {
		hosts := large(1000, 50, apart)
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				b.ReportMetric(float64(len(written(b, hosts...))), "bytes")
			}
		})
	}
}
