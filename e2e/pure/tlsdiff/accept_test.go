package tlsdiff

import (
	"slices"
	"testing"
)

func failing(changes []Change) int { return len(only(changes, Change.Fails)) }

func TestAWeakeningFailsUntilItsRowIsAccepted(t *testing.T) {
	changes := explained(t, subsetHop("1.30.5", nil), subsetHop("1.31.0", inTheClear(nil)))
	if failing(changes) != 2 {
		t.Errorf("outcome and socket are weaker: %+v", changes)
	}
	unused := Accept(changes, []string{"gateway-minimum-of-tls-1-2", "subset-follows-disable-of-its-rule"})
	if failing(changes) != 0 || !slices.Equal(unused, []string{"gateway-minimum-of-tls-1-2"}) {
		t.Errorf("unused %v, %+v", unused, changes)
	}
}

func TestWhatARowExplainsAndIsNotForTheWorseDoesNotFail(t *testing.T) {
	marked := explained(t, subsetHop("1.30.5", nil), subsetHop("1.31.0", Facts{EndpointMark: {"tlsMode-disabled"}}))
	stronger := explained(t, gatewayHop("1.29.0", "TLSv1_1"), gatewayHop("1.29.1", "TLSv1_3"))
	for _, changes := range [][]Change{marked, stronger} {
		if failing(changes) != 0 || changes[0].Row == "" {
			t.Errorf("%+v", changes)
		}
	}
}

func TestARefusalThatARowExplainsFailsUntilItIsAccepted(t *testing.T) {
	refused := inTheClear(Facts{Outcome: {"refused (no-filter-chain)"}})
	changes := explained(t, subsetHop("1.30.5", nil), subsetHop("1.31.0", refused))
	if at := slices.IndexFunc(changes, func(c Change) bool { return c.Field == Outcome }); changes[at].Class != AsExpected || !changes[at].Fails() {
		t.Errorf("%+v", changes)
	}
}

func TestTheRowsThatFailAreToldFirst(t *testing.T) {
	changes := []Change{{Row: "b", Class: Weaker}, {Row: "a", Class: AsExpected}, {Class: Stronger}}
	rows := Expected{{ID: "a"}, {ID: "b"}, {ID: "c"}}.Told(changes)
	if len(rows) != 2 || rows[0].ID != "b" || rows[1].ID != "a" {
		t.Errorf("%+v", rows)
	}
}
