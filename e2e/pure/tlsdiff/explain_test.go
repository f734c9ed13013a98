package tlsdiff

import (
	"slices"
	"testing"

	"mtls.test/conformance/fixtures"
)

// subsetHop is a hop to a subset, configured by a version of istiod.
func subsetHop(istiod string, change Facts) Hop {
	h := hopOf(mutual(change))
	h.Way, h.Subset = "to subset v1", "v1"
	h.Versions.Client.Istiod = istiod
	return h
}

// inTheClear are the facts of the hop of case subset-port-entry-without-tls from Istio 1.31 on.
func inTheClear(more Facts) Facts {
	facts := Facts{
		Outcome: {"plaintext"}, EndpointMark: {"tlsMode-disabled"}, ClientSocket: {"raw_buffer"}, ClientSNI: nil, ClientALPN: nil, ClientSANs: nil,
		ClientRoots: nil, ClientUntrusted: nil, ClientMinVersion: nil, ClientMaxVersion: nil, ClientCiphers: nil, ClientGroups: nil, ClientKey: nil,
		ClientLifetime: nil,
	}
	for field, value := range more {
		facts[field] = value
	}
	return facts
}

func ownRows(t *testing.T) Expected {
	t.Helper()
	rows, err := LoadExpected(fixtures.FS)
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func explained(t *testing.T, before, after Hop) []Change {
	t.Helper()
	changes := Compare(at(before), at(after), ownRows(t))
	if len(changes) == 0 {
		t.Fatal("nothing has changed")
	}
	return changes
}

// rowOf is the row of all changes; empty where one has none.
func rowOf(changes []Change) string {
	if slices.ContainsFunc(changes, func(c Change) bool { return c.Row != changes[0].Row }) {
		return ""
	}
	return changes[0].Row
}

func TestAnExpectedChangeIsExplainedByItsRow(t *testing.T) {
	for _, c := range []struct{ from, to string }{{"1.30.5", "1.31.0"}, {"1.29.3", "1.32-dev"}, {"1.30.0-9739e10eb9d7", "1.31.0-eed52ebb66ad"}} {
		changes := explained(t, subsetHop(c.from, nil), subsetHop(c.to, inTheClear(nil)))
		if row := rowOf(changes); row != "subset-follows-disable-of-its-rule" || len(changes) != 3 {
			t.Errorf("from %s to %s: row %q of %+v", c.from, c.to, row, changes)
		}
		for _, change := range changes {
			if want := map[Field]Class{EndpointMark: AsExpected, ClientSocket: Weaker, Outcome: Weaker}[change.Field]; change.Class != want {
				t.Errorf("%s is %s, want %s", change.Field, change.Class, want)
			}
		}
	}
}

func TestARowIsReadBackwardsInADowngrade(t *testing.T) {
	changes := explained(t, subsetHop("1.31.0", inTheClear(nil)), subsetHop("1.30.5", nil))
	if row := rowOf(changes); row != "subset-follows-disable-of-its-rule" {
		t.Errorf("row %q of %+v", row, changes)
	}
	if changes := explained(t, subsetHop("1.31.0", nil), subsetHop("1.30.5", inTheClear(nil))); rowOf(changes) != "" {
		t.Errorf("what an upgrade does is explained in a downgrade: %+v", changes)
	}
}

func TestARowExplainsNoOtherHop(t *testing.T) {
	elsewhere := func(h Hop) Hop { h.Subset = ""; return h }
	for name, c := range map[string]struct{ before, after Hop }{
		"both versions are before it":            {subsetHop("1.30.1", nil), subsetHop("1.30.5", inTheClear(nil))},
		"both versions have it":                  {subsetHop("1.31.0", nil), subsetHop("1.31.1", inTheClear(nil))},
		"a version is not known":                 {subsetHop("", nil), subsetHop("1.31.1", inTheClear(nil))},
		"a version states no minor":              {subsetHop("1.30.5", nil), subsetHop("latest", inTheClear(nil))},
		"no subset":                              {elsewhere(subsetHop("1.30.5", nil)), elsewhere(subsetHop("1.31.0", inTheClear(nil)))},
		"one change more":                        {subsetHop("1.30.5", nil), subsetHop("1.31.0", inTheClear(Facts{ServerPlaintext: {"plaintext"}}))},
		"one change more, of a chain":            {subsetHop("1.30.5", nil), subsetHop("1.31.0", inTheClear(Facts{ServerSANs: {}}))},
		"another value":                          {subsetHop("1.30.5", nil), subsetHop("1.31.0", inTheClear(Facts{Outcome: {"refused (not-tls)"}}))},
		"without the change that is Istio's own": {subsetHop("1.30.5", nil), subsetHop("1.31.0", inTheClear(Facts{EndpointMark: {"tlsMode-istio"}}))},
	} {
		for _, change := range explained(t, c.before, c.after) {
			if change.Row != "" {
				t.Errorf("%s: row %s explains %+v", name, change.Row, change)
			}
		}
	}
}

func TestAChangeForTheBetterBesideTheRowsIsNoHindrance(t *testing.T) {
	changes := explained(t, subsetHop("1.30.5", Facts{ServerCertificate: {"not required"}}), subsetHop("1.31.0", inTheClear(nil)))
	if len(changes) != 4 {
		t.Errorf("%d changes", len(changes))
	}
	for _, change := range changes {
		if better := change.Field == ServerCertificate; better != (change.Row == "") {
			t.Errorf("%s has row %q", change.Field, change.Row)
		}
	}
}

func gatewayHop(istiod, lowest string) Hop {
	h := hopOf(mutual(Facts{ServerMinVersion: {lowest}}))
	h.Gateway = true
	h.Versions = Versions{Client: Version{Istiod: "1.31.0"}, Server: Version{Istiod: istiod}}
	h.Chains[0].SNI = "shop.example"
	return h
}

// A row is of the end whose fields it lists, and is keyed on patches where a change was brought to older minors.
func TestTheControlPlaneOfTheRowsOwnEndCounts(t *testing.T) {
	for _, c := range []struct{ from, to, was, is, row string }{
		{"1.29.0", "1.29.1", "TLSv1_1", "TLSv1_3", "gateway-minimum-of-tls-1-3"},
		{"1.29.0", "1.30.0", "TLSv1_0", "TLSv1_2", "gateway-minimum-of-tls-1-2"},
		{"1.28.3", "1.28.4", "TLSv1_1", "TLSv1_3", "gateway-minimum-of-tls-1-3"},
		{"1.30.0", "1.29.0", "TLSv1_3", "TLSv1_1", "gateway-minimum-of-tls-1-3"},
		{"1.28.4", "1.29.0", "TLSv1_3", "TLSv1_1", "gateway-minimum-of-tls-1-3"},
		{"1.28.4", "1.29.1", "TLSv1_1", "TLSv1_3", ""},
		{"1.29.0", "1.29.1", "TLSv1_1", "TLSv1_2", ""},
	} {
		changes := explained(t, gatewayHop(c.from, c.was), gatewayHop(c.to, c.is))
		if len(changes) != 1 || changes[0].Row != c.row || changes[0].Chain != "shop.example" {
			t.Errorf("%+v: %+v", c, changes)
		}
	}
}

func TestARowExplainsWhatIsWeakerOnlyInItsDirection(t *testing.T) {
	row := func(class Class) Expected {
		all, err := rowsOf(t, `[{id: a, since: ["1.31"], where: subset, class: `+string(class)+`, changes: [{field: "client: SAN checks"}], reason: r, source: s}]`)
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	for _, c := range []struct {
		class    Class
		from, to string
		want     bool
	}{
		{Weaker, "1.30.5", "1.31.0", true}, {Weaker, "1.31.0", "1.30.5", false},
		{Stronger, "1.30.5", "1.31.0", false}, {Stronger, "1.31.0", "1.30.5", true},
		{AnyClass, "1.30.5", "1.31.0", true}, {AnyClass, "1.31.0", "1.30.5", true},
	} {
		changes := Compare(at(subsetHop(c.from, nil)), at(subsetHop(c.to, Facts{ClientSANs: {}})), row(c.class))
		if len(changes) != 1 || changes[0].Class != Weaker || (changes[0].Row != "") != c.want {
			t.Errorf("%+v: %+v", c, changes)
		}
	}
}
