package upgrade

import (
	"fmt"
	"slices"
)

// Proxy is a proxy at a stage: its version, and whose configuration it has.
type Proxy struct {
	Namespace     string `json:"namespace"`
	Pod           string `json:"pod"`
	Workload      string `json:"workload"`
	Istio         string `json:"istio"`  // that it states
	Istiod        string `json:"istiod"` // pod to which it holds its stream; empty without one
	IstiodVersion string `json:"istiodVersion"`
	Serial        string `json:"serial"` // of its certificate for the mesh
}

// Versions are those of the sides.
type Versions map[Side]string

// Standing is which side everything is on after some stages of a plan.
type Standing struct {
	Namespaces map[string]Side // all that move
	Gateway    Side            // empty where it may be on either
	Planes     map[Side]bool   // whose control plane runs
}

// After is what stands after the moves of the stages up to the one at an index of the plan.
func After(mode Mode, plan []Stage, index int) Standing {
	s := Standing{Namespaces: map[string]Side{}, Gateway: From, Planes: map[Side]bool{From: true}}
	for _, name := range Namespaces() {
		s.Namespaces[name] = From
	}
	for _, stage := range plan[:index+1] {
		for _, move := range stage.Moves {
			s.take(mode, move)
		}
	}
	return s
}

func (s *Standing) take(mode Mode, move Move) {
	switch move.Act {
	case ControlPlane, Everything:
		if !mode.Revisions() {
			delete(s.Planes, From)
		}
		s.Planes[move.To] = true
		if move.Act == Everything {
			s.Gateway = "" // whether its pods restart is what the mode shows
		}
	case Namespace:
		s.Namespaces[move.Namespace] = move.To
	case Gateway:
		s.Gateway = move.To
	case Removal:
		delete(s.Planes, move.To)
	}
}

// Misplaced lists the proxies that are not of the version, or do not have the istiod, that should stand; each with what is wrong.
// A proxy follows the control plane of its own version, or the only one that there is.
func (s Standing) Misplaced(proxies []Proxy, versions Versions, gatewayNamespace string) []string {
	var wrong []string
	for _, p := range proxies {
		side, moves := s.Namespaces[p.Namespace]
		if p.Namespace == gatewayNamespace {
			side, moves = s.Gateway, s.Gateway != ""
		}
		if !moves {
			continue
		}
		plane := side
		if !s.Planes[side] {
			plane = other(side)
		}
		if p.Istio != versions[side] {
			wrong = append(wrong, fmt.Sprintf("%s/%s is of Istio %s, want %s", p.Namespace, p.Pod, p.Istio, versions[side]))
		}
		switch {
		case p.Istiod == "":
			wrong = append(wrong, fmt.Sprintf("%s/%s holds no stream to an istiod", p.Namespace, p.Pod))
		case p.IstiodVersion != versions[plane]:
			wrong = append(wrong, fmt.Sprintf("%s/%s has istiod %s of Istio %s, want %s", p.Namespace, p.Pod, p.Istiod, p.IstiodVersion, versions[plane]))
		}
	}
	return wrong
}

// NewerThanIstiod is how many seconds of the stages some proxy was newer than the control plane that configures it, which Istio
// supports of no release (https://istio.io/latest/docs/releases/supported-releases/#control-planedata-plane-skew). A stage counts with
// the moves to it.
func NewerThanIstiod(stages []Judged, versions Versions) float64 {
	var seconds float64
	if versions[From] == versions[To] {
		return 0
	}
	for _, stage := range stages {
		if !slices.ContainsFunc(stage.Proxies, func(p Proxy) bool { return p.Istio == versions[To] && p.IstiodVersion == versions[From] }) {
			continue
		}
		seconds += stage.Seconds
		for _, move := range stage.Moves {
			seconds += move.Seconds
		}
	}
	return seconds
}

func other(side Side) Side {
	if side == From {
		return To
	}
	return From
}

// IstiodVersion is the version of Istio that all proxies have their configuration from; false where there are several.
func IstiodVersion(proxies []Proxy) (string, bool) {
	for _, p := range proxies {
		if p.IstiodVersion != proxies[0].IstiodVersion {
			return "", false
		}
	}
	if len(proxies) == 0 || proxies[0].IstiodVersion == "" {
		return "", false
	}
	return proxies[0].IstiodVersion, true
}
