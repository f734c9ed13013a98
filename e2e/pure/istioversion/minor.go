package istioversion

import (
	"cmp"
	"fmt"
	"strconv"
)

// Minor is a minor of Istio, of which a branch of its own is maintained
// (https://istio.io/latest/docs/releases/supported-releases/).
type Minor struct{ Major, Number int }

// String returns 1.31.
func (m Minor) String() string { return fmt.Sprintf("%d.%d", m.Major, m.Number) }

// Compare is negative where m is the older one, and 0 where both are one.
func (m Minor) Compare(other Minor) int {
	return cmp.Or(cmp.Compare(m.Major, other.Major), cmp.Compare(m.Number, other.Number))
}

// newMinor reads the numbers, which are digits.
func newMinor(major, number string) (minor Minor, err error) {
	if minor.Major, err = strconv.Atoi(major); err != nil {
		return Minor{}, err
	}
	minor.Number, err = strconv.Atoi(number)
	return minor, err
}
