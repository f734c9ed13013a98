package redact

import (
	"encoding/json"
	"maps"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"mtls.test/conformance/e2e/pure/history"
	"mtls.test/conformance/e2e/pure/report"
)

// everything is all that is redacted.
type everything struct {
	Report report.Report
	Past   []history.Line
}

// leaf is a place in a struct that can hold a text.
type leaf struct {
	field string // PACKAGE.TYPE.FIELD
	of    reflect.Type
}

// leaves are those of a type, and of all that is in it.
func leaves(t *testing.T, of reflect.Type) []leaf {
	t.Helper()
	var all []leaf
	seen := map[reflect.Type]bool{}
	var look func(of reflect.Type, field string)
	look = func(of reflect.Type, field string) {
		switch {
		case slices.Contains(holdNoText, of):
			return
		case of == reflect.TypeFor[json.RawMessage]() || of.Kind() == reflect.String:
			all = append(all, leaf{field, of})
			return
		}
		switch of.Kind() {
		case reflect.Pointer, reflect.Slice:
			look(of.Elem(), field)
		case reflect.Map:
			look(of.Key(), field)
			look(of.Elem(), field)
		case reflect.Struct:
			for i := range of.NumField() {
				if inner := of.Field(i); inner.IsExported() && !seen[of] {
					look(inner.Type, of.String()+"."+inner.Name)
				}
			}
			seen[of] = true
		case reflect.Array, reflect.Interface, reflect.Func, reflect.Chan, reflect.Uintptr, reflect.UnsafePointer, reflect.Complex64, reflect.Complex128, reflect.Invalid:
			t.Errorf("%s is a %s, of which nothing is rewritten and so nothing shown: let walk.go know of it", field, of.Kind())
		}
	}
	look(of, "")
	return all
}

var holdNoText = []reflect.Type{reflect.TypeFor[time.Time](), reflect.TypeFor[netip.Addr](), reflect.TypeFor[netip.AddrPort](), reflect.TypeFor[netip.Prefix]()}

func TestEveryFieldHasATreatment(t *testing.T) {
	missing := maps.Clone(ofField)
	types := maps.Clone(ofType)
	for _, one := range leaves(t, reflect.TypeFor[everything]()) {
		if _, known := ofType[one.of]; known {
			delete(types, one.of)
			continue
		}
		if _, known := ofField[one.field]; !known {
			t.Errorf("%s, a %s, is denied as a whole: say in fields.go whether it holds a name or a text, or stays because it never names anything of a mesh", one.field, one.of)
		}
		delete(missing, one.field)
	}
	for field := range missing {
		t.Errorf("fields.go: %s is no field of a report", field)
	}
	for of := range types {
		t.Errorf("fields.go: no report has a %s", of)
	}
}

// filled is a value with a text in every place that can hold one, but for those that stay, and an address in every place for one.
func filled(of reflect.Type, text string, address netip.Addr, as treatment) reflect.Value {
	v := reflect.New(of).Elem()
	switch of {
	case reflect.TypeFor[netip.AddrPort]():
		return reflect.ValueOf(netip.AddrPortFrom(address, 8080))
	case reflect.TypeFor[json.RawMessage]():
		quoted, _ := json.Marshal(map[string][]string{text: {text}})
		return reflect.ValueOf(json.RawMessage(quoted))
	case reflect.TypeFor[time.Time]():
		return v
	}
	switch of.Kind() {
	case reflect.String:
		if own, known := ofType[of]; known {
			as = own
		}
		if as.way != kept {
			v.SetString(text)
		}
	case reflect.Pointer:
		v.Set(reflect.New(of.Elem()))
		v.Elem().Set(filled(of.Elem(), text, address, as))
	case reflect.Slice:
		if of.Elem().Kind() == reflect.Uint8 {
			v.SetBytes([]byte(text))
			return v
		}
		v.Set(reflect.Append(v, filled(of.Elem(), text, address, as)))
	case reflect.Map:
		v.Set(reflect.MakeMap(of))
		if as.way == asSettings {
			v.SetMapIndex(reflect.ValueOf("KUBECONTEXT"), reflect.ValueOf(text))
			v.SetMapIndex(reflect.ValueOf("FOCUS"), reflect.ValueOf(text))
		}
		v.SetMapIndex(filled(of.Key(), text, address, as), filled(of.Elem(), text, address, as))
	case reflect.Struct:
		for i := range of.NumField() {
			if field := of.Field(i); field.IsExported() {
				v.Field(i).Set(filled(field.Type, text, address, treatmentOf(of, field)))
			}
		}
	}
	return v
}

