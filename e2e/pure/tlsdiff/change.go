package tlsdiff

import (
	"cmp"
	"slices"
)

// Class is what a change does to a hop.
type Class string

// The classes.
const (
	// Weaker lets through what was not let through before, or protects less.
	Weaker Class = "weaker"
	// Unexplained is a change that matters and is neither for the better nor for the worse.
	Unexplained Class = "unexplained"
	// Unknown is what could not be told at one of the moments.
	Unknown Class = "unknown"
	// Stronger is the opposite of weaker.
	Stronger Class = "stronger"
)

// classes are the classes, the worst first.
var classes = []Class{Weaker, Unexplained, Unknown, Stronger}

// Change is one field of a hop that is another one.
type Change struct {
	Key
	Field  Field    `json:"field,omitempty"`  // empty of a hop that came or went
	Before []string `json:"before,omitempty"` // nil where the field did not apply, or the hop was not there
	After  []string `json:"after,omitempty"`
	Class  Class    `json:"class"`
	Why    string   `json:"why,omitempty"`
}

// Compare lists what is other than it was, hop by hop in the order of the later snapshot.
func Compare(before, after Snapshot) []Change {
	earlier, then := byKey(before)
	later, now := byKey(after)
	all := []Change{}
	for _, key := range later {
		if len(then[key]) == 0 {
			all = append(all, Change{Key: key, Class: Unexplained, Why: "the hop was not there before"})
			continue
		}
		all = append(all, among(then[key], now[key])...)
	}
	for _, key := range earlier {
		if len(now[key]) == 0 {
			all = append(all, Change{Key: key, Class: Unexplained, Why: "the hop is not there any more"})
		}
	}
	return all
}

// among lists what is other among the hops of one key: pods of a workload that are not alike.
func among(then, now []Hop) []Change {
	var all []Change
	for _, h := range now {
		if h.Missing != "" || !slices.ContainsFunc(then, h.like) {
			all = append(all, differ(nearest(then, h), h)...)
		}
	}
	// A kind of pod that is gone counts too: it may have been the last that was strict.
	for _, h := range then {
		if h.Missing == "" && !slices.ContainsFunc(now, h.like) {
			all = append(all, differ(h, nearest(now, h))...)
		}
	}
	return compact(all)
}

// differ lists the fields in which two hops of one key differ.
func differ(before, after Hop) []Change {
	if before.Missing != "" || after.Missing != "" {
		return []Change{{Key: after.Key, Class: Unknown, Why: cmp.Or(after.Missing, before.Missing)}}
	}
	var all []Change
	for _, field := range fields {
		was, applied := before.Facts[field.name]
		is, applies := after.Facts[field.name]
		if applied == applies && slices.Equal(was, is) {
			continue
		}
		if applied != applies && field.within(before.Facts, after.Facts) {
			continue
		}
		change := Change{Key: after.Key, Field: field.name, Before: was, After: is, Class: Unexplained}
		if applied && applies {
			change.Class = field.class(was, is)
		}
		all = append(all, change)
	}
	return all
}

// nearest is the hop with which one has most in common, of those that were read where there are some.
func nearest(all []Hop, to Hop) Hop {
	if read := slices.DeleteFunc(slices.Clone(all), func(h Hop) bool { return h.Missing != "" }); len(read) > 0 {
		all = read
	}
	return slices.MinFunc(all, func(a, b Hop) int { return len(differ(a, to)) - len(differ(b, to)) })
}

// byKey are the hops of a snapshot by their keys, and these in their order.
func byKey(s Snapshot) (keys []Key, hops map[Key][]Hop) {
	hops = map[Key][]Hop{}
	for _, h := range s.Hops {
		if len(hops[h.Key]) == 0 {
			keys = append(keys, h.Key)
		}
		hops[h.Key] = append(hops[h.Key], h)
	}
	return keys, hops
}

// compact leaves out of the changes of one key what several of its pods say alike.
func compact(all []Change) []Change {
	var told []Change
	for _, one := range all {
		if !slices.ContainsFunc(told, func(other Change) bool {
			return one.Field == other.Field && one.Why == other.Why && slices.Equal(one.Before, other.Before) && slices.Equal(one.After, other.After)
		}) {
			told = append(told, one)
		}
	}
	return told
}
