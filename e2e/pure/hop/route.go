package hop

// Route is one way that requests for a service port take: the destination, and which of the requests go there. A client's
// proxy has its routes from istiod, which makes them from VirtualServices and the routes of the Gateway API.
type Route struct {
	// To is the destination, a host's whole name and its port; the zero value where a request goes to the address that the
	// client chose, by a cluster of no service such as PassthroughCluster.
	To      ServicePort `json:"to,omitzero"`
	Subset  string      `json:"subset,omitempty"`
	Cluster string      `json:"cluster,omitempty"` // by the name that Istio gives it
	Share   float64     `json:"share"`             // of the requests that match: above 0, at most 1
	Match   string      `json:"match,omitempty"`   // what a request must have, in RouteMatch's words; empty for any request
	Mirror  bool        `json:"mirror,omitempty"`  // a copy of the request, whose answer nobody waits for
	By      string      `json:"by,omitempty"`      // who says so: an object as KIND NAMESPACE/NAME, or the proxy's listener or route
}
