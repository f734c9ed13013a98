package page

import (
	"fmt"
	"time"
)

// length is a time as a person reads it.
func length(d time.Duration) string {
	if d < time.Second {
		return fmt.Sprintf("%d ms", d.Milliseconds())
	}
	return fmt.Sprintf("%.1f s", d.Seconds())
}

// inSeconds is a time that is given in seconds.
func inSeconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// lasted is a time in minutes where it has some: 1 min 8 s.
func lasted(d time.Duration) string {
	if d < time.Minute {
		return length(d)
	}
	d = d.Round(time.Second)
	minutes := fmt.Sprintf("%d min", d/time.Minute)
	if rest := d % time.Minute; rest > 0 {
		return fmt.Sprintf("%s %d s", minutes, rest/time.Second)
	}
	return minutes
}

// sinceBegin is a time as a clock shows it: 1:02.
func sinceBegin(d time.Duration) string {
	seconds := int(d.Seconds())
	return fmt.Sprintf("%d:%02d", seconds/60, seconds%60)
}
