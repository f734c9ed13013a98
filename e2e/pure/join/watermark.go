package join

import "errors"

// Watermark is a place in the log of a server's proxy: every connection that ended before it has its line. Only behind a
// watermark is a line that is not there a line that never was.
type Watermark struct {
	Missing   error // why there is none, and nothing can be claimed absent
	Unmatched bool  // the sentinel that set it found no filter chain, and was counted as such
}

// Absent is why it cannot be claimed that an application did not receive a request: the application was not asked, or there
// are no records of it and no watermark. Nil where it can.
func (w Watermark) Absent(records int, unasked error) error {
	if records > 0 {
		return unasked
	}
	return errors.Join(unasked, w.Missing)
}
