package runner

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"mtls.test/conformance/e2e/pure/fixture"
	"mtls.test/conformance/e2e/pure/verdict"
)

func TestEveryStepOfACleanUpIsTaken(t *testing.T) {
	first, last := errors.New("first"), errors.New("last")
	var taken []string
	step := func(name string, err error) CleanupStep {
		return Within(time.Minute, func(context.Context) error { taken = append(taken, name); return err })
	}
	hangs := Within(time.Millisecond, func(ctx context.Context) error { <-ctx.Done(); taken = append(taken, "hangs"); return ctx.Err() })
	lives := Within(time.Minute, func(ctx context.Context) error { taken = append(taken, "lives"); return ctx.Err() })
	err := CleanUpAll(t.Context(), step("a", first), hangs, step("b", nil), lives, step("c", last))
	if !slices.Equal(taken, []string{"a", "hangs", "b", "lives", "c"}) {
		t.Errorf("taken: %v", taken)
	}
	if !errors.Is(err, first) || !errors.Is(err, last) || !errors.Is(err, context.DeadlineExceeded) || strings.Count(err.Error(), "\n") != 2 {
		t.Errorf("got %v", err)
	}
	if err := CleanUpAll(t.Context(), step("d", nil)); err != nil {
		t.Errorf("got %v", err)
	}
}

func TestLeftoversAreKeptUntilTheyAreCleanedUp(t *testing.T) {
	refused := errors.New("DestinationRule default/x: refused")
	stubborn, calls := refused, 0
	l := &leftovers{}
	if err := l.retry(t.Context()); err != nil {
		t.Fatal(err)
	}
	l.add("case a", func(context.Context) error { calls++; return stubborn })
	l.add("case b", func(context.Context) error { calls++; return nil })
	err := l.retry(t.Context())
	if !errors.Is(err, refused) || !strings.Contains(err.Error(), "case a") || strings.Contains(err.Error(), "case b") || calls != 2 {
		t.Errorf("after %d calls: %v", calls, err)
	}
	if err := l.retry(t.Context()); !errors.Is(err, refused) || calls != 3 {
		t.Errorf("after %d calls: %v", calls, err)
	}
	stubborn = nil
	if err := l.retry(t.Context()); err != nil {
		t.Error(err)
	}
	if err := l.retry(t.Context()); err != nil || calls != 4 {
		t.Errorf("after %d calls: %v", calls, err)
	}
}

func TestACleanUpThatDidNotSettleIsNone(t *testing.T) {
	failed := verdict.Settled{Failed: "no acknowledgement"}
	for name, test := range map[string]struct {
		changes []verdict.Change
		want    bool
	}{
		"nothing changed":           {nil, false},
		"settled":                   {[]verdict.Change{{Step: 2}}, false},
		"an earlier step did not":   {[]verdict.Change{{Step: 1, Settled: failed}, {Step: 2}}, false},
		"the clean-up did not":      {[]verdict.Change{{Step: 2, Settled: failed}, {Step: 2}}, true},
		"a proxy is cut off by now": {[]verdict.Change{{Step: 2, Settled: verdict.Settled{Detached: []string{"a"}}}}, false},
	} {
		if got := unsettled(test.changes, 2); got != test.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

// No step of a case is taken, and nothing is asked of the mesh, while what an earlier one left stands.
func TestACaseDoesNotRunOnLeftovers(t *testing.T) {
	r := &Runner{left: &leftovers{}, RunID: "r"}
	r.left.add("case a", func(context.Context) error { return errors.New("DestinationRule default/x: refused") })
	told, _ := r.Run(t.Context(), fixture.Case{ID: "b"})
	if told.Result != "INCONCLUSIVE" || !strings.Contains(told.Reason, "case a") || !strings.Contains(told.Reason, "DestinationRule default/x") || told.Broken == "" {
		t.Errorf("%s: %s", told.Result, told.Reason)
	}
}
