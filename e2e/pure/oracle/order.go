package oracle

import (
	"cmp"
	"slices"
)

// byAge orders objects as Istio takes them: the oldest first, those of one second by name, then by namespace
// (istio/istio pilot/pkg/model/config.go, configCompareByCreationTime). The API server keeps whole seconds.
func byAge(a, b Meta) int {
	return cmp.Or(a.Created.Compare(b.Created), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Namespace, b.Namespace))
}

// sortedByAge returns the objects that keep is true of, the oldest first.
func sortedByAge[Spec any](objects []Object[Spec], keep func(Object[Spec]) bool) []Object[Spec] {
	var kept []Object[Spec]
	for _, object := range objects {
		if keep(object) {
			kept = append(kept, object)
		}
	}
	slices.SortStableFunc(kept, func(a, b Object[Spec]) int { return byAge(a.Meta, b.Meta) })
	return kept
}

// firstBy is the rule by which an object comes before another one: its age, or its name where both are of one second.
func firstBy(before, after Meta, age, name Rule) Rule {
	if before.Created.Equal(after.Created) {
		return name
	}
	return age
}

// comesFirst says of an object before another one by which of the two it is.
func comesFirst(before, after Meta) string {
	if before.Created.Equal(after.Created) {
		return "its name comes first"
	}
	return "is older"
}

// selects reports whether labels hold all of a selector; an empty one selects everything.
func selects(selector, labels map[string]string) bool {
	for key, value := range selector {
		if own, found := labels[key]; !found || own != value {
			return false
		}
	}
	return true
}
