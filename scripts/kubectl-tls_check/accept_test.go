package main

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"sigs.k8s.io/yaml"

	"mtls.test/conformance/e2e/live/survey"
	"mtls.test/conformance/e2e/pure/tlscheck"
	"mtls.test/conformance/e2e/pure/tlsdiff"
	"mtls.test/conformance/fixtures"
)

const disableRow = "subset-follows-disable-of-its-rule"

// upgraded is a moment after an upgrade that has put a subset in the clear, as case subset-port-entry-without-tls shows it.
func upgraded(t *testing.T) *moment {
	t.Helper()
	expected, err := tlsdiff.LoadExpected(fixtures.FS)
	if err != nil {
		t.Fatal(err)
	}
	hopOf := func(istiod, mark, socket, outcome string) tlsdiff.Hop {
		return tlsdiff.Hop{
			Key: tlsdiff.Key{Client: "default/client", Host: "migration", Port: 8080, Way: "to subset vistio"}, Subset: "vistio",
			Versions: tlsdiff.Versions{Client: tlsdiff.Version{Istiod: istiod}},
			Facts:    tlsdiff.Facts{tlsdiff.EndpointMark: {mark}, tlsdiff.ClientSocket: {socket}, tlsdiff.Outcome: {outcome}},
		}
	}
	before := tlsdiff.New(time.Time{}, tlsdiff.Asked{}, nil, []tlsdiff.Hop{hopOf("1.30.5", "tlsMode-istio", "tls", "mtls")})
	return &moment{before: &before, expected: expected, hops: []tlsdiff.Hop{hopOf("1.31.0", "tlsMode-disabled", "raw_buffer", "plaintext")}}
}

func TestAWeakeningThatARowExplainsEndsWithOneUntilItIsAccepted(t *testing.T) {
	for _, c := range []struct {
		accept        []string
		code          int
		says, warning string
	}{
		{nil, tlscheck.ExitNotOK, "ROW " + disableRow + " (not accepted: --accept " + disableRow + ")", ""},
		{[]string{disableRow}, tlscheck.ExitOK, "ROW " + disableRow + " (accepted)", ""},
		{[]string{"gateway-minimum-of-tls-1-2"}, tlscheck.ExitNotOK, "not accepted", "warning: --accept gateway-minimum-of-tls-1-2: it explains no change\n"},
	} {
		var told, complaints bytes.Buffer
		code, err := (&options{accept: c.accept}).compare(upgraded(t), &survey.Survey{}, &told, &complaints)
		if err != nil || code != c.code || !strings.HasPrefix(told.String(), "ROW ") || !strings.Contains(told.String(), c.says) || complaints.String() != c.warning {
			t.Errorf("--accept %v: exit code %d, %v\n%s%s", c.accept, code, err, told.String(), complaints.String())
		}
	}
}

func TestJSONAndYAMLCarryTheRowsOfChanges(t *testing.T) {
	for format, read := range map[string]func([]byte, any) error{
		"json": json.Unmarshal, "yaml": func(text []byte, into any) error { return yaml.Unmarshal(text, into) },
	} {
		var told, complaints bytes.Buffer
		if _, err := (&options{output: format, accept: []string{disableRow}}).compare(upgraded(t), &survey.Survey{}, &told, &complaints); err != nil {
			t.Fatal(err)
		}
		var list struct {
			Rows  []toldRow        `json:"rows"`
			Items []tlsdiff.Change `json:"items"`
		}
		if err := read(told.Bytes(), &list); err != nil {
			t.Fatal(err)
		}
		without := slices.ContainsFunc(list.Items, func(c tlsdiff.Change) bool { return c.Row != disableRow || !c.Accepted })
		if len(list.Rows) != 1 || list.Rows[0].ID != disableRow || list.Rows[0].Reason == "" || list.Rows[0].Source == "" || len(list.Items) != 3 || without {
			t.Errorf("%s:\n%s", format, told.String())
		}
	}
}

func TestARowThatIsNotKnownIsRefused(t *testing.T) {
	file := saved(t, "U11strict", "--all")
	_, complaint, code := inspectReport("U11strict", "--before", file, "--accept", disableRow+",subset-follows")
	if code != tlscheck.ExitUnknown || !strings.Contains(complaint, "--accept subset-follows: there is no such row of expected changes: "+disableRow) {
		t.Errorf("exit code %d: %s", code, complaint)
	}
	out, complaint, code := inspectReport("U11strict", "--before", file, "--accept", disableRow)
	if code != tlscheck.ExitOK || !strings.Contains(complaint, "warning: --accept "+disableRow+": it explains no change") {
		t.Errorf("exit code %d\n%s%s", code, out, complaint)
	}
}

// What came into ambient mode, or left it, is left out as it is without --before.
func TestAChangeOfAHopOfAmbientModeIsLeftOutWhereThatWasAsked(t *testing.T) {
	m := upgraded(t)
	m.hops[0].Ambient, m.hops[0].Missing = true, "an end is of ambient mode"
	for ignore, want := range map[bool]int{false: tlscheck.ExitUnknown, true: tlscheck.ExitOK} {
		var told, complaints bytes.Buffer
		if code, err := (&options{ignoreAmbient: ignore}).compare(m, &survey.Survey{}, &told, &complaints); err != nil || code != want {
			t.Errorf("--ignore-ambient %t: exit code %d, %v, want %d\n%s", ignore, code, err, want, told.String())
		}
	}
}
