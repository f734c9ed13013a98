package attempt

import (
	"errors"
	"strings"
	"testing"

	"mtls.test/conformance/e2e/live/mesh"
	"mtls.test/conformance/e2e/live/traffic"
	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/fixtures/agent/call"
)

// seeking is a batch of one attempt at product that must come to legacy.
func seeking(t *testing.T) (*scene, *sent) {
	t.Helper()
	s, a := sceneOf(t), overHop("r", 80)
	a.Want = fixture.Expect{Reaches: hop.ServicePort{Service: "legacy", Port: 80}}
	s.Add(s.batch, a, Over{Client: clientPod, Servers: mesh.Pods{legacyPod}, Search: Search{Most: 5, AtOnce: 3}})
	return s, s.batch.sent[0]
}

func TestOnlyARequestThatCameToTheDestinationIsTheAttempt(t *testing.T) {
	const product, legacy, subset = "outbound|80||product.n.svc.cluster.local", "outbound|80||legacy.n.svc.cluster.local", "outbound|80|v1|legacy.n.svc.cluster.local"
	for name, row := range map[string]struct {
		ledTo     []string // the request of each place
		unsent    traffic.Unsent
		id        string
		unreached string
	}{
		"the second":             {ledTo: []string{product, legacy, legacy}, id: "r-try-1"},
		"none":                   {ledTo: []string{product, product, subset}},
		"the agent tells of one": {ledTo: []string{legacy}, unsent: traffic.Unsent{"r-try-1": errors.New("gone"), "r-try-2": errors.New("gone")}, id: "r-try-0"},
		"the agent tells of none": {unsent: traffic.Unsent{"r-try-0": errors.New("gone"), "r-try-1": errors.New("gone"), "r-try-2": errors.New("gone")},
			unreached: "which of 3 requests came to legacy:80 is not known: gone"},
	} {
		s, one := seeking(t)
		ids := one.more()
		results := map[string]call.Result{}
		for i, cluster := range row.ledTo {
			s.logs(clientPod, "10.0.0.5:1000", "10.1.0.1:80", request(ids[i])+`,"upstream_cluster":"`+cluster+`"`)
			results[ids[i]] = replied(ids[i], "10.0.0.5:1000", "10.1.0.1:80")
		}
		s.came(t.Context(), s.batch, one, ids, results, row.unsent)
		if one.reached != (row.id != "") || one.reached && (one.ID != row.id || one.Check.ID != row.id || one.result.ID != row.id) {
			t.Errorf("%s: the attempt is %s, reached %t", name, one.ID, one.reached)
		}
		if row.unreached != "" && !strings.HasPrefix(one.Check.Unreached, row.unreached) || row.unreached == "" && one.Check.Unreached != "" {
			t.Errorf("%s: %q, want %q", name, one.Check.Unreached, row.unreached)
		}
		if one.seeks() != (row.id == "" && row.unreached == "") {
			t.Errorf("%s: whether it goes on: %t", name, one.seeks())
		}
	}
}

func TestASearchMakesNoMoreRequestsThanItMay(t *testing.T) {
	_, one := seeking(t)
	for _, want := range []string{"r-try-0 r-try-1 r-try-2", "r-try-3 r-try-4", ""} {
		if got := strings.Join(one.more(), " "); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	if one.Check.Requests != 5 {
		t.Errorf("%d requests", one.Check.Requests)
	}
}

func TestWhatNeverCameToItsDestinationIsNotObservedAndStillHasACheck(t *testing.T) {
	s, one := seeking(t)
	other := overHop("other", 80)
	s.Add(s.batch, other, Over{Client: clientPod, Servers: mesh.Pods{serverPod}})
	one.Check.Unreached = "none came"
	if err := s.seek(t.Context(), s.batch); err != nil {
		t.Fatal(err)
	}
	if len(s.batch.attempts()) != 1 || s.batch.attempts()[0] != other {
		t.Errorf("observed: %v", s.batch.attempts())
	}
	made := s.batch.Made()
	if len(made) != 2 || made[0].Check.Unreached != "none came" || made[0].Requests != 0 || made[1].Requests != 1 {
		t.Errorf("made: %+v", made)
	}
}
