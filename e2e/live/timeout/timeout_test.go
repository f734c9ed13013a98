package timeout

import (
	"testing"
	"time"
)

// scaled has the factor in force for one test.
func scaled(t *testing.T, by Factor) {
	t.Helper()
	before := factor
	t.Cleanup(func() { Scale(before) })
	Scale(by)
}

func TestEachLimitIsMultipliedByTheFactor(t *testing.T) {
	for _, l := range All() {
		if l.Duration() != l.value {
			t.Errorf("%s is %s without a factor, want %s", l.name, l, l.value)
		}
	}
	for by, want := range map[Factor]time.Duration{2: 20 * time.Second, 1.5: 15 * time.Second, 0.1: time.Second, 1.23456: 12346 * time.Millisecond} {
		scaled(t, by)
		if Settle.Duration() != want || Settle.Millis() != int(want/time.Millisecond) || Settle.String() != want.String() {
			t.Errorf("Settle times %v is %s, %d ms; want %s", by, Settle, Settle.Millis(), want)
		}
	}
}

// Ginkgo, the agent and net/http take 0 for no limit, or for one of their own.
func TestNoFactorMakesALimitZero(t *testing.T) {
	for _, by := range []Factor{least, most} {
		scaled(t, by)
		for _, l := range All() {
			if l.Millis() < 1 || l.Duration() > 100*24*time.Hour {
				t.Errorf("%s times %v is %s", l.name, by, l)
			}
		}
	}
}

// Who waits for something must wait longer than that may wait itself; all are multiplied alike.
func TestALimitIsLongerThanWhatItsReasonNames(t *testing.T) {
	const lockHolds, certificate, renewal, reconnect, drains = time.Minute, 5 * time.Second, 30 * time.Second, 30 * time.Second, 2 * time.Second
	for name, test := range map[string]struct{ longer, shorter time.Duration }{
		"Ask and a request":                 {Ask.value, Request.value + certificate},
		"Ask and a probe":                   {Ask.value, Probe.value + certificate},
		"Flow and a request":                {Flow.value, Request.value},
		"Settle and a try":                  {Settle.value, Pass.value},
		"Revert and settling":               {Revert.value, Settle.value},
		"Renew and a renewal":               {Renew.value, renewal},
		"Agree and istiod":                  {Agree.value, 2 * reconnect},
		"Attach and Envoy":                  {Attach.value, reconnect},
		"SuiteBegins and what it waits for": {SuiteBegins.value, Attach.value + Agree.value},
		"Recovery and what it waits for":    {Recovery.value, Attach.value + Agree.value},
		"Drain and the mesh":                {Drain.value, drains},
		"CaseLease and a case":              {CaseLease.value, Case.value + Undo.value},
		"MutantLease":                       {MutantLease.value, Mutant.value + Undo.value},
		"Profile and istioctl":              {Profile.value, Install.value},
		"LockTaken and a lock":              {LockTaken.value, lockHolds},
		"SuiteEnd and Ginkgo":               {SuiteEnd.value, SuiteGrace.value},
		"SuiteGrace and a step":             {SuiteGrace.value, Revert.value},
		"Suite and its longest":             {Suite.value, Kills.value},
		"Suite and Watch":                   {Suite.value, Watch.value},
	} {
		if test.longer <= test.shorter {
			t.Errorf("%s: %s, want more than %s", name, test.longer, test.shorter)
		}
	}
}
