// Package upgrade says what an upgrade of Istio is made of: the moves of each mode, the stages between them at which the mesh is
// judged, and what a whole upgrade comes to.
package upgrade

import (
	"fmt"
	"slices"
	"strings"

	"mtls.test/conformance/e2e/pure/istioversion"
)

// Mode is a way from one version of Istio to another.
type Mode string

// The modes. Source: https://istio.io/latest/docs/setup/upgrade/
const (
	Canary           Mode = "canary"             // a second control plane, to which namespaces move one by one
	InPlace          Mode = "in-place"           // the control plane itself is replaced
	OneOperator      Mode = "one-operator"       // in place, with the control plane and the gateway in one IstioOperator
	Rollback         Mode = "rollback"           // a canary that is turned back while workloads of both versions run
	RollbackAfterTag Mode = "rollback-after-tag" // a canary that is turned back when everything has moved
)

// Modes lists them.
var Modes = []Mode{Canary, InPlace, OneOperator, Rollback, RollbackAfterTag}

// ParseMode reads the name of a mode.
func ParseMode(name string) (Mode, error) {
	if !slices.Contains(Modes, Mode(name)) {
		var names []string
		for _, mode := range Modes {
			names = append(names, string(mode))
		}
		return "", fmt.Errorf("want one of %s", strings.Join(names, ", "))
	}
	return Mode(name), nil
}

// Revisions tells whether the mode has a control plane of each version, under a revision of its own.
func (m Mode) Revisions() bool { return m != InPlace && m != OneOperator }

// reach is how many minors an upgrade may be above what it begins with
// (https://istio.io/latest/docs/setup/upgrade/canary/ and .../in-place/).
func (m Mode) reach() int {
	if m.Revisions() {
		return 2
	}
	return 1
}

// Supports refuses a pair of versions that Istio does not support an upgrade between. A rollback is of an upgrade that was
// supported, so it is held to the same.
func (m Mode) Supports(from, to istioversion.Version) error {
	above := to.Minor.Number - from.Minor.Number
	switch {
	case from.Minor.Major != to.Minor.Major:
		return fmt.Errorf("from Istio %s to %s: the majors differ", from, to)
	case above < 0:
		return fmt.Errorf("from Istio %s to %s: it is older; what goes back to an older version is a rollback: MODE=%s FROM=%s TO=%s", from, to, Rollback, to, from)
	case above > m.reach():
		return fmt.Errorf("from Istio %s to %s: it is %d minors above, Istio supports %d in mode %s (https://istio.io/latest/docs/releases/supported-releases/)", from, to, above, m.reach(), m)
	}
	return nil
}
