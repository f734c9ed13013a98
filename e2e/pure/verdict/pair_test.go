package verdict

import (
	"strings"
	"testing"

	"mtls.test/conformance/e2e/pure/hop"
)

// atPair is what became of requests from pod c to a server's pod.
func atPair(server string, requests int, result hop.Result, reason string) AtPair {
	return AtPair{Pair: Pair{Client: "n/c", Server: "n/" + server, Requests: requests}, Check: Check{Result: result, Reason: reason}}
}

func TestAHopOfSeveralPodsHasTheVerdictOfItsWorstPair(t *testing.T) {
	fresh := atPair("b", 0, hop.Pass, "by its configuration alone")
	fresh.New = true
	idle := atPair("b", 0, hop.Pass, "by its configuration alone")
	idle.Unpicked = "its weight is 0"
	spoilt := atPair("b", 0, hop.Mismatch, "it differs")
	spoilt.Unpicked = idle.Unpicked
	for name, test := range map[string]struct {
		all    []AtPair
		result hop.Result
		reason string
	}{
		"all pairs agree": {[]AtPair{atPair("a", 1, hop.Pass, "in the clear"), atPair("b", 1, hop.Pass, "in the clear")}, hop.Pass, "in the clear; 2 pairs of pods"},
		"one pair spoils": {[]AtPair{atPair("a", 1, hop.Pass, ""), atPair("b", 1, hop.Mismatch, "it differs")}, hop.Mismatch, "n/c to n/b: it differs"},
		"a configuration spoils": {
			[]AtPair{atPair("a", 1, hop.Pass, ""), atPair("a", 1, hop.Pass, ""), atPair("b", 0, hop.Fail, "wanted mtls")}, hop.Fail, "n/c to n/b: wanted mtls",
		},
		"no request came to a pod":    {[]AtPair{atPair("a", 3, hop.Pass, ""), atPair("b", 0, hop.Pass, "")}, hop.Inconclusive, "none of 3 requests came to n/b"},
		"a pod is never picked":       {[]AtPair{atPair("a", 3, hop.Pass, "mTLS"), idle}, hop.Pass, "mTLS; 2 pairs of pods; by configuration alone: n/c to n/b (its weight is 0)"},
		"what is never picked spoils": {[]AtPair{atPair("a", 3, hop.Pass, "mTLS"), spoilt}, hop.Mismatch, "n/c to n/b: it differs"},
		"no request left":             {[]AtPair{atPair("a", 0, hop.Pass, "no-cluster"), atPair("b", 0, hop.Pass, "")}, hop.Pass, "no-cluster; 2 pairs of pods; by configuration alone: n/c to n/a, n/c to n/b"},
		"a pod came meanwhile":        {[]AtPair{atPair("a", 1, hop.Pass, "mTLS"), fresh}, hop.Pass, "mTLS; 2 pairs of pods; by configuration alone: n/c to n/b (new)"},
	} {
		got := Together(test.all)
		if got.Result != test.result || got.Reason != test.reason {
			t.Errorf("%s: %s %q, want %s %q", name, got.Result, got.Reason, test.result, test.reason)
		}
		if len(got.Pairs) != 2 {
			t.Errorf("%s: %d pairs", name, len(got.Pairs))
		}
	}
}

func TestARequestWhosePodEndedProvesNothing(t *testing.T) {
	failed, passed := atPair("a", 1, hop.Fail, "it was refused"), atPair("b", 1, hop.Pass, "mTLS")
	failed.Ended("n/a")
	passed.Ended("n/b")
	if failed.Check.Result != hop.Inconclusive || failed.Check.Reason != "n/a ended meanwhile; it would be FAIL: it was refused" || passed.Check.Result != hop.Pass {
		t.Errorf("%+v, %+v", failed.Check, passed.Check)
	}
}

func TestAPairWithoutARequestIsJudgedByItsConfiguration(t *testing.T) {
	for name, test := range map[string]struct {
		intent, config, want hop.Outcome
		missing              string
		result               hop.Result
	}{
		"as wanted":               {hop.MTLS, hop.MTLS, hop.MTLS, "", hop.Pass},
		"otherwise than policies": {hop.MTLS, hop.Plaintext, hop.MTLS, "", hop.Mismatch},
		"both otherwise":          {hop.Plaintext, hop.Plaintext, hop.MTLS, "", hop.Fail},
		"not known":               {hop.MTLS, "", hop.MTLS, "the pod has ended", hop.Inconclusive},
	} {
		c := Check{Want: test.want}
		c.Intent.Says, c.Config.Says, c.Config.Missing = test.intent, test.config, test.missing
		c.JudgeAlone()
		if c.Result != test.result || !strings.Contains(c.Reason, test.missing) {
			t.Errorf("%s: %s %s", name, c.Result, c.Reason)
		}
	}
}

func TestOneRequestServedByTwoPodsIsAMismatch(t *testing.T) {
	c := Check{Want: hop.Plaintext, ServedBy: []string{"n/a", "n/b"}}
	c.Judge()
	if c.Result != hop.Mismatch || c.Reason != "one request was served twice, by n/a and n/b" {
		t.Errorf("%s %s", c.Result, c.Reason)
	}
}
