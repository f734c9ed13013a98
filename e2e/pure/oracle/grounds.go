package oracle

import networking "istio.io/api/networking/v1alpha3"

// grounds are what an answer rests on beside its rules.
type grounds struct {
	client *Workload
	to     *target
	server *endpoint // nil where none is reached
	way    *route    // nil where the client's proxy looked for no DestinationRule
	led    []string  // the objects whose routes lead the request there, as KIND NAMESPACE/NAME
	serving
}

// serving are the objects of the server's end that decide beside its mode.
type serving struct {
	opened   *networking.Server // of the Gateway that took the connection
	refusers []string           // the AuthorizationPolicies that refuse it, as KIND NAMESPACE/NAME
}

// rest gives answers their grounds, but for those that have some: a request that something else takes rests on that.
func rest(answers []EndpointAnswer, client *Workload, to *target, way *route) []EndpointAnswer {
	for i := range answers {
		if own := &answers[i].grounds; own.to == nil {
			own.client, own.to, own.way = client, to, way
		}
	}
	return answers
}