// A name that no word list can know is gone from wherever a report can have it, whatever its form.
func TestNoFieldKeepsAName(t *testing.T) {
	for name, text := range map[string]string{
		"a word":                  "zanzibar",
		"a word among others":     "the namespace zanzibar is not the one, said zanzibar's operator",
		"a word in capitals":      "Zanzibar",
		"a word of a line":        "GET /zanzibar HTTP/1.1\\r\\nzanzibar: yes\r\n\r\nWelcome to Zanzibar",
		"a name with hyphens":     "zanzibar-prod-2",
		"a host":                  "api.zanzibar.svc.cluster.local",
		"a host of the world":     "*.zanzibar.example:8443",
		"an SNI":                  "outbound_.8080_.zanzibar_.zanzibar.zanzibar.svc.cluster.local",
		"a cluster":               "outbound|8080|zanzibar|zanzibar.zanzibar.svc.cluster.local",
		"a policy":                "rbac_access_denied_matched_policy[ns[zanzibar]-policy[zanzibar]-rule[0]]",
		"a pod":                   "zanzibar/zanzibar-7cbf684bd-v7fdf",
		"an object":               "PeerAuthentication zanzibar/zanzibar",
		"a SPIFFE ID":             "spiffe://zanzibar.example/ns/zanzibar/sa/zanzibar",
		"a distinguished name":    `CN=Zanzibar Root\, 2,O=zanzibar`,
		"half a name":             "zanzibar,zanzibar=zanzibar,O=zanzibar zanzibar",
		"a match":                 "header x-zanzibar exact zanzibar; path prefix /zanzibar; query zanzibar present",
		"an image":                "registry.zanzibar.example:5000/zanzibar/pilot@sha256:9fa7b9bb05b7877ac7123952c51727619fa7b9bb05b7877ac7123952c5172761",
		"a version of somebody's": "1.31.0-zanzibar.2",
		"an id of a run":          "20261129-142433-ZANZIB-6WP2-2-zanzibar-1-0",
		"a URL":                   "https://zanzibar:zanzibar@kiali.zanzibar.example/zanzibar?zanzibar=zanzibar#zanzibar",
		"a setting":               "make e2e CLUSTER=existing KUBECONTEXT=zanzibar FOCUS=a:",
		"an object in YAML":       "metadata:\n  name: zanzibar\n  labels: {zanzibar: zanzibar}\nspec:\n  host: |\n    zanzibar said\n  - zanzibar\n  mode: ZANZIBAR\n",
		"a context of a cluster":  "gke_zanzibar-prod_europe-west1_zanzibar",
	} {
		given := filled(reflect.TypeFor[everything](), text, netip.MustParseAddr("10.9.8.7"), whole).Interface().(everything)
		r, past := Report(given.Report, given.Past)
		content, err := json.Marshal(everything{r, past})
		if err != nil {
			t.Fatal(err)
		}
		for _, known := range []string{"zanzib", "9fa7b9bb", "v7fdf", "7cbf684bd", "6wp2", "10.9.8.7"} {
			if at := strings.Index(strings.ToLower(string(content)), known); at >= 0 {
				t.Errorf("%s: %s is still there: …%s…", name, known, content[max(0, at-100):min(len(content), at+50)])
			}
		}
	}
}

func TestNoFieldKeepsAnAddress(t *testing.T) {
	for _, address := range []string{"10.244.0.10", "fd00:10:244::a", "::ffff:10.244.0.10"} {
		for _, around := range []string{"", " ", "-", "[", "(", "/", "_", ":8080 ", "->", "=", "node-", "."} {
			text := "at" + around + address + strings.TrimSuffix(around, "node-")
			if around == "" || around == ":8080 " || around == "." {
				text = address + around
			}
			given := filled(reflect.TypeFor[everything](), text, netip.MustParseAddr(address), whole).Interface().(everything)
			r, past := Report(given.Report, given.Past)
			content, err := json.Marshal(everything{r, past})
			if err != nil {
				t.Fatal(err)
			}
			for _, known := range []string{"10.244", "244.0.10", "fd00:10", "244::a"} {
				if at := strings.Index(string(content), known); at >= 0 {
					t.Errorf("%q: %s is still there: …%s…", text, known, content[max(0, at-100):min(len(content), at+50)])
				}
			}
		}
	}
}
