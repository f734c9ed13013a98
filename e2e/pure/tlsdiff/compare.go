package tlsdiff

import (
	"cmp"
	"slices"
)

// Compare lists what is other than it was, hop by hop in the order of the later snapshot, with the rows that explain it.
func Compare(before, after Snapshot, expected Expected) []Change {
	earlier, then := byKey(before)
	later, now := byKey(after)
	all := []Change{}
	for _, key := range later {
		if len(then[key]) == 0 {
			all = append(all, Change{Key: key, Class: Unexplained, Why: "the hop was not there before", Ambient: now[key][0].Ambient})
			continue
		}
		all = append(all, differAmongPods(then[key], now[key], expected)...)
	}
	for _, key := range earlier {
		if len(now[key]) == 0 {
			all = append(all, Change{Key: key, Class: Unexplained, Why: "the hop is not there any more", Ambient: then[key][0].Ambient})
		}
	}
	return all
}

// differAmongPods lists what is other among the hops of one key. What was not read hides no change of the others.
func differAmongPods(then, now []Hop, expected Expected) []Change {
	read := func(h Hop) bool { return h.Missing == "" }
	was, is := only(then, read), only(now, read)
	var all []Change
	for _, h := range now {
		if h.Missing != "" || len(was) == 0 {
			all = append(all, Change{Key: h.Key, Class: Unknown, Why: cmp.Or(h.Missing, then[0].Missing), Ambient: h.Ambient})
		}
	}
	return compact(append(all, among(was, is, Hop.like, func(was, is Hop) []Change {
		return expected.explain(was, is, differ(was, is))
	})...))
}

// differ lists the fields in which two hops of one key differ.
func differ(before, after Hop) []Change {
	all := append(before.Facts.differ(after.Facts), differAmongChains(before.Chains, after.Chains)...)
	for i := range all {
		all[i].Key, all[i].Ambient = after.Key, after.Ambient
	}
	return all
}

// differAmongChains compares chains with those for the same names. That some are for other names shows in what the chains are for.
func differAmongChains(before, after []Chain) []Change {
	var all []Change
	told := map[string]bool{}
	for _, one := range after {
		if told[one.SNI] {
			continue
		}
		told[one.SNI] = true
		same := func(other Chain) bool { return other.SNI == one.SNI }
		changes := among(only(before, same), only(after, same), Chain.like, func(was, is Chain) []Change { return was.Facts.differ(is.Facts) })
		for i := range changes {
			changes[i].Chain = one.SNI
		}
		all = append(all, changes...)
	}
	return all
}

// differ lists the fields in which facts differ.
func (f Facts) differ(after Facts) []Change {
	var all []Change
	for _, field := range fields {
		was, applied := f[field.name]
		is, applies := after[field.name]
		if applied == applies && slices.Equal(was, is) {
			continue
		}
		if applied != applies && field.within(f, after) {
			continue
		}
		change := Change{Field: field.name, Before: was, After: is, Class: Unexplained}
		if applied && applies {
			change.Class = field.class(was, is)
		}
		all = append(all, change)
	}
	return all
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
