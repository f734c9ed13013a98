package upgrade

import (
	"fmt"
	"strings"
)

// Signer is the CA of an istiod: it signs its own serving certificate with it
// (https://istio.io/latest/docs/tasks/security/cert-management/plugin-ca-cert/).
type Signer struct {
	Istiod       string   `json:"istiod"` // pod
	Version      string   `json:"version"`
	Issuer       string   `json:"issuer"`
	NotTrustedBy []string `json:"notTrustedBy,omitempty"` // proxies none of whose roots leads to it
}

// distrust says who would refuse the certificates that the istiod signs.
func (s Signer) distrust() string {
	return fmt.Sprintf("istiod %s of Istio %s signs by %q, which no root leads to of %s: they refuse every peer that has its certificate from it", s.Istiod, s.Version, s.Issuer, strings.Join(s.NotTrustedBy, ", "))
}

// Rotations are the renewals of certificates while an upgrade went on: of a pod that is there at two stages, one after the other, and
// has another certificate then. A pod that restarts begins with a new one, which is no renewal.
type Rotations struct {
	All  int `json:"all"`  // of all pods
	Most int `json:"most"` // of one pod
}

// leastRotations is how often some certificate must be renewed, or the upgrade shows nothing of renewals.
const leastRotations = 2

// RotationsOf counts them.
func RotationsOf(stages []Judged) Rotations {
	type pod struct{ namespace, name string }
	var r Rotations
	serials, renewals := map[pod]string{}, map[pod]int{}
	for _, stage := range stages {
		for _, proxy := range stage.Proxies {
			of := pod{proxy.Namespace, proxy.Pod}
			if before, known := serials[of]; known && before != proxy.Serial {
				renewals[of]++
				r.All++
				r.Most = max(r.Most, renewals[of])
			}
			serials[of] = proxy.Serial
		}
	}
	return r
}

// problem is what there is too little of.
func (r Rotations) problem() string {
	if r.Most >= leastRotations {
		return ""
	}
	return fmt.Sprintf("no proxy renewed its certificate more than %d times, %d at least: what an upgrade does to renewals is not known", r.Most, leastRotations)
}
