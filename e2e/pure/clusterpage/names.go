package clusterpage

import "strings"

// fewNames is how many names stand in a line; more open on demand.
const fewNames = 4

// names are workloads at one end of a line.
type names struct {
	Few    []string // all of them, where they are few
	What   string   // else "446 clients of 48 namespaces"
	Groups []named  // and these by their namespaces
}

// named are workloads of one namespace.
type named struct {
	Namespace string
	Names     string   // "a, b"
	Of        *callers // these are all of them but those of Names; nil where they are those of Names
}

// split parts NAMESPACE/NAME; an address has no namespace.
func split(workload string) (namespace, name string) {
	if namespace, name, found := strings.Cut(workload, "/"); found {
		return namespace, name
	}
	return "", workload
}

// namesOf takes sorted names.
func namesOf(all []string, what string, group func(namespace string, some []string) named) names {
	if len(all) <= fewNames {
		return names{Few: all}
	}
	n := names{What: plural(len(all), what)}
	for len(all) > 0 {
		namespace, _ := split(all[0])
		var some []string
		for len(all) > 0 {
			own, name := split(all[0])
			if own != namespace {
				break
			}
			some, all = append(some, name), all[1:]
		}
		n.Groups = append(n.Groups, group(namespace, some))
	}
	if len(n.Groups) > 1 {
		n.What += " of " + plural(len(n.Groups), "namespace")
	}
	return n
}

// listed names each.
func listed(namespace string, some []string) named {
	return named{Namespace: namespace, Names: strings.Join(some, ", ")}
}
