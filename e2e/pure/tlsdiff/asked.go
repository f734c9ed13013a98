package tlsdiff

import (
	"fmt"
	"strings"
)

// Asked is what a snapshot was asked for: two that were asked for other things differ by that.
type Asked struct {
	All       bool   `json:"all,omitempty"`       // every service, of the namespace given or of the mesh
	Namespace string `json:"namespace,omitempty"` // that All is for
	Service   string `json:"service,omitempty"`   // its host
	Client    string `json:"client,omitempty"`    // a service's host, or what made a pod; empty of every client
	Subset    string `json:"subset,omitempty"`
	ByAddress bool   `json:"byAddress,omitempty"`
}

// Differs names what was asked for otherwise than before; it is empty where nothing was.
func (a Asked) Differs(before Asked) string {
	var all []string
	for _, one := range []struct {
		name    string
		is, was any
	}{
		{"--all", a.All, before.All},
		{"--namespace", a.Namespace, before.Namespace},
		{"SERVICE", a.Service, before.Service},
		{"CLIENT", a.Client, before.Client},
		{"--subset", a.Subset, before.Subset},
		{"--by-address", a.ByAddress, before.ByAddress},
	} {
		if one.is != one.was {
			all = append(all, fmt.Sprintf("%s is %s and was %s", one.name, given(one.is), given(one.was)))
		}
	}
	return strings.Join(all, ", ")
}

func given(value any) string {
	switch value {
	case "", false:
		return "not given"
	case true:
		return "given"
	}
	return fmt.Sprint(value)
}
