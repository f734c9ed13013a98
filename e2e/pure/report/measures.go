package report

import (
	"fmt"
	"slices"

	"mtls.test/conformance/e2e/pure/hop"
	"mtls.test/conformance/e2e/pure/oracle"
	"mtls.test/conformance/e2e/pure/verdict"
)

// Measures report how fast the run was and how complete its evidence is.
type Measures struct {
	MedianCaseSeconds float64  `json:"medianCaseSeconds"`
	MaxSettleMillis   int64    `json:"maxSettleMillis"`
	ChecksPerSecond   float64  `json:"checksPerSecond"` // over the time of the cases that ran; 0 where they took none
	Wire              Coverage `json:"wire"`            // checks of what was served, and those with packets of the very connection, opened after settling
	Named             Coverage `json:"named"`           // checks of refusals, and those whose cause an observer named
	Foreseen          int      `json:"foreseen"`        // expectations of proxies that do not run here, told from configuration alone
	Exposed           Exposed  `json:"exposed"`
	Tuples            int      `json:"tuples"` // distinct combinations of rules used, client kind, protocol and want
	Rules             Coverage `json:"rules"`  // of the oracle's rules, those on which a check rests
}

// Exposed is the plaintext of clients that have a proxy, under the leases of all cases.
type Exposed struct {
	Leases      int     `json:"leases"` // under which there was some
	Seconds     float64 `json:"seconds"`
	Connections int     `json:"connections"`
	Open        int     `json:"open"` // when their lease had ended and the mesh had settled without it
}

// add counts what was in the clear under one lease.
func (e *Exposed) add(lease *verdict.Lease) {
	if lease == nil || lease.InTheClear == nil {
		return
	}
	e.Leases++
	e.Seconds += lease.InTheClear.Seconds
	e.Connections += lease.InTheClear.Connections
	e.Open += len(lease.InTheClear.Open)
}

// String returns "3 leases, 12 connections in 4.2 s, 0 of them open afterwards".
func (e Exposed) String() string {
	return fmt.Sprintf("%d leases, %d connections in %.1f s, %d of them open afterwards", e.Leases, e.Connections, e.Seconds, e.Open)
}

// Coverage is how many of a number of checks have something.
type Coverage struct {
	Of   int `json:"of"`
	With int `json:"with"`
}

// String returns "12 of 13".
func (c Coverage) String() string { return fmt.Sprintf("%d of %d", c.With, c.Of) }

func measure(cases []Case) Measures {
	var m Measures
	var seconds []float64
	var sum float64
	checks := 0
	tuples, rules := map[string]bool{}, map[oracle.Rule]bool{}
	for _, c := range cases {
		if c.Result == hop.Skipped {
			continue
		}
		m.Exposed.add(c.Lease)
		seconds, sum, checks = append(seconds, c.Seconds), sum+c.Seconds, checks+len(c.Checks)
		m.Foreseen += len(c.Foreseen)
		m.MaxSettleMillis = max(m.MaxSettleMillis, c.ConvergenceMillis)
		for _, check := range c.Checks {
			tuples[check.Tuple()] = true
			for _, rule := range check.Intent.Rules {
				rules[rule] = true
			}
			m.cover(check)
		}
	}
	if len(seconds) == 0 {
		return m
	}
	slices.Sort(seconds)
	m.MedianCaseSeconds = seconds[len(seconds)/2]
	if sum > 0 {
		m.ChecksPerSecond = float64(checks) / sum
	}
	m.Tuples, m.Rules = len(tuples), Coverage{Of: len(oracle.Rules()), With: len(rules)}
	return m
}

func (m *Measures) cover(check verdict.Check) {
	if check.Want == hop.Refused {
		m.Named.Of++
		if check.CauseNamed() {
			m.Named.With++
		}
		return
	}
	m.Wire.Of++
	if check.OnTheWire() {
		m.Wire.With++
	}
}
