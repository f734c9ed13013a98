package runner

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"mtls.test/conformance/e2e/pure/verdict"
)

// CleanupStep is one step of a clean-up, and how long it may take.
type CleanupStep struct {
	within time.Duration
	do     func(context.Context) error
}

// Within makes a step of a clean-up with a time limit.
func Within(limit time.Duration, do func(context.Context) error) CleanupStep {
	return CleanupStep{limit, do}
}

// CleanUpAll runs every step of a clean-up, also after a step that failed. Each has its own time limit. The error joins those of
// all steps.
func CleanUpAll(ctx context.Context, steps ...CleanupStep) error {
	var failed []error
	for _, step := range steps {
		limited, cancel := context.WithTimeout(ctx, step.within)
		failed = append(failed, step.do(limited))
		cancel()
	}
	return errors.Join(failed...)
}

// leftovers are clean-ups that failed. No case starts before each of them has succeeded: a case can be PASS by what an
// earlier one left in the mesh.
type leftovers struct{ all []leftover }

type leftover struct {
	of    string // a case or a sabotage
	again func(context.Context) error
}

func (l *leftovers) add(of string, again func(context.Context) error) {
	l.all = append(l.all, leftover{of, again})
}

// retry tries each clean-up again and forgets those that succeed. The error names whose clean-up still fails, and on what.
func (l *leftovers) retry(ctx context.Context) error {
	var failed []error
	l.all = slices.DeleteFunc(l.all, func(left leftover) bool {
		err := left.again(ctx)
		if err != nil {
			failed = append(failed, fmt.Errorf("what %s left is still in the mesh: %w", left.of, err))
		}
		return err == nil
	})
	return errors.Join(failed...)
}

// unsettled is true where a change of the clean-up, which is the step after a case's last, did not settle: then nobody knows
// what the proxies have. Proxies that are cut off do not count: they have what they had before the case.
func unsettled(changes []verdict.Change, cleanup int) bool {
	return slices.ContainsFunc(changes, func(c verdict.Change) bool { return c.Step == cleanup && c.Settled.Failed != "" })
}
