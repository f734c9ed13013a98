// Command codemutants measures how much the unit tests notice of mistakes in the suite's own code: those of patches.yaml in
// the packages that read Envoy and the wire, and those that a mutation tool makes in the oracle and the verdict.
//
// Exit status: 0 when at least the wanted part is noticed; 1 when not, or when a patch fits nowhere; 2 bad input.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// wanted is the part of all mistakes that the tests must notice.
const wanted = 0.9

// tally counts mistakes, and lists those that nobody noticed.
type tally struct {
	noticed, all int
	survivors    []string
}

func (t *tally) add(other tally) {
	t.noticed, t.all, t.survivors = t.noticed+other.noticed, t.all+other.all, append(t.survivors, other.survivors...)
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	began := time.Now()
	sum, err := patches(ctx)
	if err != nil {
		return err
	}
	for _, folder := range []string{"e2e/intent", "e2e/verdict"} {
		made, err := mutations(ctx, folder)
		if err != nil {
			return err
		}
		sum.add(made)
	}
	for _, survivor := range sum.survivors {
		fmt.Println("survived:", survivor)
	}
	rate := float64(sum.noticed) / float64(sum.all)
	fmt.Printf("%d of %d mistakes noticed, %.1f %%, in %s\n", sum.noticed, sum.all, 100*rate, time.Since(began).Round(time.Second))
	if rate < wanted {
		return fmt.Errorf("want %.0f %%", 100*wanted)
	}
	return nil
}
