package hop

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Difference compares the routes that a proxy has with those that the objects ask for, and says in words what only one of
// them has, or which share differs; nothing where they agree. Order, repetitions and By do not count, for a proxy repeats a
// route for each virtual host and listener; nor do conditions on SNI and address, which its routes do not have: see Carrying.
func Difference(fromProxy, fromObjects []Route) []string {
	proxy, objects := sharesOf(fromProxy), sharesOf(fromObjects)
	var all []string
	for way, shares := range proxy {
		switch wanted, found := objects[way]; {
		case !found:
			all = append(all, fmt.Sprintf("the proxy %s, and no object asks for it", way.words(shares)))
		case !slices.Equal(shares, wanted):
			all = append(all, fmt.Sprintf("the proxy %s, and by the objects it is %s", way.words(shares), percents(wanted)))
		}
	}
	for way, shares := range objects {
		if _, found := proxy[way]; !found {
			all = append(all, fmt.Sprintf("by the objects the proxy %s, and it does not", way.words(shares)))
		}
	}
	slices.Sort(all)
	return all
}

// way is a route without its share and its source.
type way struct {
	to      ServicePort
	subset  string
	cluster string // where To does not tell
	match   string
	mirror  bool
}

// sharesOf lists the shares of each way in ten thousandths, sorted, each once.
func sharesOf(routes []Route) map[way][]int {
	all := map[way][]int{}
	for _, route := range routes {
		one := way{to: route.To, subset: route.Subset, match: ofRequest(route.Match), mirror: route.Mirror}
		if route.To == (ServicePort{}) {
			one.cluster = route.Cluster
		}
		all[one] = append(all[one], int(route.Share*10000+0.5))
	}
	for one, shares := range all {
		slices.Sort(shares)
		all[one] = slices.Compact(shares)
	}
	return all
}

// words says what the proxy does by the way: "sends 10 % of requests with path prefix /a to legacy-service:8080".
func (w way) words(shares []int) string {
	requests := percents(shares) + " of requests"
	if w.match != "" {
		requests += " with " + w.match
	}
	if w.to == (ServicePort{}) && w.cluster == "" {
		return "answers " + requests + " itself"
	}
	verb, to := "sends", w.cluster
	if to == "" {
		to = w.to.String()
	}
	if w.mirror {
		verb = "sends a copy of"
	}
	if w.subset != "" {
		to += ", subset " + w.subset
	}
	return verb + " " + requests + " to " + to
}

// percents writes ten thousandths as percentages.
func percents(shares []int) string {
	var all []string
	for _, share := range shares {
		all = append(all, strconv.FormatFloat(float64(share)/100, 'f', -1, 64)+" %")
	}
	return strings.Join(all, " and ")
}
