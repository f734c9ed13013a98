package hop

import "time"

// Traffic is the result of the background traffic of a case.
type Traffic struct {
	Requests   int      `json:"requests"`
	Unanswered int      `json:"unanswered"`
	Unsent     int      `json:"unsent,omitempty"` // of the unanswered: not sent, because too many before them were still under way
	Errors     []string `json:"errors,omitempty"` // the first few, each with its time

	Spans []Span `json:"-"` // of each request that was sent, by the runner's clock
}

// Span is the time in which a request was under way.
type Span struct {
	From, To time.Time
	// Sometime marks a request that another process sent. It was under way at some instant of the span, but the runner's clock
	// does not show at which.
	Sometime bool
}
