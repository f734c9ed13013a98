package hop

// LeastShare is the least share that a route gives a destination, of the requests that the route takes. It is zero where no
// route leads there. A mirror does not lead there: its copy is answered to nobody.
func LeastShare(routes []Route, to ServicePort, subset string) float64 {
	least := 0.0
	for _, route := range routes {
		if route.To == to && route.Subset == subset && !route.Mirror && (least == 0 || route.Share < least) {
			least = route.Share
		}
	}
	return least
}
