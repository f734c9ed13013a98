package runner

import "slices"

// with adds an element to a set.
func with[T comparable](set []T, one T) []T {
	if slices.Contains(set, one) {
		return set
	}
	return append(set, one)
}
