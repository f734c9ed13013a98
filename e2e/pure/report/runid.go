package report

import (
	"fmt"
	"time"
)

// runIDTime is the time that a run id begins with, in UTC.
const runIDTime = "20060102-150405"

// NewRunID makes the id of a run that began at a time, with a mark by which it differs from those of the same second.
func NewRunID(began time.Time, mark string) string {
	return began.UTC().Format(runIDTime) + "-" + mark
}

// Began is when a run began, by its id.
func Began(runID string) (time.Time, error) {
	began, err := time.Parse(runIDTime, runID[:min(len(runID), len(runIDTime))])
	if err != nil {
		return began, fmt.Errorf("run id %q does not begin with the time: %w", runID, err)
	}
	return began, nil
}
