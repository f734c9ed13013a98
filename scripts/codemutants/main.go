// Command codemutants measures how much the unit tests notice of mistakes in the suite's own code: those of patches.yaml in
// the packages that read Envoy and the wire, and those that a mutation tool makes in the oracle, the verdict, the join, the
// observers, the sweeper, the lock and the judgement of tls-check. Each of these has a rate of its own.
//
//	codemutants [SUBJECT...]
//
// Exit status: 0 when at least the wanted part is noticed in each subject; 1 when not, or when a patch fits nowhere; 2 when no
// subject has the name, or TIMEOUT_FACTOR is no factor.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"mtls.test/conformance/e2e/live/timeout"
)

// wanted is the part of the mistakes in each subject that the tests must notice.
const wanted = 0.9

// tally counts mistakes, and lists those that nobody noticed.
type tally struct {
	noticed, all int
	ranOn        int // of those noticed: the tests did not end, which on a loaded machine may be for another reason
	survivors    []string
}

func (t *tally) add(other tally) {
	t.noticed, t.all, t.ranOn = t.noticed+other.noticed, t.all+other.all, t.ranOn+other.ranOn
	t.survivors = append(t.survivors, other.survivors...)
}

func (t *tally) rate() float64 { return float64(t.noticed) / float64(t.all) }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	wanted, err := chosen(os.Args[1:])
	if err := errors.Join(err, timeout.FromEnvironment()); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(2)
	}
	if err := run(ctx, wanted); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

// run measures each subject and prints its survivors and its rate. The error names the subjects in which too little is noticed.
func run(ctx context.Context, subjects []subject) error {
	var below []string
	for _, s := range subjects {
		began := time.Now()
		sum, err := s.measure(ctx)
		if err != nil {
			return err
		}
		for _, survivor := range sum.survivors {
			fmt.Println("survived:", survivor)
		}
		fmt.Printf("%s: %d of %d mistakes noticed, %.1f %%, %d of them as the tests ran on, in %s\n",
			s.name, sum.noticed, sum.all, 100*sum.rate(), sum.ranOn, time.Since(began).Round(time.Second))
		if sum.rate() < wanted {
			below = append(below, s.name)
		}
	}
	if len(below) > 0 {
		return fmt.Errorf("want %.0f %% in each: less is noticed in %s", 100*wanted, strings.Join(below, ", "))
	}
	return nil
}

func (s subject) measure(ctx context.Context) (tally, error) {
	if len(s.parts) == 0 {
		return patches(ctx)
	}
	var sum tally
	for _, p := range s.parts {
		made, err := mutations(ctx, p)
		if err != nil {
			return tally{}, err
		}
		sum.add(made)
	}
	return sum, nil
}
