package main

import "time"

// step is a part of a run that takes its time.
type step struct {
	name  string // by which it is known from one run to the next
	says  string // what goes on
	usual string // how long it takes, where no run before tells; empty of one that is not long
}

// during says what goes on and how long it took last time, shows for how long it has gone on, and keeps how long it took where it
// succeeded.
func (r *program) during(s step, work func() error) error {
	return r.measured(s, func() (bool, error) { return true, work() })
}

// measured does so for work that tells whether the next run may expect the same of it.
func (r *program) measured(s step, work func() (typical bool, err error)) error {
	began := time.Now()
	hint := s.hint(r.durations.last(s.name))
	if hint == "" {
		r.screen.step("%s", s.says)
	} else {
		r.screen.step("%s (%s)", s.says, hint)
	}
	end := r.screen.show(func(now time.Time) []piece { return s.pieces(now.Sub(began), hint) })
	typical, err := work()
	end()
	if err == nil && typical {
		r.durations.keep(s.name, time.Since(began))
	}
	return err
}

// hint is how long it may take; empty where it is over at once.
func (s step) hint(last time.Duration) string {
	switch {
	case last >= time.Second:
		return spoken(last) + " last time"
	case last > 0:
		return ""
	}
	return s.usual
}

func (s step) pieces(so time.Duration, hint string) []piece {
	soFar := "  (" + spoken(so.Truncate(time.Second)) + " so far"
	if hint != "" {
		soFar += ", " + hint
	}
	return []piece{{text: s.says}, {soFar + ")", dim}}
}
