package clusterpage

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"mtls.test/conformance/e2e/pure/tlscheck"
)

// fewMissing is of how many clients of a namespace it is said that they are missing, in the place of the others' names. A large
// mesh has many lines with all clients of a namespace, or all but the service's own.
const fewMissing = 3

// callers are the clients of a namespace, of whatever service.
type callers struct {
	Namespace string
	Place     int // among the namespaces of clients
	Names     []string
}

// directory is the clients of a mesh, by their namespaces.
type directory map[string]*callers

func directoryOf(services []*service) directory {
	found := map[string]bool{}
	for _, s := range services {
		for _, a := range s.Answers {
			for _, line := range a.Lines {
				for _, client := range line.Clients {
					found[client.Name] = true
				}
			}
		}
	}
	d := directory{}
	for _, client := range slices.Sorted(maps.Keys(found)) {
		namespace, name := split(client)
		if d[namespace] == nil {
			d[namespace] = &callers{Namespace: namespace}
		}
		d[namespace].Names = append(d[namespace].Names, name)
	}
	for place, c := range d.sorted() {
		c.Place = place
	}
	return d
}

// sorted are the clients by the names of their namespaces.
func (d directory) sorted() []*callers {
	var all []*callers
	for _, namespace := range slices.Sorted(maps.Keys(d)) {
		all = append(all, d[namespace])
	}
	return all
}

// places lists those of the namespaces of a line's clients: "3 17".
func (d directory) places(line tlscheck.Group) string {
	var all []int
	for _, client := range line.Clients {
		namespace, _ := split(client.Name)
		if place := d[namespace].Place; !slices.Contains(all, place) {
			all = append(all, place)
		}
	}
	return strings.Trim(fmt.Sprint(all), "[]")
}

// names are the clients of a line.
func (d directory) names(line tlscheck.Group) names {
	var all []string
	for _, client := range line.Clients {
		all = append(all, client.Name)
	}
	return namesOf(all, "client", func(namespace string, some []string) named {
		known := d[namespace]
		if len(some) <= fewNames || len(known.Names)-len(some) > fewMissing {
			return listed(namespace, some)
		}
		missing := slices.DeleteFunc(slices.Clone(known.Names), func(name string) bool {
			_, has := slices.BinarySearch(some, name)
			return has
		})
		return named{Namespace: namespace, Names: strings.Join(missing, ", "), Of: known}
	})
}
