package tlsdiff

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

func TestTheTableTellsWhatDoesNotApplyFromWhatIsEmpty(t *testing.T) {
	for _, c := range []struct {
		field Field
		value []string
		want  string
	}{
		{ClientSANs, nil, "-"}, {ClientSANs, []string{}, "none"}, {ServerRoots, []string{}, "none"}, {ClientALPN, []string{}, "none"},
		{ServerMinVersion, []string{}, "default"}, {ClientCiphers, []string{}, "default"}, {ClientGroups, nil, "-"},
		{ClientALPN, []string{"istio", "h2"}, "istio; h2"},
	} {
		if got := Text(c.field, c.value); got != c.want {
			t.Errorf("%s %#v: %s, want %s", c.field, c.value, got, c.want)
		}
	}
}

func TestWhatDoesNotApplyIsNotWhatIsEmptyInJSON(t *testing.T) {
	content, err := json.Marshal(Change{Field: ClientSANs, Before: nil, After: []string{}})
	if err != nil || !strings.Contains(string(content), `"before":null,"after":[]`) {
		t.Errorf("%s, %v", content, err)
	}
}

func TestRowsStandAboveTheirChangesWithReasonAndSource(t *testing.T) {
	changes := explained(t, subsetHop("1.30.5", nil), subsetHop("1.31.0", inTheClear(nil)))
	for state, ids := range map[string][]string{
		"not accepted: --accept subset-follows-disable-of-its-rule": nil, "accepted": {"subset-follows-disable-of-its-rule"},
	} {
		Accept(changes, ids)
		var told bytes.Buffer
		if err := Write(&told, changes, ownRows(t).Told(changes)); err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(told.String(), "\n")
		if lines[0] != "ROW subset-follows-disable-of-its-rule ("+state+")" || !strings.HasPrefix(lines[1], "    A subset without tls") ||
			lines[2] != "    https://github.com/istio/istio/pull/60792" || lines[3] != "" || !strings.HasSuffix(lines[5], "    subset-follows-disable-of-its-rule") {
			t.Errorf("%s:\n%s", state, told.String())
		}
		for i := range changes {
			changes[i].Accepted = false
		}
	}
}

func TestAChangeOfAChainIsToldWithItsNames(t *testing.T) {
	var told bytes.Buffer
	if err := Write(&told, []Change{{Key: edge, Field: ServerKey, Chain: "a.example,b.example", Class: Weaker}}, nil); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(told.String(), "server: key (SNI a.example,b.example)") {
		t.Error(told.String())
	}
}
