package traffic

import (
	"maps"
	"slices"
	"strings"
)

// Unsent is the error where the agent of a client did not answer: why, by the ids of the attempts that it was to make.
// The attempts of other clients were made.
type Unsent map[string]error

func (u Unsent) Error() string {
	reasons := map[string]bool{}
	for _, why := range u {
		reasons[why.Error()] = true
	}
	return strings.Join(slices.Sorted(maps.Keys(reasons)), "; ")
}

// orNil is the error; nil where everything was sent.
func (u Unsent) orNil() error {
	if len(u) == 0 {
		return nil
	}
	return u
}
