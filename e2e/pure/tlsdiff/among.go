package tlsdiff

import "slices"

// among lists what is other among things of one name that are not alike: pods of a workload, or filter chains for the same names.
// Each is compared with what it has most in common with; none is where one of the moments has none.
func among[T any](then, now []T, like func(T, T) bool, differ func(was, is T) []Change) []Change {
	if len(then) == 0 || len(now) == 0 {
		return nil
	}
	known := func(one T, others []T) bool {
		return slices.ContainsFunc(others, func(other T) bool { return like(one, other) })
	}
	var all []Change
	for _, one := range now {
		if !known(one, then) {
			all = append(all, fewest(then, func(was T) []Change { return differ(was, one) })...)
		}
	}
	// A kind that is gone counts too: it may have been the last that was strict.
	for _, one := range then {
		if !known(one, now) {
			all = append(all, fewest(now, func(is T) []Change { return differ(one, is) })...)
		}
	}
	return compact(all)
}

// fewest are the changes from what differs the least.
func fewest[T any](all []T, differ func(T) []Change) []Change {
	found := differ(all[0])
	for _, one := range all[1:] {
		if changes := differ(one); len(changes) < len(found) {
			found = changes
		}
	}
	return found
}

// compact leaves out of changes of one name what several of its kind say alike.
func compact(all []Change) []Change {
	var told []Change
	for _, one := range all {
		if !slices.ContainsFunc(told, one.like) {
			told = append(told, one)
		}
	}
	return told
}

// only are those of which something holds.
func only[T any](all []T, holds func(T) bool) []T {
	return slices.DeleteFunc(slices.Clone(all), func(one T) bool { return !holds(one) })
}
