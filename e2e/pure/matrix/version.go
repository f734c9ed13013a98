package matrix

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"mtls.test/conformance/e2e/pure/history"
)

// compareVersions is negative where a is the older one: numbers go by their value, other parts by their letters.
func compareVersions(a, b string) int {
	return slices.CompareFunc(partsOf(a), partsOf(b), func(a, b string) int {
		one, errOne := strconv.Atoi(a)
		other, errOther := strconv.Atoi(b)
		if errOne == nil && errOther == nil {
			return cmp.Compare(one, other)
		}
		return strings.Compare(a, b)
	})
}

func partsOf(version string) []string {
	return strings.FieldsFunc(strings.TrimPrefix(version, "v"), func(r rune) bool { return r == '.' || r == '-' })
}

// shortest are the names of versions: the minor where no two of them are of it, else the whole.
func shortest(versions []string) map[string]string {
	of := map[string]int{}
	for _, version := range versions {
		of[history.Minor(version)]++
	}
	names := map[string]string{}
	for _, version := range versions {
		names[version] = strings.TrimPrefix(version, "v")
		if minor := history.Minor(version); of[minor] == 1 {
			names[version] = minor
		}
	}
	return names
}
